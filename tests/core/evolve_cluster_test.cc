#include "tests/core/story.h"

namespace esaas::state {
namespace {

using test::Story;

event::Event about_search() {
  event::Event event;
  event.set_cluster("search");
  event.set_tenant("shop");
  return event;
}

Story story_with_search() {
  Story story;
  story.given_search();
  return story;
}

void add_node(Story& story, const std::string& name) {
  event::Event event = about_search();
  event.mutable_node_added()->set_node(name);
  event.mutable_node_added()->set_group("data");
  story.fold(event);
}

void begin_hold(Story& story, const std::string& rule, const std::string& node, const std::string& why) {
  event::Event event = about_search();
  event.mutable_hold_began()->set_rule(rule);
  event.mutable_hold_began()->set_node(node);
  event.mutable_hold_began()->set_why(why);
  story.fold(event);
}

TEST(EvolveCluster, ANewClusterRunsWithUnknownHealth) {
  const Story story = story_with_search();
  EXPECT_EQ(story.cluster().phase(), CLUSTER_PHASE_RUNNING);
  EXPECT_EQ(story.cluster().health().status(), model::HEALTH_STATUS_UNKNOWN);
  EXPECT_EQ(story.cluster().created_at_us(), to_us(test::kNoon));
  EXPECT_FALSE(story.cluster().bootstrapped());
}

TEST(EvolveCluster, NodeNamesAreNeverUsedTwice) {
  Story story = story_with_search();
  add_node(story, "data-0");
  add_node(story, "data-1");
  event::Event removed = about_search();
  removed.mutable_node_removed()->set_node("data-1");
  story.fold(removed);
  EXPECT_EQ(story.cluster().nodes_size(), 1);
  EXPECT_EQ(story.cluster().next_ordinals(0), 2U);
}

TEST(EvolveCluster, TheSameNodeAddedTwiceIsOneNode) {
  Story story = story_with_search();
  add_node(story, "data-0");
  add_node(story, "data-0");
  EXPECT_EQ(story.cluster().nodes_size(), 1);
}

TEST(EvolveCluster, HoldsAreSortedReplacedAndEnded) {
  Story story = story_with_search();
  begin_hold(story, "wait_for_green", "", "yellow");
  begin_hold(story, "enough_offers", "data-1", "none");
  begin_hold(story, "wait_for_green", "", "red");
  ASSERT_EQ(story.cluster().holds_size(), 2);
  EXPECT_EQ(story.cluster().holds(0).rule(), "enough_offers");
  EXPECT_EQ(story.cluster().holds(1).why(), "red");
  event::Event ended = about_search();
  ended.mutable_hold_ended()->set_rule("wait_for_green");
  story.fold(ended);
  ASSERT_EQ(story.cluster().holds_size(), 1);
  EXPECT_EQ(story.cluster().holds(0).rule(), "enough_offers");
}

TEST(EvolveCluster, AHoldThatIsToldAgainHoldsSinceTheFirstTimeUnlessItSaysSomethingElse) {
  Story story = story_with_search();
  begin_hold(story, "enough_offers", "data-1", "none fits");
  const std::int64_t since = story.cluster().holds(0).since_at_us();
  story.now += std::chrono::seconds{10};
  begin_hold(story, "enough_offers", "data-1", "none fits");
  ASSERT_EQ(story.cluster().holds_size(), 1);
  EXPECT_EQ(story.cluster().holds(0).since_at_us(), since);
  begin_hold(story, "enough_offers", "data-1", "none is left");
  EXPECT_EQ(story.cluster().holds(0).since_at_us(), since + 10'000'000);
}

/// Which of many shards is named may change with each look; it is one wait.
TEST(EvolveHolds, HoldSinceTheyBeganWhileOnlyTheShardThatTheyNameChanges) {
  Story story;
  story.given_search();
  const auto begin = [&story](const std::string& shard, const std::string& what) {
    event::Event event;
    event.set_cluster("search");
    event.mutable_hold_began()->set_rule("keeps_last_started_copy");
    event.mutable_hold_began()->set_node("data-1");
    event.mutable_hold_began()->set_why("The node holds shard " + shard + what);
    model::Figure& figure = *event.mutable_hold_began()->add_basis();
    figure.set_name("shard");
    figure.set_value(shard);
    story.fold(event);
  };
  begin("3 of logs", ".");
  const std::int64_t since = story.cluster().holds(0).since_at_us();
  story.now += std::chrono::seconds{10};
  begin("11 of orders", ".");
  ASSERT_EQ(story.cluster().holds_size(), 1);
  EXPECT_EQ(story.cluster().holds(0).since_at_us(), since);
  EXPECT_EQ(story.cluster().holds(0).why(), "The node holds shard 11 of orders.");
  begin("11 of orders", ", and more.");
  EXPECT_EQ(story.cluster().holds(0).since_at_us(), since + 10'000'000) << "that is another sentence";
}

TEST(EvolveCluster, ANodeTakesItsHoldsAlong) {
  Story story = story_with_search();
  add_node(story, "data-0");
  begin_hold(story, "enough_offers", "data-0", "none");
  begin_hold(story, "wait_for_green", "", "red");
  event::Event removed = about_search();
  removed.mutable_node_removed()->set_node("data-0");
  story.fold(removed);
  ASSERT_EQ(story.cluster().holds_size(), 1);
  EXPECT_EQ(story.cluster().holds(0).rule(), "wait_for_green");
}

TEST(EvolveCluster, HealthSinceMovesOnlyWhenTheStatusDoes) {
  Story story = story_with_search();
  event::Event green = about_search();
  green.mutable_cluster_health_changed()->mutable_after()->set_status(model::HEALTH_STATUS_GREEN);
  story.now += std::chrono::seconds{5};
  story.fold(green);
  const auto since = story.cluster().health_since_at_us();
  EXPECT_EQ(since, to_us(story.now));
  green.mutable_cluster_health_changed()->mutable_after()->set_active_shards(10);
  story.now += std::chrono::seconds{5};
  story.fold(green);
  EXPECT_EQ(story.cluster().health_since_at_us(), since);
  EXPECT_EQ(story.cluster().health().active_shards(), 10U);
}

TEST(EvolveCluster, IntendedAndAppliedSettingsAreKeptApart) {
  Story story = story_with_search();
  event::Event intended = about_search();
  intended.mutable_minimum_master_nodes_intended()->set_value(2);
  story.fold(intended);
  EXPECT_EQ(story.cluster().minimum_master_nodes_intended(), 2U);
  EXPECT_EQ(story.cluster().minimum_master_nodes_applied(), 0U);
  event::Event applied = about_search();
  applied.mutable_minimum_master_nodes_applied()->set_value(2);
  story.fold(applied);
  EXPECT_EQ(story.cluster().minimum_master_nodes_applied(), 2U);
  event::Event excluded = about_search();
  excluded.mutable_exclusions_intended()->add_nodes("data-2");
  story.fold(excluded);
  EXPECT_EQ(story.cluster().exclusions_intended_size(), 1);
  EXPECT_EQ(story.cluster().exclusions_applied_size(), 0);
}

TEST(EvolveCluster, TheDeletedAreGoneAndLateEventsChangeOnlyTheHead) {
  Story story = story_with_search();
  event::Event deleted = about_search();
  deleted.mutable_cluster_deleted();
  story.fold(deleted);
  EXPECT_EQ(story.state.find_cluster("search"), nullptr);
  const std::uint64_t seq = story.state.seq();
  event::Event late = about_search();
  late.mutable_node_joined()->set_node("data-0");
  story.fold(late);
  begin_hold(story, "any", "", "late");
  EXPECT_EQ(story.state.seq(), seq + 2);
  EXPECT_TRUE(story.state.clusters.empty());
}

TEST(EvolveCluster, RevisionMovesWithWhatIsWantedAndNotWithWhatIsSeen) {
  Story story = story_with_search();
  const auto revision = story.cluster().revision();
  add_node(story, "data-0");
  begin_hold(story, "any", "", "why");
  EXPECT_EQ(story.cluster().revision(), revision);
  story.accept(test::submit_label("a", "b"));
  EXPECT_GT(story.cluster().revision(), revision);
}

}  // namespace
}  // namespace esaas::state
