// Steps and outcomes of operations, and what a plan says when there is nothing to do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> steps_of(const World& world) {
  std::vector<std::string> told;
  for (const auto& event : world.events_of(event::Event::kOperationStepChanged)) {
    const auto& step = event.operation_step_changed();
    told.push_back(step.step() + " " + std::to_string(step.done()) + "/" + std::to_string(step.total()));
  }
  return told;
}

TEST(Progress, ACreateIsPlacedStartedAndJoined) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  EXPECT_THAT(steps_of(world), ElementsAre("place 3/3", "start 3/3", "join 3/3"));
}

TEST(Progress, ADeleteKnowsItsTotalsFromTheStart) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  const auto before = steps_of(world).size();
  world.remove();
  ASSERT_TRUE(world.settle());
  auto told = steps_of(world);
  told.erase(told.begin(), told.begin() + static_cast<std::ptrdiff_t>(before));
  ASSERT_GE(told.size(), 3U);
  EXPECT_EQ(told[0], "stop 0/3");
  EXPECT_EQ(told[1], "release 0/3");
  EXPECT_THAT(told, testing::Contains("stop 3/3"));
  EXPECT_EQ(told.back(), "release 3/3");
}

TEST(Progress, AScaleInCountsWhatLeaves) {
  World world;
  world.create({World::group("data", 4)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 4, 1);
  world.scale("data", 2);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(steps_of(world),
              testing::IsSupersetOf({"drain 0/2", "drain 2/2", "leave 0/2", "leave 1/2", "leave 2/2"}));
}

Scene with_operation(model::Request request) {
  Scene scene = Scene::at_rest(3);
  scene.operation.set_id("op-1");
  *scene.operation.mutable_request() = std::move(request);
  scene.cluster.set_active_operation("op-1");
  return scene;
}

Scene with_create() {
  model::Request request;
  request.mutable_create();
  return with_operation(request);
}

TEST(Outcome, ACreateSucceedsWhenGreenAndNotBefore) {
  Scene scene = with_create();
  EXPECT_TRUE(scene.plans("finish_operation"));
  scene.observation.health.set_status(model::HEALTH_STATUS_YELLOW);
  EXPECT_FALSE(scene.plans("finish_operation"));
}

TEST(Outcome, AScaleIsContentWithYellowAndNotWithRedOrSilence) {
  model::Request request;
  request.mutable_scale()->set_group("data");
  Scene scene = with_operation(request);
  scene.observation.health.set_status(model::HEALTH_STATUS_YELLOW);
  EXPECT_TRUE(scene.plans("finish_operation"));
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_FALSE(scene.plans("finish_operation"));
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_FALSE(scene.plans("finish_operation"));
}

TEST(Outcome, WaitsForTheSettingsThatFollowFromTheNodes) {
  Scene scene = with_create();
  scene.cluster.set_minimum_master_nodes_applied(0);
  EXPECT_FALSE(scene.plans("finish_operation"));
}

TEST(Outcome, APausedOperationDoesNotFinish) {
  Scene scene = with_create();
  scene.operation.set_paused(true);
  EXPECT_FALSE(scene.plans("finish_operation"));
}

TEST(Outcome, FailsWhenMesosRefusesATaskAgainAndAgain) {
  Scene scene = with_create();
  auto& node = scene.node("data-1");
  node.mutable_task()->set_state(model::TASK_STATE_ERROR);
  node.mutable_task()->set_joined(false);
  node.mutable_task()->set_message("no such user");
  node.set_failures(4);
  EXPECT_FALSE(scene.plans("finish_operation"));
  node.set_failures(5);
  const auto plan = scene.plan();
  const auto finish = std::ranges::find(plan.actions, "finish_operation", &reconcile::Action::name);
  ASSERT_NE(finish, plan.actions.end());
  const auto& finished = finish->events.front().operation_finished();
  EXPECT_EQ(finished.status(), model::OPERATION_STATUS_FAILED);
  EXPECT_THAT(finished.detail(), HasSubstr("no such user"));
}

TEST(Plan, OfAClusterAtRestIsEmpty) {
  const Scene scene = Scene::at_rest(3);
  const auto plan = scene.plan();
  EXPECT_THAT(plan.actions, IsEmpty());
  EXPECT_THAT(plan.holds, IsEmpty());
  EXPECT_THAT(plan.repeats, IsEmpty());
  EXPECT_FALSE(plan.next_check.has_value());
  EXPECT_FALSE(reconcile::wants_offers(scene.cluster, scene.now));
  EXPECT_FALSE(reconcile::wants_observation(scene.cluster));
}

TEST(Plan, IdsCarryTheSeqOfTheirEvents) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(5);
  for (const char* name : {"data-3", "data-4"}) {
    auto& node = *scene.cluster.add_nodes();
    node.set_name(name);
    node.set_group("data");
    *node.mutable_resources() = scene.cluster.nodes(0).resources();
  }
  std::uint64_t seq = scene.input().next_seq;
  int places = 0;
  for (const auto& action : scene.plan().actions) {
    for (const auto& event : action.events) {
      if (event.has_place_intended()) {
        const std::string& node = event.place_intended().node();
        EXPECT_EQ(event.place_intended().place().volume_id(), "search." + node + ".volume-" + std::to_string(seq));
        EXPECT_EQ(event.place_intended().reserve_operation(), "search." + node + ".reserve-" + std::to_string(seq));
        ++places;
      }
      ++seq;
    }
  }
  EXPECT_EQ(places, 2);
}

