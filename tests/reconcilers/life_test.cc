// Whole lives of a cluster in the perfect world: every operation reaches its goal in a bounded
// number of rounds and nothing that must never happen does.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClusterLife, IsCreatedGreenWithEveryNodeJoined) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle(20)) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded"));
  EXPECT_TRUE(world.cluster().bootstrapped());
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_EQ(world.minimum_master_nodes, 2U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, ScalesOutAndInWithoutLosingACopy) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle()) << world.show();
  world.index("logs", 4, 1);
  world.scale("data", 4);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined().size(), 4U);
  EXPECT_EQ(world.minimum_master_nodes, 3U);
  world.scale("data", 3);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_EQ(world.minimum_master_nodes, 2U);
  EXPECT_FALSE(world.has_node("data-3"));
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded", "succeeded"));
  EXPECT_THAT(world.violations, IsEmpty());
  EXPECT_THAT(world.excluded, IsEmpty());
}

TEST(ClusterLife, IsDeletedWithNothingLeft) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 2, 1);
  world.elasticsearch_is_silent = true;
  world.remove();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_FALSE(world.exists());
  for (const WorldAgent& agent : world.agents) EXPECT_THAT(agent.places, IsEmpty());
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
}

TEST(ClusterLife, DedicatedMastersComeAndGo) {
  World world(10);
  world.create(
      {World::group("master", 3, {model::NODE_ROLE_MASTER}), World::group("data", 2, {model::NODE_ROLE_DATA})});
  ASSERT_TRUE(world.settle()) << world.show();
  world.index("logs", 3, 1);
  for (const std::uint32_t count : {5U, 1U, 3U}) {
    world.scale("master", count);
    ASSERT_TRUE(world.settle()) << world.show();
    EXPECT_EQ(world.joined().size(), count + 2U);
    EXPECT_EQ(world.minimum_master_nodes, count / 2 + 1);
  }
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, GrowsFromOneNodeAndShrinksBackToIt) {
  World world;
  world.create({World::group("data", 1)});
  ASSERT_TRUE(world.settle()) << world.show();
  world.index("logs", 2, 0);
  world.scale("data", 3);
  ASSERT_TRUE(world.settle()) << world.show();
  world.scale("data", 1);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined().size(), 1U);
  EXPECT_EQ(world.minimum_master_nodes, 1U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, IsResizedByReplacingOneNodeAfterAnother) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 4, 0);  // no node can be missed: none grows where it is
  world.resize("data", 2048);
  for (int i = 0; i < 200 && world.outcomes.size() < 2; ++i) {
    world.round();
    EXPECT_LE(world.cluster().nodes_size(), 4);
  }
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-3", "data-4", "data-5"}));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, AResizeThatFitsNowhereCanBeTakenBack) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.resize("data", 1024 * 1024);
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("waits_for_room_to_grow")) << world.show();
  EXPECT_FALSE(world.settle(60));
  EXPECT_TRUE(world.has_hold("waits_for_offer")) << world.show();
  world.give_up_operation();
  world.resize("data", 1024);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-0", "data-1", "data-2"}));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, IsSuspendedAndResumedOnItsOwnPlaces) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 2, 0);
  const auto places = world.agents.front().places.size();
  world.suspend();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.joined(), IsEmpty());
  EXPECT_EQ(world.agents.front().places.size(), places);
  world.resume();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_EQ(world.events_of(event::Event::kPlaceIntended).size(), 3U);
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded", "succeeded"));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, AFailedNodeComesBackOnItsOwnVolume) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 4, 1);
  const std::string volume = world.node("data-1").place().volume_id();
  world.end_task("data-1", model::TASK_STATE_FAILED);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.node("data-1").place().volume_id(), volume);
  EXPECT_EQ(world.node("data-1").attempt(), 2U);
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, ANodeOutOfSightIsNeverDoubled) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.lose_agent_of("data-1");
  EXPECT_FALSE(world.settle(50));
  EXPECT_TRUE(world.has_hold("waits_for_unreachable_task"));
  EXPECT_EQ(world.events_of(event::Event::kTaskLaunchIntended).size(), 3U);
  world.see_agents_again();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.events_of(event::Event::kTaskLaunchIntended).size(), 3U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, ANodeWhoseAgentIsGoneIsPlacedAnew) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 4, 1);
  const std::string volume = world.node("data-1").place().volume_id();
  world.declare_gone("data-1");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_NE(world.node("data-1").place().volume_id(), volume);
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(ClusterLife, AgentsGoneWithTheLastCopyAreHeld) {
  World world;
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle());
  world.index("lone", 3, 0);
  world.declare_gone("data-1");
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("cluster_is_not_red")) << world.show();
  EXPECT_THAT(world.events_of(event::Event::kPlaceFailed), IsEmpty());
}

}  // namespace
}  // namespace esaas::test
