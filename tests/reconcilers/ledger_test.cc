#include "reconcilers/ledger.h"

#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::reconcile {
namespace {

/// One cluster "search" of tenant "shop" with a node "data-0" whose place is on agent A, and the books that go with it.
class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() {
    state::Cluster cluster;
    cluster.set_name("search");
    cluster.set_tenant("shop");
    auto& node = *cluster.add_nodes();
    node.set_name("data-0");
    node.set_place_status(state::PLACE_STATUS_RESERVED);
    node.mutable_place()->set_agent_id("A");
    node.mutable_place()->set_hostname("host-a");
    node.mutable_place()->set_volume_id("v1");
    node.mutable_place()->mutable_resources()->set_cpus_milli(1000);
    node.mutable_place()->mutable_resources()->set_mem_mib(2048);
    node.mutable_place()->mutable_resources()->set_disk_mib(4096);
    state_.clusters.emplace("search", std::move(cluster));
    Offer agent;
    agent.agent_id = "A";
    agent.hostname = "host-a";
    agent.reserved.push_back(part("v1"));
    books_.agents.push_back(std::move(agent));
    books_.asked_at = from_us(7);
  }

  static ReservedPart part(const std::string& place) {
    return {.cluster = "search",
            .node = "data-0",
            .place = place,
            .role = "es-shop",
            .quantities = {1000, 2048, 4096},
            .ports = {{31000, 31001}},
            .has_volume = true};
  }

  state::Node& node() { return *state_.clusters.at("search").mutable_nodes(0); }
  ReservedPart& reserved() { return books_.agents.front().reserved.front(); }
  [[nodiscard]] Ledger balanced() const { return balance(state_, books_, reserved_places(state_)); }
  /// The status of the only line.
  [[nodiscard]] std::string status() const {
    const Ledger ledger = balanced();
    return ledger.lines.size() == 1 ? std::string(name_of(ledger.lines.front().status)) : "not one line";
  }

  state::FleetState state_;
  MasterBooks books_;
};

TEST_F(LedgerTest, BalancesWhenTheBooksShowEachPlaceAsItWasAskedFor) {
  const Ledger ledger = balanced();
  EXPECT_EQ(status(), "balanced");
  EXPECT_EQ(ledger.imbalances, 0U);
  EXPECT_EQ(ledger.asked_at, from_us(7));
  EXPECT_EQ(ledger.ours.mem_mib, 2048);
  EXPECT_EQ(ledger.theirs.mem_mib, 2048);
}

TEST_F(LedgerTest, WhatWasGivenUpAfterTheMasterWasAskedIsUnderWay) {
  state_.clusters.clear();
  EXPECT_EQ(status(), "without_owner");
  books_.known.insert("v1");
  EXPECT_EQ(status(), "under_way");
  EXPECT_EQ(balanced().imbalances, 0U);
}

TEST_F(LedgerTest, APlaceThatGrowsMayHaveAnythingBetweenItsSizes) {
  node().mutable_growth()->set_status(state::GROWTH_STATUS_RESERVED);
  node().mutable_growth()->mutable_after()->set_cpus_milli(1000);
  node().mutable_growth()->mutable_after()->set_mem_mib(3072);
  node().mutable_growth()->mutable_after()->set_disk_mib(4096);
  EXPECT_EQ(status(), "under_way");
  reserved().quantities.mem_mib = 3072;
  EXPECT_EQ(status(), "under_way");
  reserved().quantities.mem_mib = 3073;
  EXPECT_EQ(status(), "differs");
  reserved().quantities.mem_mib = 2047;
  EXPECT_EQ(status(), "differs");
  reserved().quantities.mem_mib = 3072;
  reserved().has_volume = false;
  EXPECT_EQ(status(), "volume_missing");
  reserved().has_volume = true;
  node().clear_growth();
  EXPECT_EQ(status(), "differs");
}

TEST_F(LedgerTest, FindsWhatTheBooksLack) {
  reserved().has_volume = false;
  EXPECT_EQ(status(), "volume_missing");
  reserved() = part("v1");
  reserved().quantities.disk_mib = 4095;
  EXPECT_EQ(status(), "differs");
  reserved() = part("v1");
  reserved().ports = {{31000, 31000}};
  EXPECT_EQ(status(), "differs");
  books_.agents.front().reserved.clear();
  EXPECT_EQ(status(), "missing");
  EXPECT_EQ(balanced().imbalances, 1U);
}

TEST_F(LedgerTest, OfAnAgentThatIsAwayNothingIsSaid) {
  books_.agents.clear();
  EXPECT_EQ(status(), "agent_away");
  EXPECT_EQ(balanced().imbalances, 0U);
}

TEST_F(LedgerTest, WhatChangedSinceTheQuestionIsUnderWay) {
  books_.agents.front().reserved.clear();
  EXPECT_EQ(balance(state_, books_, {}).lines.front().status, LedgerStatus::kUnderWay);
  node().set_place_status(state::PLACE_STATUS_INTENDED);
  EXPECT_EQ(balance(state_, books_, {"v1"}).lines.front().status, LedgerStatus::kUnderWay);
  node().set_place_status(state::PLACE_STATUS_RELEASING);
  EXPECT_EQ(balance(state_, books_, {"v1"}).lines.front().status, LedgerStatus::kUnderWay);
}

