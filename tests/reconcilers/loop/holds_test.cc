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

reconcile::Hold waiting(std::vector<std::pair<std::string, std::int64_t>> figures) {
  auto one = hold("waits_for_offer", "data-0", "no offer fits");
  for (const auto& [name, value] : figures) {
    auto& figure = one.basis.emplace_back();
    figure.set_name(name);
    figure.set_value(std::to_string(value));
  }
  return one;
}

/// The first look is at no offer, or at some; the user wants to know what is wrong with all.
TEST(Holds, AWaitForAnOfferIsToldAnewWhenMoreOffersWereLookedAt) {
  state::Cluster cluster = held();
  const auto know = [&cluster](const reconcile::Hold& told) {
    auto& basis = *cluster.mutable_holds(0)->mutable_basis();
    basis.Clear();
    for (const auto& figure : told.basis) *basis.Add() = figure;
  };
  know(waiting({{"offers", 0}}));
  EXPECT_TRUE(hold_changes(cluster, {waiting({{"offers", 0}})}).empty());
  const auto two = waiting({{"offers", 2}, {"lacks_cpus", 2}});
  const auto changes = hold_changes(cluster, {two});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].hold_began().basis(0).value(), "2");
  know(two);
  EXPECT_TRUE(hold_changes(cluster, {waiting({{"offers", 0}})}).empty()) << "declined offers are away for a while";
  EXPECT_TRUE(hold_changes(cluster, {waiting({{"offers", 1}, {"lacks_mem", 1}})}).empty());
  EXPECT_TRUE(hold_changes(cluster, {waiting({{"offers", 2}, {"lacks_cpus", 1}})}).empty());
  EXPECT_EQ(hold_changes(cluster, {waiting({{"offers", 2}, {"lacks_cpus", 1}, {"lacks_mem", 1}})}).size(), 1U);
  EXPECT_TRUE(hold_changes(cluster, {waiting({{"offers", 2}, {"lacks_mem", 2}})}).empty())
      << "offers that come in turns would be told of in turns, for ever";
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
