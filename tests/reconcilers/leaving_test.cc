// How nodes leave when the world is not perfect.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Four nodes with shards on all of them.
World full_world(std::uint32_t replicas = 1) {
  World world(6);
  world.create({World::group("data", 4)});
  EXPECT_TRUE(world.settle());
  world.index("logs", 4, replicas);
  return world;
}

TEST(Leaving, NothingIsStoppedWhileElasticsearchIsSilent) {
  World world = full_world();
  world.scale("data", 3);
  world.elasticsearch_is_silent = true;
  EXPECT_FALSE(world.settle(60));
  EXPECT_TRUE(world.has_hold("health_unknown"));
  EXPECT_THAT(world.events_of(event::Event::kTaskKillIntended), IsEmpty());
  world.elasticsearch_is_silent = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_FALSE(world.has_node("data-3"));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Leaving, SilenceInTheMiddleOfADrainStopsNothing) {
  World world = full_world();
  world.scale("data", 3);
  world.round();
  ASSERT_EQ(world.node("data-3").drain(), state::DRAIN_STATUS_BEGAN);
  world.elasticsearch_is_silent = true;
  EXPECT_FALSE(world.settle(60));
  EXPECT_THAT(world.events_of(event::Event::kTaskKillIntended), IsEmpty());
}

TEST(Leaving, ADrainThatCanNotEndIsNotBegun) {
  World world = full_world(3);
  world.scale("data", 3);
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("too_few_nodes_for_replicas"));
  EXPECT_THAT(world.excluded, IsEmpty());
  world.indices["logs"].replicas = 1;  // as its hold asks for
  for (auto& copies : world.indices["logs"].shards) copies.resize(2);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Leaving, ClosedIndicesAreWaitedFor) {
  World world = full_world();
  world.closed_indices = {"old"};
  world.scale("data", 3);
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("closed_indices_do_not_move"));
  world.closed_indices.clear();
  ASSERT_TRUE(world.settle()) << world.show();
}

TEST(Leaving, AnExclusionThatElasticsearchForgotIsPutAgain) {
  World world = full_world();
  world.scale("data", 3);
  world.round();
  ASSERT_THAT(world.excluded, ElementsAre("data-3"));
  world.excluded.clear();  // a full restart forgets transient settings
  world.round();
  EXPECT_THAT(world.excluded, ElementsAre("data-3"));
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Leaving, AnAnswerFromBeforeTheDrainDoesNotEndIt) {
  World world = full_world();
  world.scale("data", 3);
  world.round();
  ASSERT_EQ(world.node("data-3").drain(), state::DRAIN_STATUS_BEGAN);
  ASSERT_TRUE(world.has_hold("drain_waits_for_shards"));
  reconcile::Observation early = world.observe_now();
  early.observed_at = world.now - std::chrono::microseconds{1};
  std::erase_if(early.shards, [](const auto& copy) { return copy.node == "data-3"; });
  const auto drains_with = [&](const reconcile::Observation& seen) {
    const auto plan = reconcile::reconcile({.cluster = world.cluster(),
                                            .operation = nullptr,
                                            .observation = &seen,
                                            .offers = {},
                                            .settings = world.settings,
                                            .now = world.now,
                                            .next_seq = 1});
    return std::ranges::any_of(plan.actions, [](const auto& action) { return action.name == "finish_drain"; });
  };
  EXPECT_FALSE(drains_with(early));
  reconcile::Observation late = early;
  late.observed_at = world.now + std::chrono::microseconds{1};
  EXPECT_TRUE(drains_with(late));
}

TEST(Leaving, ALeavingNodeThatCrashedIsNotNeededWhileNothingIsRed) {
  World world = full_world();
  world.scale("data", 3);
  world.round();
  world.end_task("data-3", model::TASK_STATE_FAILED);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.events_of(event::Event::kTaskLaunchIntended).size(), 4U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Leaving, ALeavingNodeThatCrashedWithTheOnlyCopyIsStartedAgainToHandItOver) {
  World world = full_world(0);
  world.scale("data", 3);
  world.round();
  world.end_task("data-3", model::TASK_STATE_FAILED);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.events_of(event::Event::kTaskLaunchIntended).size(), 5U);
  EXPECT_FALSE(world.has_node("data-3"));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Leaving, ANodeThatNeverGotAPlaceJustGoes) {
  World world(3);
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.scale("data", 5);
  EXPECT_FALSE(world.settle(10));
  EXPECT_TRUE(world.has_hold("waits_for_offer"));
  world.give_up_operation();
  world.scale("data", 3);
  ASSERT_TRUE(world.settle(10)) << world.show();
  EXPECT_THAT(world.events_of(event::Event::kTaskKillIntended), IsEmpty());
}

TEST(Leaving, AKillWithoutAnAnswerIsRepeated) {
  World world = full_world();
  world.kills_are_lost = true;
  world.scale("data", 3);
  EXPECT_FALSE(world.settle(15));
  ASSERT_EQ(world.events_of(event::Event::kTaskKillIntended).size(), 1U);
  world.kills_are_lost = false;
  ASSERT_TRUE(world.settle(30)) << world.show();
  EXPECT_EQ(world.events_of(event::Event::kTaskKillIntended).size(), 1U);
}

TEST(Leaving, SeveralNodesDrainAtOnceAndStopOneAfterAnother) {
  World world(8);
  world.create({World::group("data", 6)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 6, 1);
  world.scale("data", 3);
  world.round();
  EXPECT_THAT(world.excluded, ElementsAre("data-3", "data-4", "data-5"));
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-0", "data-1", "data-2"}));
  EXPECT_EQ(world.minimum_master_nodes, 2U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Leaving, NobodyIsDrainedOntoDisksThatAreFull) {
  World world;
  world.create({World::group("data", 4)});
  ASSERT_TRUE(world.settle()) << world.show();
  world.index("logs", 4, 1);
  world.disk_available_mib =
      10'500;  // 500 MiB below the high watermark on each of three: less than the volume that leaves
  world.scale("data", 3);
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("too_little_disk_for_shards")) << world.show();
  EXPECT_THAT(world.excluded, testing::IsEmpty());
  world.disk_available_mib = 20'000;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_THAT(world.violations, testing::IsEmpty());
}

}  // namespace
}  // namespace esaas::test
