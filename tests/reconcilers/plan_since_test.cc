// A new program restarts nothing: the logs of older ones, under the eyes of this one.

#include "reconcilers/plan_since.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "reconcilers/standing_plan.h"
#include "store/log/record_codec.h"
#include "store/views/sentence.h"
#include "tests/store/log_fixture.h"
#include "tests/store/stored_logs.h"

namespace esaas::reconcile {
namespace {

namespace fs = std::filesystem;

using store::testing::stored_logs;

const fs::path kFolder = store::testing::stored_logs_folder();

void read(const std::string& name, PlanSince& plan) {
  const auto fixture = store::testing::load(kFolder / name);
  ASSERT_TRUE(fixture) << fixture.error().detail;
  for (std::uint64_t seq = 1; seq <= fixture->records.size(); ++seq) {
    event::Event event;
    ASSERT_TRUE(store::decode_record(fixture->records[seq - 1], seq, event));
    plan.take(event);
  }
  plan.finish();
}

class PlanSinceOfOldLog : public ::testing::TestWithParam<std::string> {};

TEST_P(PlanSinceOfOldLog, HasNoAction) {
  const Settings settings;
  std::string found;
  PlanSince plan(settings, 1, [&](const PlanSince::Finding& finding) {
    found += std::to_string(finding.seq) + " " + finding.cluster + " " + finding.action.name + "\n";
    for (const event::Event& event : finding.action.events) found += "  " + store::sentence(event) + "\n";
  });
  read(GetParam(), plan);
  EXPECT_GT(plan.moments(), 0U) << "no cluster of the log ever came to rest";
  EXPECT_EQ(found, "");
}

INSTANTIATE_TEST_SUITE_P(Stored, PlanSinceOfOldLog, ::testing::ValuesIn(stored_logs()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace_if(name, [](char c) { return c == '/' || c == '-'; }, '_');
  return name;
});

/// The last moment of rest in a stored log.
state::Cluster cluster_at_rest() {
  state::Cluster last;
  state::FleetState state;
  const auto fixture = store::testing::load(kFolder / "format-1/main-job");
  EXPECT_TRUE(fixture);
  for (std::uint64_t seq = 1; seq <= fixture->records.size(); ++seq) {
    event::Event event;
    EXPECT_TRUE(store::decode_record(fixture->records[seq - 1], seq, event));
    state::evolve(state, event);
    const state::Cluster* cluster = state.find_cluster(event.cluster());
    if (cluster != nullptr && cluster->phase() == state::CLUSTER_PHASE_RUNNING && is_at_rest(*cluster)) last = *cluster;
  }
  return last;
}

TEST(StandingPlan, ShowsANodeThatWouldBeReplaced) {
  state::Cluster cluster = cluster_at_rest();
  ASSERT_GT(cluster.nodes_size(), 0);
  const Settings settings;
  const Time now = from_us(cluster.health_since_at_us());
  EXPECT_TRUE(plan_at_rest(cluster, nullptr, settings, now).actions.empty());
  // As if this program took another size for the one that the group has.
  cluster.mutable_nodes(0)->mutable_resources()->set_mem_mib(1 + cluster.nodes(0).resources().mem_mib());
  EXPECT_FALSE(plan_at_rest(cluster, nullptr, settings, now).actions.empty());
}

TEST(StandingPlan, SomethingUnderWayIsNoRest) {
  state::Cluster cluster = cluster_at_rest();
  ASSERT_TRUE(is_at_rest(cluster));
  state::Cluster busy = cluster;
  busy.set_active_operation("op-7");
  EXPECT_FALSE(is_at_rest(busy));
  busy = cluster;
  busy.add_requests();
  EXPECT_FALSE(is_at_rest(busy));
  busy = cluster;
  busy.set_allocation_intended("primaries");
  EXPECT_FALSE(is_at_rest(busy));
  busy = cluster;
  busy.mutable_nodes(0)->mutable_task()->set_joined(false);
  EXPECT_FALSE(is_at_rest(busy));
  busy = cluster;
  busy.mutable_health()->set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_FALSE(is_at_rest(busy));
}

}  // namespace
}  // namespace esaas::reconcile
