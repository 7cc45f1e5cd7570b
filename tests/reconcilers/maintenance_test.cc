#include "reconcilers/maintenance.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/reconcilers/scene.h"

namespace esaas::reconcile {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// A green cluster of three nodes that are data and master each; an index "a" with one shard, first on data-0.
class MaintenanceTest : public ::testing::Test {
 protected:
  MaintenanceTest() {
    scene_.observation.shards.clear();
    copy("data-0");
  }

  void copy(const std::string& node, ShardState state = ShardState::kStarted) {
    scene_.observation.shards.push_back(
        {.index = "a", .shard = 0, .primary = false, .state = state, .node = node, .relocating_to = {}});
  }
  [[nodiscard]] MaintenanceVerdict judge(Duration from_now = seconds{1}) {
    const std::vector<Input> inputs{scene_.input()};
    return judge_maintenance({scene_.node("data-0").place().agent_id(), {scene_.now + from_now, hours{1}}}, inputs);
  }

  test::Scene scene_ = test::Scene::at_rest(3);
};

TEST_F(MaintenanceTest, IsAcceptedWhenEachShardIsElsewhereToo) {
  copy("data-1");
  EXPECT_TRUE(judge().accepted) << judge().why;
}

TEST_F(MaintenanceTest, AnotherCopyThatIsNotYetStartedDoesNotCount) {
  copy("data-1", ShardState::kInitializing);
  EXPECT_EQ(judge().rule, "drain_fits_before_maintenance");
}

TEST_F(MaintenanceTest, OfALastCopyIsAcceptedWhenThereIsTimeToMoveItAway) {
  scene_.node("data-0").mutable_place()->mutable_resources()->set_disk_mib(40 * 3599);
  EXPECT_FALSE(judge(seconds{3599}).accepted);
  EXPECT_TRUE(judge(seconds{3600}).accepted) << judge(seconds{3600}).why;
  EXPECT_FALSE(judge(-seconds{5}).accepted) << "it has begun";
}

TEST_F(MaintenanceTest, OfALastCopyIsDeclinedWhenItHasNowhereToGo) {
  for (const char* name : {"data-1", "data-2"}) scene_.node(name).set_removing(true);
  EXPECT_EQ(judge(hours{1000}).rule, "too_few_nodes_for_replicas");
}

TEST_F(MaintenanceTest, IsDeclinedWhileTheHealthIsUnknownOrRed) {
  copy("data-1");
  scene_.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_EQ(judge(hours{1000}).rule, "cluster_is_not_red");
  scene_.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_EQ(judge(hours{1000}).rule, "health_unknown");
}

TEST_F(MaintenanceTest, IsDeclinedWhenTooFewMastersWouldBeLeft) {
  copy("data-1");
  scene_.node("data-2").mutable_task()->set_state(model::TASK_STATE_FAILED);
  scene_.node("data-2").mutable_task()->set_joined(false);
  std::erase(scene_.observation.nodes, "data-2");
  EXPECT_EQ(judge(hours{1000}).rule, "keeps_quorum_of_masters");
  EXPECT_NE(judge(hours{1000}).why.find("node data-0"), std::string::npos);
}

TEST_F(MaintenanceTest, ANodeThatDoesNotRunIsNotMissed) {
  scene_.node("data-0").mutable_task()->set_state(model::TASK_STATE_KILLED);
  scene_.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_TRUE(judge().accepted);
}

TEST_F(MaintenanceTest, AnAgentWithoutNodesIsFree) {
  const std::vector<Input> inputs{scene_.input()};
  EXPECT_TRUE(judge_maintenance({"another", {scene_.now, {}}}, inputs).accepted);
}

}  // namespace
}  // namespace esaas::reconcile
