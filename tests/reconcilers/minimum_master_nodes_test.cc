// In which order the quorum follows the masters, and what a node is told at its launch.

#include "reconcilers/minimum_master_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::quorum;
using testing::ElementsAre;

TEST(Quorum, IsAMajority) {
  EXPECT_EQ(quorum(1), 1U);
  EXPECT_EQ(quorum(2), 2U);
  EXPECT_EQ(quorum(3), 2U);
  EXPECT_EQ(quorum(4), 3U);
  EXPECT_EQ(quorum(5), 3U);
}

/// What the log says of masters from `first` on: "applied 3", "launch data-3", "kill data-3",
/// "removed data-3".
std::vector<std::string> story(const World& world, std::size_t first) {
  std::vector<std::string> told;
  for (std::size_t i = first; i < world.log.size(); ++i) {
    const event::Event& event = world.log[i];
    if (event.has_minimum_master_nodes_applied()) {
      told.push_back("applied " + std::to_string(event.minimum_master_nodes_applied().value()));
    }
    if (event.has_task_launch_intended()) told.push_back("launch " + event.task_launch_intended().node());
    if (event.has_node_joined()) told.push_back("joined " + event.node_joined().node());
    if (event.has_task_kill_intended()) told.push_back("kill " + event.task_kill_intended().node());
    if (event.has_node_removed()) told.push_back("removed " + event.node_removed().node());
  }
  return told;
}

World settled(std::uint32_t nodes) {
  World world(6);
  world.create({World::group("data", nodes)});
  EXPECT_TRUE(world.settle());
  return world;
}

std::vector<std::string> story_of_scaling(std::uint32_t from, std::uint32_t to) {
  World world = settled(from);
  const std::size_t first = world.log.size();
  world.scale("data", to);
  EXPECT_TRUE(world.settle()) << world.show();
  return story(world, first);
}

TEST(MinimumMasterNodes, IsRaisedBeforeTheFourthMasterStarts) {
  EXPECT_THAT(story_of_scaling(3, 4), ElementsAre("applied 3", "launch data-3", "joined data-3"));
}

TEST(MinimumMasterNodes, FollowsOneNewMasterAfterAnother) {
  EXPECT_THAT(story_of_scaling(3, 5),
              ElementsAre("applied 3", "launch data-3", "joined data-3", "launch data-4", "joined data-4"));
}

TEST(MinimumMasterNodes, OfASingleMasterFollowsTheJoinOfTheSecond) {
  EXPECT_THAT(story_of_scaling(1, 2), ElementsAre("launch data-1", "joined data-1", "applied 2"));
}

TEST(MinimumMasterNodes, IsLoweredAfterTheFourthMasterIsGone) {
  EXPECT_THAT(story_of_scaling(4, 3), ElementsAre("kill data-3", "removed data-3", "applied 2"));
}

TEST(MinimumMasterNodes, OfTwoIsLoweredJustBeforeOneGoes) {
  EXPECT_THAT(story_of_scaling(2, 1), ElementsAre("applied 1", "kill data-1", "removed data-1"));
}

TEST(MinimumMasterNodes, OfTwoIsNotLoweredWhileTheOtherMayNotGoYet) {
  Scene scene = Scene::at_rest(2);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(1);
  scene.node("data-1").set_removing(true);
  scene.node("data-1").set_drain(state::DRAIN_STATUS_FINISHED);
  scene.observation.excluded_nodes = {{"data-1"}};
  EXPECT_TRUE(scene.plans("set_minimum_master_nodes"));
  scene.operation.set_id("op-1");
  scene.operation.set_paused(true);
  EXPECT_FALSE(scene.plans("set_minimum_master_nodes")) << "nobody is stopped while it is paused";
  scene.operation.set_paused(false);
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  EXPECT_FALSE(scene.plans("set_minimum_master_nodes"));
}

TEST(MinimumMasterNodes, IsNeverSetAboveWhatHasJoined) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.set_minimum_master_nodes_intended(1);
  for (const char* name : {"data-1", "data-2"}) {
    scene.node(name).mutable_task()->set_joined(false);
    std::erase(scene.observation.nodes, name);
  }
  EXPECT_FALSE(scene.plans("set_minimum_master_nodes"));
}

TEST(MinimumMasterNodes, ThatElasticsearchForgotIsPutAgain) {
  Scene scene = Scene::at_rest(3);
  EXPECT_TRUE(scene.plan().repeats.empty());
  scene.observation.minimum_master_nodes = 0;
  const auto plan = scene.plan();
  ASSERT_EQ(plan.repeats.size(), 1U);
  EXPECT_EQ(plan.repeats.front().minimum_master_nodes_intended().value(), 2U);
}

