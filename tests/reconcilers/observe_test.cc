// Which facts of an answer are new. What is not new makes no event: the log grows with changes, not
// with polls.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/events/event_kind.h"
#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> facts(const Scene& scene) {
  std::vector<std::string> kinds;
  for (const auto& event : reconcile::observe(scene.cluster, scene.observation, scene.now)) {
    kinds.emplace_back(event::kind_of(event));
  }
  return kinds;
}

void forget_node(Scene& scene, const char* name) {
  std::erase(scene.observation.nodes, name);
  scene.observation.health.set_nodes(scene.observation.health.nodes() - 1);
}

TEST(Observe, SaysNothingWhenNothingChanged) { EXPECT_THAT(facts(Scene::at_rest(3)), IsEmpty()); }

TEST(Observe, SeesANodeLeaveAndJoin) {
  Scene scene = Scene::at_rest(3);
  forget_node(scene, "data-1");
  EXPECT_THAT(facts(scene), ElementsAre("node_left", "cluster_health_changed"));
  Scene back = Scene::at_rest(3);
  back.node("data-1").mutable_task()->set_joined(false);
  EXPECT_THAT(facts(back), ElementsAre("node_joined"));
}

TEST(Observe, AnAnswerFromBeforeTheLaunchIsNoJoin) {
  Scene scene = Scene::at_rest(3);
  auto& task = *scene.node("data-1").mutable_task();
  task.set_joined(false);
  task.set_launched_at_us(to_us(scene.observation.observed_at));
  EXPECT_THAT(facts(scene), IsEmpty());
}

TEST(Observe, ANodeWithoutARunningTaskDoesNotJoin) {
  Scene scene = Scene::at_rest(3);
  scene.node("data-1").mutable_task()->set_joined(false);
  scene.node("data-1").mutable_task()->set_state(model::TASK_STATE_FAILED);
  EXPECT_THAT(facts(scene), IsEmpty());
}

TEST(Observe, ASettingOfOursThatCameLateIsInForceAgain) {
  Scene scene = Scene::at_rest(3);
  scene.observation.allocation_enable = "primaries";
  EXPECT_THAT(facts(scene), ElementsAre("allocation_applied"));
  scene.observation.allocation_enable = "none";
  EXPECT_THAT(facts(scene), IsEmpty()) << "somebody else's";
  scene.observation.allocation_enable = "primaries";
  scene.cluster.set_allocation_intended("primaries");
  EXPECT_THAT(facts(scene), IsEmpty()) << "on its way";
}

TEST(Observe, AnExclusionFromVotesThatCameLateIsInForceAgain) {
  Scene scene = Scene::at_rest(3);
  scene.observation.voting_exclusions = {{"data-1"}};
  EXPECT_THAT(facts(scene), ElementsAre("voting_exclusions_applied"));
  scene.observation.voting_exclusions->clear();
  EXPECT_THAT(facts(scene), IsEmpty());
  scene.observation.voting_exclusions = {{"data-1"}};
  scene.cluster.add_voting_exclusions_intended("data-1");
  EXPECT_THAT(facts(scene), IsEmpty()) << "on its way";
  scene.cluster.clear_voting_exclusions_intended();
  scene.cluster.add_voting_exclusions_applied("data-1");
  EXPECT_THAT(facts(scene), IsEmpty()) << "known, and being taken away";
}

TEST(Observe, SilenceMakesNobodyLeave) {
  Scene scene = Scene::at_rest(3);
  scene.observation = {};
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_THAT(facts(scene), ElementsAre("cluster_health_changed"));
  scene.cluster.mutable_health()->Clear();
  EXPECT_THAT(facts(scene), IsEmpty());
}

TEST(Observe, ShardsOnTheMoveAreNoChangeUntilTheySettle) {
  Scene scene = Scene::at_rest(3);
  auto& seen = scene.observation.health;
  seen.set_active_shards(7);
  seen.set_relocating_shards(2);
  EXPECT_THAT(facts(scene), IsEmpty());
  seen.set_relocating_shards(0);
  seen.set_initializing_shards(1);
  EXPECT_THAT(facts(scene), IsEmpty());
  seen.set_initializing_shards(0);
  EXPECT_THAT(facts(scene), ElementsAre("cluster_health_changed"));
}

TEST(Observe, AStatusIsAChangeAtOnce) {
  Scene scene = Scene::at_rest(3);
  scene.observation.health.set_status(model::HEALTH_STATUS_YELLOW);
  scene.observation.health.set_initializing_shards(1);
  EXPECT_THAT(facts(scene), ElementsAre("cluster_health_changed"));
}

TEST(Observe, SeesTheClusterCompleteOnceAndNotWhileRed) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.set_bootstrapped(false);
  EXPECT_THAT(facts(scene), ElementsAre("cluster_bootstrapped"));
  Scene missing = scene;
  forget_node(missing, "data-2");
  EXPECT_THAT(facts(missing), ElementsAre("node_left", "cluster_health_changed"));
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_THAT(facts(scene), ElementsAre("cluster_health_changed"));
}

}  // namespace
}  // namespace esaas::test
