#include "reconcilers/loop/offer_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace esaas::loop {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

PooledOffer offer(const std::string& id, const std::string& role, const std::string& agent = "a") {
  PooledOffer made;
  made.view.id = id;
  made.view.role = role;
  made.view.agent_id = agent;
  made.wire.mutable_id()->set_value(id);
  return made;
}

std::vector<std::string> ids(const OfferPool& pool, const std::string& role) {
  std::vector<std::string> found;
  const reconcile::OfferSet& offers = pool.of_role(role);
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (!offers.is_taken(i)) found.push_back(offers[i].id);
  }
  return found;
}

TEST(OfferPool, KeepsEachRolesOffersApart) {
  OfferPool pool;
  pool.add(offer("o1", "x"));
  pool.add(offer("o2", "y"));
  pool.add(offer("o3", "x"));
  EXPECT_THAT(ids(pool, "x"), UnorderedElementsAre("o1", "o3"));
  EXPECT_THAT(ids(pool, "y"), ElementsAre("o2"));
  EXPECT_THAT(ids(pool, "z"), IsEmpty());
  EXPECT_THAT(pool.roles(), ElementsAre("x", "y"));
}

TEST(OfferPool, GivesEachOfferOnceAndAsItCame) {
  OfferPool pool;
  for (const auto* id : {"o1", "o2", "o3", "o4"}) pool.add(offer(id, "x"));
  for (const auto* id : {"o2", "o1", "o4", "o3"}) {  // from the middle, the front, the end, the last
    const auto taken = pool.take(id);
    ASSERT_TRUE(taken.has_value()) << id;
    EXPECT_EQ(taken->view.id, id);
    EXPECT_EQ(taken->wire.id().value(), id);
    EXPECT_FALSE(pool.take(id).has_value()) << id;
  }
  EXPECT_TRUE(pool.empty());
  EXPECT_THAT(pool.roles(), IsEmpty());
}

TEST(OfferPool, AnOfferOfAKnownIdTakesItsPlace) {
  OfferPool pool;
  pool.add(offer("o1", "x", "before"));
  pool.add(offer("o1", "y", "after"));
  EXPECT_THAT(ids(pool, "x"), IsEmpty());
  ASSERT_THAT(ids(pool, "y"), ElementsAre("o1"));
  EXPECT_EQ(pool.of_role("y")[0].agent_id, "after");
}

TEST(OfferPool, IsEmptyAfterClear) {
  OfferPool pool;
  pool.add(offer("o1", "x"));
  pool.clear();
  EXPECT_TRUE(pool.empty());
  EXPECT_FALSE(pool.take("o1").has_value());
  EXPECT_THAT(ids(pool, "x"), IsEmpty());
}

}  // namespace
}  // namespace esaas::loop
