#include "core/state/evolve_elasticsearch.h"

#include "tests/core/story.h"

namespace esaas::state {
namespace {

using test::Story;

event::Event about_search(const std::string& operation = "") {
  event::Event event;
  event.set_cluster("search");
  event.set_tenant("shop");
  event.set_operation_id(operation);
  return event;
}

std::uint64_t intend(Story& story, const std::string& operation, const std::string& purpose,
                     const std::string& subject) {
  event::Event event = about_search(operation);
  event::ElasticsearchRequestIntended& payload = *event.mutable_elasticsearch_request_intended();
  payload.set_purpose(purpose);
  payload.set_subject(subject);
  payload.set_method("PUT");
  payload.set_path("/" + subject + "/_settings");
  payload.set_body("{}");
  return story.fold(event);
}

void answer(Story& story, std::uint64_t seq, bool accepted, const std::string& why) {
  event::Event event = about_search();
  event.mutable_elasticsearch_request_answered()->set_request_seq(seq);
  event.mutable_elasticsearch_request_answered()->set_accepted(accepted);
  event.mutable_elasticsearch_request_answered()->set_why(why);
  story.fold(event);
}

Story story_with_search() {
  Story story;
  story.given_search();
  return story;
}

/// A running operation that changes settings.
std::string begin_side_operation(Story& story) {
  event::Event requested = about_search("op-side");
  requested.mutable_operation_requested()->set_id("op-side");
  requested.mutable_operation_requested()->mutable_request()->mutable_settings();
  story.fold(requested);
  event::Event started = about_search("op-side");
  started.mutable_operation_started()->set_id("op-side");
  story.fold(started);
  return "op-side";
}

TEST(EvolveElasticsearch, AnOperationsRequestStaysWithItsAnswerUntilTheOperationIsOver) {
  Story story = story_with_search();
  const std::string operation = begin_side_operation(story);
  const std::uint64_t seq = intend(story, operation, "put_replicas", "logs");
  ASSERT_EQ(story.cluster().requests_size(), 1);
  EXPECT_FALSE(story.cluster().requests(0).answered());
  answer(story, seq, true, "");
  ASSERT_EQ(story.cluster().requests_size(), 1);
  EXPECT_TRUE(story.cluster().requests(0).accepted());
  event::Event finished = about_search(operation);
  finished.mutable_operation_finished()->set_id(operation);
  story.fold(finished);
  EXPECT_EQ(story.cluster().requests_size(), 0);
}

TEST(EvolveElasticsearch, OfTheControllersOwnRequestsOnlyARefusedOneStaysUntilItIsTriedAnew) {
  Story story = story_with_search();
  answer(story, intend(story, "", "put_replicas", "logs"), true, "");
  EXPECT_EQ(story.cluster().requests_size(), 0);
  answer(story, intend(story, "", "put_replicas", "logs"), false, "index_not_found_exception");
  ASSERT_EQ(story.cluster().requests_size(), 1);
  EXPECT_EQ(story.cluster().requests(0).why(), "index_not_found_exception");
  const std::uint64_t again = intend(story, "", "put_replicas", "logs");
  ASSERT_EQ(story.cluster().requests_size(), 1);
  EXPECT_EQ(story.cluster().requests(0).seq(), again);
}

TEST(EvolveElasticsearch, RefusalsOfWhatIsNotAskedAgainDoNotPileUp) {
  Story story = story_with_search();
  for (int hour = 0; hour < 10; ++hour) {
    const std::string snapshot = "backup/esaas-search-" + std::to_string(hour);
    answer(story, intend(story, "", "policy_take_snapshot", snapshot), false, "repository_exception");
    EXPECT_LE(story.cluster().requests_size(), 2);
    story.now += std::chrono::hours{1};
  }
  answer(story, intend(story, "", "policy_set_replicas", "logs"), false, "index_not_found_exception");
  EXPECT_EQ(story.cluster().requests_size(), 2) << "what another policy was refused is not its matter";
}

TEST(EvolveElasticsearch, AnAnswerToNothingChangesNothing) {
  Story story = story_with_search();
  const std::string before = story.cluster().SerializeAsString();
  answer(story, 4711, true, "");
  EXPECT_EQ(story.cluster().SerializeAsString(), before);
}

TEST(EvolveElasticsearch, ASideOperationRunsBesideTheActiveOne) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  const std::string active = story.cluster().active_operation();
  ASSERT_FALSE(active.empty());
  const std::string side = begin_side_operation(story);
  EXPECT_EQ(story.cluster().active_operation(), active);
  ASSERT_EQ(story.cluster().side_operations_size(), 1);
  EXPECT_EQ(story.cluster().side_operations(0), side);
  EXPECT_EQ(story.cluster().queued_operations_size(), 0);
  event::Event finished = about_search(side);
  finished.mutable_operation_finished()->set_id(side);
  story.fold(finished);
  EXPECT_EQ(story.cluster().side_operations_size(), 0);
  EXPECT_EQ(story.cluster().active_operation(), active);
}

TEST(EvolveElasticsearch, AFullRestartGoesFromBeginToEnd) {
  Story story = story_with_search();
  event::Event prepared = about_search();
  prepared.mutable_full_restart_prepared();
  story.fold(prepared);
  EXPECT_FALSE(story.cluster().has_full_restart());
  event::Event began = about_search();
  began.mutable_full_restart_began()->set_why("2.4.6 and 5.6.16 do not work together.");
  const std::uint64_t seq = story.fold(began);
  EXPECT_EQ(story.cluster().full_restart().seq(), seq);
  story.fold(prepared);
  EXPECT_TRUE(story.cluster().full_restart().prepared());
  event::Event stopped = about_search();
  stopped.mutable_full_restart_stopped();
  story.fold(stopped);
  EXPECT_TRUE(story.cluster().full_restart().stopped());
  event::Event ended = about_search();
  ended.mutable_full_restart_ended();
  story.fold(ended);
  EXPECT_FALSE(story.cluster().has_full_restart());
}

TEST(EvolveElasticsearch, APolicyRunEndsOnlyByItsOwnName) {
  Story story = story_with_search();
  const auto began = [&](const std::string& subject) {
    event::Event event = about_search();
    event.mutable_policy_run_began()->set_policy("snapshots");
    event.mutable_policy_run_began()->set_subject(subject);
    story.fold(event);
  };
  const auto finished = [&](const std::string& subject) {
    event::Event event = about_search();
    event.mutable_policy_run_finished()->set_policy("snapshots");
    event.mutable_policy_run_finished()->set_subject(subject);
    story.fold(event);
  };
  began("esaas-1");
  began("esaas-2");
  ASSERT_EQ(story.cluster().policy_runs_size(), 1);
  EXPECT_EQ(story.cluster().policy_runs(0).subject(), "esaas-2");
  finished("esaas-1");
  EXPECT_FALSE(story.cluster().policy_runs(0).finished());
  finished("esaas-2");
  EXPECT_TRUE(story.cluster().policy_runs(0).finished());
}

TEST(EvolveElasticsearch, PoliciesThatAreTakenAwayLeaveTheTenantsInForce) {
  Story story = story_with_search();
  event::Event set = about_search();
  set.mutable_policies_changed()->mutable_after();
  story.fold(set);
  EXPECT_TRUE(story.cluster().spec().has_policies()) << "none, and that on purpose";
  event::Event taken = about_search();
  taken.mutable_policies_changed()->mutable_before();
  story.fold(taken);
  EXPECT_FALSE(story.cluster().spec().has_policies());
}

TEST(EvolveElasticsearch, ARuleIsOutOfForceForOneOperation) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  const std::string active = story.cluster().active_operation();
  event::Event event = about_search(active);
  event.mutable_actor()->set_name("tok-root");
  event.mutable_rule_overridden()->set_id(active);
  event.mutable_rule_overridden()->set_rule("one_node_at_a_time");
  story.fold(event);
  const Operation operation = story.operation(active);
  ASSERT_EQ(operation.overrides_size(), 1);
  EXPECT_EQ(operation.overrides(0).rule(), "one_node_at_a_time");
  EXPECT_EQ(operation.overrides(0).by(), "tok-root");
}