TEST_F(LedgerTest, ExplainsWhatHasNoOwner) {
  const auto why_of = [&](const std::string& cluster, const std::string& node) {
    ReservedPart stray = part("v9");
    stray.cluster = cluster;
    stray.node = node;
    books_.agents.front().reserved = {part("v1"), stray};
    for (const LedgerLine& line : balanced().lines) {
      if (line.status == LedgerStatus::kWithoutOwner) return line.tenant + ": " + line.why;
    }
    return std::string("owned");
  };
  EXPECT_EQ(why_of("search", "data-0"), "shop: Nothing owns it: node data-0 has another place, v1.");
  EXPECT_EQ(why_of("search", "data-7"), "shop: Nothing owns it: cluster search has no node data-7 any more.");
  EXPECT_EQ(why_of("old", "data-0"), "shop: Nothing owns it: there is no cluster old any more.");
  EXPECT_EQ(balanced().imbalances, 1U);
}

TEST_F(LedgerTest, WhatIsBeingGivenBackIsNoImbalance) {
  books_.agents.front().reserved.push_back(part("v9"));
  state_.head.add_orphan_releases()->set_volume_id("v9");
  const Ledger ledger = balanced();
  ASSERT_EQ(ledger.lines.size(), 2U);
  EXPECT_EQ(ledger.lines[1].status, LedgerStatus::kUnderWay);
  EXPECT_EQ(ledger.imbalances, 0U);
}

TEST_F(LedgerTest, WhatPolicyKeepsIsStillAnImbalanceAndSaysSo) {
  books_.agents.front().reserved.push_back(part("v9"));
  const Ledger ledger = balance(state_, books_, reserved_places(state_), OrphanPolicy::kKeep);
  ASSERT_EQ(ledger.lines.size(), 2U);
  EXPECT_EQ(ledger.lines[1].why, "Nothing owns it: node data-0 has another place, v1; it is kept by policy.");
  EXPECT_EQ(ledger.imbalances, 1U);
}

TEST_F(LedgerTest, CountsItsLinesByStatus) {
  EXPECT_TRUE(Ledger{}.by_status.empty()) << "nothing was compared yet";
  books_.agents.front().reserved.push_back(part("v9"));
  books_.agents.front().reserved.push_back(part("v8"));
  std::map<LedgerStatus, std::size_t> counts;
  for (const auto& [status, lines] : balanced().by_status) counts[status] = lines;
  EXPECT_EQ(counts.size(), 7U);
  EXPECT_EQ(counts[LedgerStatus::kBalanced], 1U);
  EXPECT_EQ(counts[LedgerStatus::kWithoutOwner], 2U);
  EXPECT_EQ(counts[LedgerStatus::kMissing], 0U);
}

TEST_F(LedgerTest, ASecondReservationUnderOneIdIsNobodys) {
  Offer other = books_.agents.front();
  other.agent_id = "B";
  books_.agents.push_back(other);
  const Ledger ledger = balanced();
  ASSERT_EQ(ledger.lines.size(), 2U);
  EXPECT_EQ(ledger.imbalances, 1U);
}

/// A cluster at rest, of whose first node the books lack something.
class LedgerImbalance : public ::testing::TestWithParam<LedgerStatus> {
 protected:
  LedgerImbalance() {
    scene_.ledger.push_back({.cluster = scene_.cluster.name(),
                             .node = "data-0",
                             .place = scene_.node("data-0").place().volume_id(),
                             .status = GetParam(),
                             .why = "So it is."});
  }
  void stop() { scene_.node("data-0").mutable_task()->set_state(model::TASK_STATE_FAILED); }
  [[nodiscard]] bool is_lost() const {
    return GetParam() == LedgerStatus::kMissing || GetParam() == LedgerStatus::kVolumeMissing;
  }

  test::Scene scene_ = test::Scene::at_rest(3);
};

TEST_P(LedgerImbalance, IsHeldWhileTheNodeRuns) {
  EXPECT_TRUE(scene_.holds("ledger_differs", "data-0"));
  EXPECT_TRUE(scene_.plan().actions.empty());
}

TEST_P(LedgerImbalance, EndsThePlaceOfAStoppedNodeOnlyWhenItIsLost) {
  stop();
  EXPECT_EQ(scene_.plans("give_up_lost_place"), is_lost());
}

TEST_P(LedgerImbalance, EndsNothingWhileTheClusterIsRed) {
  stop();
  scene_.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_FALSE(scene_.plans("give_up_lost_place"));
}

TEST_P(LedgerImbalance, OfAnotherPlaceMeansNothing) {
  scene_.ledger.front().place = "another";
  EXPECT_FALSE(scene_.holds("ledger_differs", "data-0"));
  stop();
  EXPECT_FALSE(scene_.plans("give_up_lost_place"));
}

INSTANTIATE_TEST_SUITE_P(Ledger, LedgerImbalance,
                         ::testing::Values(LedgerStatus::kMissing, LedgerStatus::kVolumeMissing,
                                           LedgerStatus::kDiffers),
                         [](const auto& status) { return std::string(name_of(status.param)); });

}  // namespace
}  // namespace esaas::reconcile