TEST(MinimumMasterNodes, AtLaunchCountsThoseThatCouldBeUp) {
  Scene scene = Scene::at_rest(3);
  auto& waiting = *scene.cluster.add_nodes();
  waiting = scene.cluster.nodes(0);
  waiting.set_name("data-3");
  waiting.clear_task();
  waiting.set_attempt(0);
  const reconcile::Input input = scene.input();
  const reconcile::View view(input);
  EXPECT_EQ(reconcile::minimum_master_nodes_at_launch(view, scene.node("data-0")), 2U);
  EXPECT_EQ(reconcile::minimum_master_nodes_at_launch(view, scene.node("data-3")), 3U);
  scene.cluster.set_bootstrapped(false);
  EXPECT_EQ(reconcile::minimum_master_nodes_at_launch(view, scene.node("data-0")), 3U);
}

/// Two masters of which data-1 has left: drained, stopped, and seen gone; its place is still there.
Scene one_of_two_has_left() {
  Scene scene = Scene::at_rest(2);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(1);
  auto& left = scene.node("data-1");
  left.set_removing(true);
  left.set_drain(state::DRAIN_STATUS_FINISHED);
  left.mutable_task()->set_state(model::TASK_STATE_KILLED);
  left.mutable_task()->set_joined(false);
  std::erase(scene.observation.nodes, "data-1");
  auto& offer = *std::ranges::find(scene.offers, left.place().agent_id(), &reconcile::Offer::agent_id);
  offer.reserved.push_back({.cluster = "search",
                            .node = "data-1",
                            .place = left.place().volume_id(),
                            .quantities = reconcile::to_quantities(left.place().resources()),
                            .ports = {},
                            .has_volume = true});
  return scene;
}

std::uint32_t at_launch(const Scene& scene, const state::Node& node) {
  const reconcile::Input input = scene.input();
  return reconcile::minimum_master_nodes_at_launch(reconcile::View(input), node);
}

TEST(MinimumMasterNodes, ThePlaceOfAMasterStaysWhileAnotherStartsThatMayNeedItsVote) {
  Scene scene = one_of_two_has_left();
  EXPECT_TRUE(scene.plans("release_place"));
  state::Task& starting = *scene.node("data-0").mutable_task();
  starting.set_joined(false);
  EXPECT_FALSE(scene.plans("release_place"));
  EXPECT_TRUE(scene.holds("masters_have_joined_first", "data-1"));
  starting.set_state(model::TASK_STATE_UNREACHABLE);  // it was there before, and comes back as it was
  EXPECT_TRUE(scene.plans("release_place"));
}

TEST(MinimumMasterNodes, AtLaunchDoesNotCountAMasterThatIsGivenUp) {
  Scene scene = one_of_two_has_left();
  EXPECT_EQ(at_launch(scene, scene.node("data-0")), 2U);
  scene.node("data-1").set_place_status(state::PLACE_STATUS_RELEASING);
  scene.node("data-1").set_release_seq(900);
  EXPECT_EQ(at_launch(scene, scene.node("data-0")), 1U);
}

TEST(MinimumMasterNodes, AMasterThatIsGivenUpIsNotStartedAgainForItsVote) {
  Scene scene = one_of_two_has_left();
  scene.cluster.mutable_health()->set_status(model::HEALTH_STATUS_UNKNOWN);
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  scene.cluster.set_health_since_at_us(to_us(scene.now - std::chrono::minutes{2}));
  EXPECT_TRUE(scene.plans("launch_node"));
  scene.node("data-1").set_release_seq(900);  // a release that failed: the place is still reserved
  EXPECT_FALSE(scene.plans("launch_node"));
  EXPECT_TRUE(scene.plans("release_place"));
}

/// It may have stored a two, and then is silent until there is a second vote; the new one can not be elected without
/// it.
TEST(MinimumMasterNodes, ASecondMasterStartsThoughTheOnlyOneIsSilent) {
  World world = settled(1);
  const std::size_t first = world.log.size();
  world.elasticsearch_is_silent = true;
  world.round();
  world.scale("data", 2);
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_THAT(story(world, first), testing::Contains("launch data-1")) << world.show();
  const auto launches = world.events_of(event::Event::kTaskLaunchIntended);
  EXPECT_THAT(launches.back().task_launch_intended().launch().command(), testing::HasSubstr("minimum_master_nodes='2'"))
      << "it can not elect itself";
  world.elasticsearch_is_silent = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.cluster().minimum_master_nodes_applied(), 2U);
}

TEST(MinimumMasterNodes, AThirdMasterWaitsForAnAnswer) {
  World world = settled(2);
  const std::size_t first = world.log.size();
  world.elasticsearch_is_silent = true;
  world.round();
  world.scale("data", 3);
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_THAT(story(world, first), testing::Not(testing::Contains("launch data-2"))) << world.show();
}

}  // namespace
}  // namespace esaas::test
