// Suspended, deleting, and paused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;

World created() {
  World world;
  world.create({World::group("data", 3)});
  EXPECT_TRUE(world.settle());
  return world;
}

TEST(Suspension, WaitsUntilTheHealthIsKnownAndThenStopsAllInOneAction) {
  World world = created();
  world.elasticsearch_is_silent = true;
  world.round();
  world.suspend();
  EXPECT_FALSE(world.settle(40));
  EXPECT_TRUE(world.has_hold("health_unknown"));
  EXPECT_THAT(world.events_of(event::Event::kTaskKillIntended), IsEmpty());
  world.elasticsearch_is_silent = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.events_of(event::Event::kTaskKillIntended), SizeIs(3));
}

TEST(Suspension, GoesOnWhenItsOwnKillsHaveSilencedTheCluster) {
  World world = created();
  world.suspend();
  world.kills_are_lost = true;
  world.round();
  ASSERT_THAT(world.events_of(event::Event::kTaskKillIntended), SizeIs(3));
  world.elasticsearch_is_silent = true;
  world.kills_are_lost = false;
  ASSERT_TRUE(world.settle(30)) << world.show();
  EXPECT_EQ(world.cluster().phase(), state::CLUSTER_PHASE_SUSPENDED);
}

TEST(Suspension, LaunchesNothing) {
  World world = created();
  world.suspend();
  ASSERT_TRUE(world.settle());
  const auto launches = world.events_of(event::Event::kTaskLaunchIntended).size();
  EXPECT_FALSE(reconcile::wants_offers(world.cluster(), world.now));
  for (int i = 0; i < 10; ++i) world.round();
  EXPECT_EQ(world.events_of(event::Event::kTaskLaunchIntended).size(), launches);
}

TEST(Deletion, WaitsForATaskOutOfSight) {
  World world = created();
  world.lose_agent_of("data-1");
  world.remove();
  EXPECT_FALSE(world.settle(30));
  EXPECT_TRUE(world.has_hold("waits_for_unreachable_task"));
  EXPECT_EQ(world.cluster().nodes_size(), 1);
  world.see_agents_again();
  ASSERT_TRUE(world.settle(60)) << world.show();
  EXPECT_FALSE(world.exists());
}

TEST(Deletion, DoesNotWaitForAnAgentThatIsGone) {
  World world = created();
  world.declare_gone("data-1");
  world.remove();
  ASSERT_TRUE(world.settle(30)) << world.show();
  EXPECT_FALSE(world.exists());
}

TEST(Deletion, OfAClusterThatNeverFormedNeedsNothing) {
  World world(1);
  world.create({World::group("data", 3)});
  EXPECT_FALSE(world.settle(5));
  world.remove();
  ASSERT_TRUE(world.settle(10)) << world.show();
  EXPECT_FALSE(world.exists());
  for (const WorldAgent& agent : world.agents) EXPECT_THAT(agent.places, IsEmpty());
}

TEST(Deletion, EndsWithTheClusterAndThenItsOperation) {
  World world = created();
  world.remove();
  ASSERT_TRUE(world.settle());
  ASSERT_GE(world.log.size(), 2U);
  EXPECT_TRUE(world.log[world.log.size() - 2].has_cluster_deleted());
  EXPECT_TRUE(world.log.back().has_operation_finished());
}

TEST(Pause, HoldsNewNodesAndRecoversOldOnes) {
  World world = created();
  world.scale("data", 4);
  world.control(command::OperationVerb::kPause);
  world.end_task("data-0", model::TASK_STATE_FAILED);
  EXPECT_FALSE(world.settle(10));
  EXPECT_TRUE(world.has_hold("operation_paused"));
  EXPECT_EQ(world.cluster().nodes_size(), 3);
  EXPECT_THAT(world.joined(), Contains("data-0"));
  world.control(command::OperationVerb::kContinue);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined().size(), 4U);
}

TEST(Pause, HoldsADrainWhereItIs) {
  World world = created();
  world.index("logs", 3, 1);
  world.scale("data", 2);
  world.round();
  world.control(command::OperationVerb::kPause);
  EXPECT_FALSE(world.settle(10));
  EXPECT_TRUE(world.has_hold("operation_paused"));
  EXPECT_THAT(world.events_of(event::Event::kTaskKillIntended), IsEmpty());
  world.control(command::OperationVerb::kContinue);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.violations, IsEmpty());
}

}  // namespace
}  // namespace esaas::test