TEST(EvolveOperation, AStepIsThereSinceItWasFirstTold) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  const std::string active = story.cluster().active_operation();
  event::Event event = about_search(active);
  event.mutable_operation_step_changed()->set_id(active);
  event.mutable_operation_step_changed()->set_step("join");
  event.mutable_operation_step_changed()->set_total(4);
  story.fold(event);
  const std::int64_t since = to_us(story.now);
  story.now += std::chrono::seconds{5};
  event.mutable_operation_step_changed()->set_done(1);
  story.fold(event);
  const Operation operation = story.operation(active);
  ASSERT_EQ(operation.steps_size(), 1);
  EXPECT_EQ(operation.steps(0).done(), 1U);
  EXPECT_EQ(operation.steps(0).since_at_us(), since);
}

TEST(EvolveElasticsearch, ANodeIsShieldedSinceTheFirstWord) {
  Story story = story_with_search();
  event::Event added = about_search();
  added.mutable_node_added()->set_node("data-0");
  added.mutable_node_added()->set_group("data");
  story.fold(added);
  event::Event shielded = about_search();
  shielded.mutable_node_shielded()->set_node("data-0");
  story.fold(shielded);
  const std::int64_t since = story.cluster().nodes(0).shielded_at_us();
  EXPECT_GT(since, 0);
  story.now += std::chrono::seconds{5};
  story.fold(shielded);
  EXPECT_EQ(story.cluster().nodes(0).shielded_at_us(), since);
  event::Event unshielded = about_search();
  unshielded.mutable_node_unshielded()->set_node("data-0");
  story.fold(unshielded);
  EXPECT_EQ(story.cluster().nodes(0).shielded_at_us(), 0);
}

}  // namespace
}  // namespace esaas::state
