#include "reconcilers/loop/holds.h"

#include <gtest/gtest.h>

namespace esaas::loop {
namespace {

state::Cluster held() {
  state::Cluster cluster;
  auto& hold = *cluster.add_holds();
  hold.set_rule("waits_for_offer");
  hold.set_node("data-0");
  hold.set_why("no offer fits");
  return cluster;
}

reconcile::Hold hold(std::string rule, std::string node, std::string why) {
  return {.rule = std::move(rule), .node = std::move(node), .why = std::move(why), .basis = {}, .next_check = {}};
}

TEST(Holds, TheSameHoldIsNotLoggedAgain) {
  EXPECT_TRUE(hold_changes(held(), {hold("waits_for_offer", "data-0", "no offer fits")}).empty());
}

TEST(Holds, AnotherBasisAloneIsNotLogged) {
  auto one = hold("waits_for_offer", "data-0", "no offer fits");
  one.basis.emplace_back().set_name("offers_refused_cpus");
  EXPECT_TRUE(hold_changes(held(), {one}).empty());
}

TEST(Holds, AnotherSentenceBeginsTheHoldAnew) {
  const auto changes = hold_changes(held(), {hold("waits_for_offer", "data-0", "no agent is left")});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].hold_began().why(), "no agent is left");
}

TEST(Holds, WhatIsNotHeldAnyMoreEndsBeforeTheNextBegins) {
  const auto changes = hold_changes(held(), {hold("health_unknown", "", "no answer")});
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].hold_ended().rule(), "waits_for_offer");
  EXPECT_EQ(changes[0].hold_ended().node(), "data-0");
  EXPECT_EQ(changes[1].hold_began().rule(), "health_unknown");
}

}  // namespace
}  // namespace esaas::loop
