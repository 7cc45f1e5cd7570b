// What is worked out once for all plans of a pass is what each of them would work out by itself.

#include "reconcilers/offer_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/prng.h"

namespace esaas::test {
namespace {

using reconcile::Demand;
using reconcile::Offer;
using reconcile::OfferSet;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Offer offer(const std::string& id, const std::string& agent, std::int64_t mem_mib) {
  Offer made;
  made.id = id;
  made.agent_id = agent;
  made.unreserved = {4000, mem_mib, 10'000};
  made.ports = {{31000, 31010}};
  return made;
}

Demand demand(std::uint32_t mem_mib) {
  Demand made;
  made.resources.set_cpus_milli(1000);
  made.resources.set_mem_mib(mem_mib);
  made.resources.set_disk_mib(1024);
  return made;
}

std::map<std::string, std::string> figures(const reconcile::RefusalTally& tally) {
  std::vector<model::Figure> list;
  tally.add_to(list);
  std::map<std::string, std::string> found;
  for (const model::Figure& one : list) found[one.name()] = one.value();
  return found;
}

TEST(OfferSet, FindsTheOffersOfAnAgent) {
  OfferSet offers;
  offers.add(offer("o1", "a", 100));
  offers.add(offer("o2", "b", 100));
  EXPECT_THAT(offers.of_agent("a"), ElementsAre(0));
  offers.add(offer("o3", "a", 100));
  EXPECT_THAT(offers.of_agent("a"), ElementsAre(0, 2));
  EXPECT_THAT(offers.of_agent("c"), IsEmpty());
}

TEST(OfferSet, PutsTheOfferThatLeavesTheLeastFirst) {
  OfferSet offers;
  offers.add(offer("o1", "c", 3000));
  offers.add(offer("o2", "b", 2000));
  offers.add(offer("o3", "a", 500));
  offers.add(offer("o4", "a", 2000));
  EXPECT_THAT(offers.judged_by(demand(1000)).suitable(), ElementsAre(3, 1, 0));
  EXPECT_THAT(offers.judged_by(demand(2500)).suitable(), ElementsAre(0));
}

TEST(OfferSet, CountsWhatIsRefusedAndOnHand) {
  OfferSet offers;
  offers.add(offer("o1", "a", 3000));
  offers.add(offer("o2", "b", 900));
  offers.add(offer("o3", "c", 800));
  const std::map<std::string, std::string> both{
      {"lacks_mem", "2"}, {"lacks_mem_best_mib", "900"}, {"lacks_mem_needed_mib", "1000"}};
  EXPECT_EQ(figures(offers.judged_by(demand(1000)).tally()), both);
  offers.take(0);  // it suits: nothing changes for those that do not
  EXPECT_EQ(figures(offers.judged_by(demand(1000)).tally()), both);
  offers.take(1);
  EXPECT_EQ(figures(offers.judged_by(demand(1000)).tally()),
            (std::map<std::string, std::string>{
                {"lacks_mem", "1"}, {"lacks_mem_best_mib", "800"}, {"lacks_mem_needed_mib", "1000"}}));
  EXPECT_EQ(offers.on_hand(), 1U);
  EXPECT_EQ(offers.size(), 3U);
}

TEST(OfferSet, ForgetsWhatItWorkedOutWhenAnOfferComes) {
  OfferSet offers;
  offers.add(offer("o1", "a", 3000));
  EXPECT_THAT(offers.judged_by(demand(1000)).suitable(), ElementsAre(0));
  EXPECT_EQ(offers.values_of("rack").size(), 1U);
  Offer second = offer("o2", "b", 2000);
  second.attributes["rack"] = "r1";
  offers.add(second);
  EXPECT_THAT(offers.judged_by(demand(1000)).suitable(), ElementsAre(1, 0));
  const reconcile::OfferedValues& racks = offers.values_of("rack");
  EXPECT_EQ(racks.text(racks.of_offer(1)), "r1");
  EXPECT_EQ(racks.of_offer(0), reconcile::OfferedValues::kAbsent);
  EXPECT_TRUE(racks.some_lack_it());
}

TEST(OfferSet, JudgesEveryOfferByTheRulesHoweverManyDemandsThereAre) {
  Prng prng(7);
  OfferSet offers;
  for (int i = 0; i < 200; ++i) {
    Offer made =
        offer("o" + std::to_string(i), "agent" + std::to_string(i), static_cast<std::int64_t>(prng.between(0, 4000)));
    made.unreserved.cpus_milli = static_cast<std::int64_t>(prng.between(0, 3000));
    made.revocable = {static_cast<std::int64_t>(prng.between(0, 2000)), 0, 0};
    if (prng.chance(1, 5)) made.ports.clear();
    offers.add(std::move(made));
  }
  for (int round = 0; round < 100; ++round) {  // more demands than are kept
    Demand asked = demand(static_cast<std::uint32_t>(prng.between(1, 4000)));
    asked.preemptible = prng.chance(1, 2);
    const auto taken = prng.below(offers.size());
    if (!offers.is_taken(taken)) offers.take(taken);
    const reconcile::JudgedOffers& judged = offers.judged_by(asked);
    reconcile::RefusalTally tally;
    std::size_t suitable = 0;
    for (std::size_t i = 0; i < offers.size(); ++i) {
      if (offers.is_taken(i)) continue;
      const auto refusals = reconcile::refusals_of(judged.subject(i));
      EXPECT_EQ(judged.refusals(i), refusals);
      tally.count(refusals, judged.subject(i));
      if (refusals.none()) ++suitable;
    }
    EXPECT_EQ(judged.suitable().size(), suitable);
    EXPECT_EQ(figures(judged.tally()), figures(tally));
  }
}

}  // namespace
}  // namespace esaas::test
