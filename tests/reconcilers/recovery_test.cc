// A node that runs and is no member of its cluster, because it was told of masters that have moved since.

#include "reconcilers/recovery.h"

#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using std::chrono::minutes;

/// data-2 runs for four minutes and is no member, and a master has got its place since it was launched.
Scene stranger() {
  Scene scene = Scene::at_rest(3);
  for (const char* name : {"data-0", "data-1"}) scene.node(name).set_place_seq(1);
  state::Task& task = *scene.node("data-2").mutable_task();
  task.set_joined(false);
  task.set_state_since_at_us(to_us(scene.now - minutes{4}));
  scene.node("data-1").set_place_seq(task.launch_seq() + 1);
  state::Hold& hold = *scene.cluster.add_holds();
  hold.set_rule("waits_for_join");
  hold.set_node("data-2");
  hold.set_since_at_us(to_us(scene.now - minutes{3}));
  std::erase(scene.observation.nodes, "data-2");
  std::erase_if(scene.observation.shards, [](const auto& copy) { return copy.node == "data-2"; });
  return scene;
}

TEST(Stranger, IsStartedAnew) {
  const Scene scene = stranger();
  const auto plan = scene.plan();
  const auto action = std::ranges::find(plan.actions, "restart_stranger", &reconcile::Action::name);
  ASSERT_NE(action, plan.actions.end());
  const auto& kill = action->events.at(0).task_kill_intended();
  EXPECT_EQ(kill.node(), "data-2");
  EXPECT_EQ(kill.task_id(), scene.cluster.nodes(2).task().task_id());
}

TEST(Stranger, IsGivenTimeToJoin) {
  Scene scene = stranger();
  scene.node("data-2").mutable_task()->set_state_since_at_us(to_us(scene.now - minutes{2}));
  EXPECT_FALSE(scene.plans("restart_stranger"));
  ASSERT_TRUE(scene.plan().next_check.has_value());
  EXPECT_LE(*scene.plan().next_check, scene.now + minutes{1});
}

TEST(Stranger, IsWaitedForWhenItWasAMemberTillNow) {
  Scene scene = stranger();
  scene.cluster.clear_holds();
  EXPECT_FALSE(scene.plans("restart_stranger"));
  EXPECT_TRUE(scene.holds("waits_for_join", "data-2"));
}

TEST(Stranger, IsLeftAloneWhereItKnowsTheMasters) {
  Scene scene = stranger();
  scene.node("data-1").set_place_seq(1);
  EXPECT_FALSE(scene.plans("restart_stranger")) << "another reason keeps it out, and a restart would not help";
}

TEST(Stranger, IsLeftAloneWhileTheClusterDoesNotAnswer) {
  Scene scene = stranger();
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_FALSE(scene.plans("restart_stranger")) << "it may be a member";
}

TEST(Stranger, IsNoneOnceItHasJoined) {
  Scene scene = stranger();
  scene.node("data-2").mutable_task()->set_joined(true);
  EXPECT_FALSE(scene.plans("restart_stranger"));
}

TEST(Stranger, IsKilledOnce) {
  Scene scene = stranger();
  scene.node("data-2").mutable_task()->set_kill_intended(true);
  scene.node("data-2").mutable_task()->set_kill_intended_at_us(to_us(scene.now));
  EXPECT_FALSE(scene.plans("restart_stranger"));
}

}  // namespace
}  // namespace esaas::test