TEST(Release, WaitsForTheFinishedDrainToBeInTheLog) {
  Scene scene = Scene::at_rest(4);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(3);
  auto& node = scene.node("data-3");
  node.set_removing(true);
  node.mutable_task()->set_state(model::TASK_STATE_FAILED);
  node.mutable_task()->set_joined(false);
  std::erase(scene.observation.nodes, "data-3");
  auto& offer = *std::ranges::find(scene.offers, node.place().agent_id(), &reconcile::Offer::agent_id);
  offer.reserved.push_back({.cluster = "search",
                            .node = "data-3",
                            .place = node.place().volume_id(),
                            .quantities = {},
                            .ports = {},
                            .has_volume = true});
  EXPECT_TRUE(scene.plans("finish_drain"));
  EXPECT_FALSE(scene.plans("release_place"));
  node.set_drain(state::DRAIN_STATUS_FINISHED);
  EXPECT_TRUE(scene.plans("release_place"));
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_FALSE(scene.plans("release_place"));
  EXPECT_TRUE(scene.holds("cluster_is_not_red", "data-3"));
}

TEST(Release, OfADeletedClusterWaitsForItsTasks) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.set_phase(state::CLUSTER_PHASE_DELETING);
  auto& node = scene.node("data-0");
  auto& offer = *std::ranges::find(scene.offers, node.place().agent_id(), &reconcile::Offer::agent_id);
  offer.reserved.push_back({.cluster = "search",
                            .node = "data-0",
                            .place = node.place().volume_id(),
                            .quantities = {},
                            .ports = {},
                            .has_volume = false});
  EXPECT_TRUE(scene.plans("stop_cluster"));
  EXPECT_FALSE(scene.plans("release_place"));
  node.mutable_task()->set_state(model::TASK_STATE_KILLED);
  const auto plan = scene.plan();
  const auto release = std::ranges::find(plan.actions, "release_place", &reconcile::Action::name);
  ASSERT_NE(release, plan.actions.end());
  // The volume is gone already: only the reservation is left to give back.
  EXPECT_TRUE(release->events.front().place_release_intended().destroy_operation().empty());
  EXPECT_FALSE(release->events.front().place_release_intended().unreserve_operation().empty());
}

TEST(Outcome, AnOperationThatWaitsForHealthSaysSo) {
  model::Request request;
  request.mutable_scale()->set_group("data");
  request.mutable_scale()->set_count(3);
  Scene scene = with_operation(request);
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_FALSE(scene.plans("finish_operation"));
  EXPECT_TRUE(scene.holds("waits_for_health", ""));
  scene.observation.health.set_status(model::HEALTH_STATUS_GREEN);
  EXPECT_TRUE(scene.plans("finish_operation"));
  EXPECT_FALSE(scene.holds("waits_for_health", ""));
}

TEST(Outcome, AnOperationOfAClusterThatIsSilentForLongSaysSo) {
  model::Request request;
  request.mutable_scale()->set_group("data");
  request.mutable_scale()->set_count(3);
  Scene scene = with_operation(request);
  scene.observation = {};
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  scene.cluster.mutable_health()->set_status(model::HEALTH_STATUS_UNKNOWN);
  scene.cluster.set_health_since_at_us(to_us(scene.now));
  EXPECT_FALSE(scene.holds("health_unknown", "")) << "an answer may be on its way";
  scene.now += scene.settings.unanswered_max;
  EXPECT_TRUE(scene.holds("health_unknown", ""));
  EXPECT_FALSE(scene.plans("finish_operation"));
}

TEST(Outcome, APausedOperationThatHasNothingLeftToDoSaysWhyItDoesNotEnd) {
  model::Request request;
  request.mutable_scale()->set_group("data");
  request.mutable_scale()->set_count(3);
  Scene scene = with_operation(request);
  scene.operation.set_paused(true);
  EXPECT_FALSE(scene.plans("finish_operation"));
  EXPECT_TRUE(scene.holds("operation_paused", ""));
}

TEST(Outcome, ASuspensionEndsThoughAnAgentIsGoneForGood) {
  model::Request request;
  request.mutable_suspend();
  Scene scene = with_operation(request);
  scene.cluster.set_phase(state::CLUSTER_PHASE_SUSPENDED);
  for (const char* name : {"data-0", "data-1"}) scene.node(name).mutable_task()->set_state(model::TASK_STATE_KILLED);
  EXPECT_FALSE(scene.plans("finish_operation"));
  scene.node("data-2").mutable_task()->set_state(model::TASK_STATE_GONE_BY_OPERATOR);
  EXPECT_TRUE(scene.plans("finish_operation"));
}

}  // namespace
}  // namespace esaas::test
