// Law 13: operations that change topology queue, labels run alongside, a delete supersedes, If-Match guards.
#include "core/commands/operation_queue.h"
#include "core/model/request.h"

#include "core/commands/fulfil.h"
#include "core/commands/validate.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::Story;
using Kinds = std::vector<std::string>;

Story story_with_search() {
  Story story;
  story.given_search();
  return story;
}

TEST(OperationQueue, ScaleOfAnIdleClusterStartsAtOnce) {
  Story story = story_with_search();
  EXPECT_EQ(story.accept(test::submit_scale("data", 4)),
            (Kinds{"operation_requested", "operation_started", "node_group_scaled"}));
  EXPECT_EQ(story.cluster().spec().node_groups(0).count(), 4U);
  EXPECT_EQ(story.operation(story.cluster().active_operation()).status(), model::OPERATION_STATUS_RUNNING);
}

TEST(OperationQueue, SecondTopologyChangeWaitsForTheFirst) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  EXPECT_EQ(story.accept(test::submit_resize("data", 2048)), (Kinds{"operation_requested"}));
  ASSERT_EQ(story.cluster().queued_operations_size(), 1);
  const std::string waiting = story.cluster().queued_operations(0);
  EXPECT_EQ(story.operation(waiting).status(), model::OPERATION_STATUS_QUEUED);
  EXPECT_EQ(story.finish_active("search"), (Kinds{"operation_started", "node_group_resized"}));
  EXPECT_EQ(story.cluster().active_operation(), waiting);
  EXPECT_EQ(story.cluster().spec().node_groups(0).resources().mem_mib(), 2048U);
}

TEST(OperationQueue, QueueRunsInOrderOneAtATime) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  story.accept(test::submit_scale("data", 6));
  story.finish_active("search");
  EXPECT_EQ(story.cluster().spec().node_groups(0).count(), 5U);
  EXPECT_EQ(story.cluster().queued_operations_size(), 1);
  story.finish_active("search");
  EXPECT_EQ(story.cluster().spec().node_groups(0).count(), 6U);
}

TEST(OperationQueue, QueuedOperationThatNoLongerFitsFailsAndTheNextStarts) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  EXPECT_EQ(story.finish_active("search"), (Kinds{"operation_finished", "operation_started", "node_group_scaled"}));
  EXPECT_EQ(story.cluster().spec().node_groups(0).count(), 5U);
}

TEST(OperationQueue, EventsOfAStartedOperationAreTheControllersAndNameTheirCause) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  const std::string id = story.cluster().queued_operations(0);
  const command::Context context{story.now, {}, 99, nullptr};
  EXPECT_TRUE(command::start_next_operation(story.state, story.cluster(), context).empty()) << "one is active";
  event::Event finished;
  finished.set_cluster("search");
  finished.mutable_operation_finished()->set_id(story.cluster().active_operation());
  finished.mutable_operation_finished()->set_status(model::OPERATION_STATUS_SUCCEEDED);
  story.fold(finished);
  const auto events = command::start_next_operation(story.state, story.cluster(), context);
  ASSERT_FALSE(events.empty());
  for (const auto& event : events) {
    EXPECT_EQ(event.operation_id(), id);
    EXPECT_EQ(event.cluster(), "search");
    EXPECT_EQ(event.tenant(), "shop");
    EXPECT_EQ(event.cause_seq(), story.operation(id).requested_seq());
    EXPECT_EQ(event.actor().kind(), event::ACTOR_KIND_CONTROLLER);
  }
}

TEST(OperationQueue, LabelsRunAlongsideAndLeaveTheActiveOperationAlone) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  const std::string active = story.cluster().active_operation();
  const auto revision = story.cluster().revision();
  EXPECT_EQ(story.accept(test::submit_label("team", "red")), (Kinds{"operation_requested"}));
  EXPECT_GT(story.cluster().revision(), revision);
  EXPECT_EQ(story.state.operations.size(), 1U) << "it ended with its own request";
  EXPECT_EQ(story.cluster().active_operation(), active);
  EXPECT_EQ(story.cluster().queued_operations_size(), 0);
  EXPECT_EQ(story.cluster().labels(0).value(), "red");
}

TEST(OperationQueue, ALabelsEventKeepsWhatItReplaced) {
  Story story = story_with_search();
  story.accept(test::submit_label("team", "red"));
  story.accept(test::submit_label("site", "north"));
  const auto events = story.when(test::submit_label("team", "blue"));
  ASSERT_TRUE(events) << events.error().detail;
  const auto& before = events->at(0).operation_requested().fulfilment().labels_before();
  ASSERT_EQ(before.size(), 1);
  EXPECT_EQ(before[0].key(), "team");
  EXPECT_EQ(before[0].value(), "red");
}

TEST(OperationQueue, EmptyLabelValueRemovesTheLabel) {
  Story story = story_with_search();
  story.accept(test::submit_label("team", "red"));
  story.accept(test::submit_label("team", ""));
  EXPECT_EQ(story.cluster().labels_size(), 0);
}

TEST(OperationQueue, DeleteSupersedesTheActiveAndTheWaiting) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  const auto events = story.when(test::submit_delete("search"));
  ASSERT_TRUE(events) << events.error().detail;
  EXPECT_EQ(test::kinds_of(*events), (Kinds{"operation_requested", "operation_finished", "operation_finished",
                                            "operation_started", "cluster_deletion_began"}));
  EXPECT_EQ(events->at(1).operation_id(), story.cluster().active_operation());
  EXPECT_EQ(events->at(1).operation_finished().status(), model::OPERATION_STATUS_CANCELLED);
  EXPECT_EQ(events->at(2).operation_id(), story.cluster().queued_operations(0));
  for (const auto& event : *events) story.fold(event);
  EXPECT_EQ(story.state.operations.size(), 1U);
  EXPECT_EQ(story.cluster().phase(), state::CLUSTER_PHASE_DELETING);
}

TEST(OperationQueue, NothingButReadsIsAcceptedWhileDeleting) {
  Story story = story_with_search();
  story.accept(test::submit_delete("search"));
  for (const auto& command :
       {test::submit_scale("data", 5), test::submit_resize("data", 4096), test::submit_delete("search"),
        test::submit_suspend(), test::submit_resume(), test::submit_label("a", "b")}) {
    const Error error = story.refusal(command);
    EXPECT_EQ(error.code, ErrorCode::kConflict);
    EXPECT_EQ(error.rule, "cluster_not_deleting") << error.detail;
  }
}

TEST(OperationQueue, DeleteMustRepeatTheName) {
  Story story = story_with_search();
  const Error error = story.refusal(test::submit_delete("serach"));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.field, "confirm");
  EXPECT_EQ(error.rule, "confirm_names_the_cluster");
}

TEST(OperationQueue, FullQueueRefusesTopologyButNotLabelsOrDelete) {
  Story story = story_with_search();
  for (std::uint32_t i = 0; i <= command::kQueuedOperationsMax; ++i) story.accept(test::submit_scale("data", 4 + i));
  const Error error = story.refusal(test::submit_scale("data", 100));
  EXPECT_EQ(error.code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(error.rule, "queued_operations_max");
  story.accept(test::submit_label("team", "red"));
  story.accept(test::submit_delete("search"));
}

TEST(OperationQueue, IfMatchOfAnOldRevisionIsAConflict) {
  Story story = story_with_search();
  const std::uint64_t seen = story.cluster().revision();
  auto first = test::submit_scale("data", 4);
  first.if_match = seen;
  story.accept(first);
  auto second = test::submit_label("team", "red");
  second.if_match = seen;
  const Error error = story.refusal(second);
  EXPECT_EQ(error.code, ErrorCode::kConflict);
  EXPECT_EQ(error.field, "If-Match");
  EXPECT_EQ(error.rule, "revision_matches");
}

TEST(OperationQueue, SecondOfTwoWritersWithOneRevisionLosesEvenWhileBothWouldWait) {
  Story story = story_with_search();
  story.accept(test::submit_scale("data", 4));
  auto mine = test::submit_scale("data", 5);
  auto theirs = test::submit_scale("data", 6);
  mine.if_match = theirs.if_match = story.cluster().revision();
  story.accept(mine);
  EXPECT_EQ(story.refusal(theirs).rule, "revision_matches");
}

struct Refusal {
  const char* name;
  command::SubmitOperation command;
  ErrorCode code;
  const char* field;
  const char* rule;
};

class OperationRefused : public testing::TestWithParam<Refusal> {};

TEST_P(OperationRefused, NamesFieldAndRule) {
  const Error error = story_with_search().refusal(GetParam().command);
  EXPECT_EQ(error.code, GetParam().code) << error.detail;
  EXPECT_EQ(error.field, GetParam().field) << error.detail;
  EXPECT_EQ(error.rule, GetParam().rule) << error.detail;
}

command::SubmitOperation with_reason(std::size_t length) {
  auto command = test::submit_suspend();
  command.reason = std::string(length, 'r');
  return command;
}

command::SubmitOperation empty_request() { return {"search", {}, "POST", "/", "", {}}; }

INSTANTIATE_TEST_SUITE_P(
    Rules, OperationRefused,
    testing::Values(
        Refusal{"NoKind", empty_request(), ErrorCode::kInvalidArgument, "request", "required"},
        Refusal{"ScaleUnknownGroup", test::submit_scale("warm", 3), ErrorCode::kInvalidArgument, "group",
                "known_group"},
        Refusal{"ScaleBadGroupName", test::submit_scale("", 3), ErrorCode::kInvalidArgument, "group", "required"},
        Refusal{"ScaleToZero", test::submit_scale("data", 0), ErrorCode::kInvalidArgument, "count", "range"},
        Refusal{"ScaleTooFar", test::submit_scale("data", 1001), ErrorCode::kInvalidArgument, "count", "range"},
        Refusal{"ScaleToTheSame", test::submit_scale("data", 3), ErrorCode::kInvalidArgument, "count",
                "changes_something"},
        Refusal{"ResizeToTheSame", test::submit_resize("data", 1024), ErrorCode::kInvalidArgument, "resources",
                "changes_something"},
        Refusal{"ResizeToNothing", test::submit_resize("data", 0), ErrorCode::kInvalidArgument, "resources",
                "changes_something"},
        Refusal{"ResizeTooSmall", test::submit_resize("data", 1), ErrorCode::kInvalidArgument, "resources.mem_mib",
                "range"},
        Refusal{"ResumeARunningOne", test::submit_resume(), ErrorCode::kConflict, "", "changes_something"},
        Refusal{"ReasonTooLong", with_reason(1001), ErrorCode::kInvalidArgument, "reason", "length"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(OperationQueue, ScaleMustKeepDedicatedMastersOdd) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  auto request = test::create_search();
  *request.mutable_spec()->mutable_node_groups(0) = test::group("masters", {model::NODE_ROLE_MASTER}, 3);
  *request.mutable_spec()->add_node_groups() = test::group("data", {model::NODE_ROLE_DATA}, 2);
  story.accept(test::submit(request));
  story.finish_active("search");
  const Error error = story.refusal(test::submit_scale("masters", 4));
  EXPECT_EQ(error.field, "count");
  EXPECT_EQ(error.rule, "odd_number_of_masters");
}

TEST(OperationQueue, SuspendedClusterTakesOnlyResumeLabelsAndDelete) {
  Story story = story_with_search();
  story.accept(test::submit_suspend());
  story.finish_active("search");
  EXPECT_EQ(story.refusal(test::submit_scale("data", 4)).rule, "cluster_running");
  EXPECT_EQ(story.refusal(test::submit_resize("data", 2048)).rule, "cluster_running");
  EXPECT_EQ(story.refusal(test::submit_suspend()).rule, "changes_something");
  EXPECT_TRUE(story.when(test::submit_label("a", "b")));
  EXPECT_TRUE(story.when(test::submit_delete("search")));
  story.accept(test::submit_resume());
  EXPECT_EQ(story.cluster().phase(), state::CLUSTER_PHASE_RUNNING);
}

TEST(OperationQueue, AnotherTenantsClusterDoesNotExist) {
  Story story = story_with_search();
  story.caller.tenant = "other";
  const Error error = story.refusal(test::submit_scale("data", 4));
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  story.caller.tenant.clear();
  auto missing = test::submit_scale("data", 4);
  missing.cluster = "nosuch";
  story.caller.tenant = "other";
  EXPECT_EQ(story.refusal(missing).detail, "there is no cluster nosuch");
}

TEST(KindOf, NamesEveryKindOfRequest) {
  const auto* oneof = model::Request::descriptor()->FindOneofByName("kind");
  for (int i = 0; i < oneof->field_count(); ++i) {
    model::Request request;
    request.GetReflection()->MutableMessage(&request, oneof->field(i));
    EXPECT_EQ(model::kind_of(request), oneof->field(i)->name());
    EXPECT_EQ(command::is_fulfilled_at_once(request), oneof->field(i)->name() == "label");
  }
  EXPECT_EQ(model::kind_of(model::Request{}), "");
}

}  // namespace
}  // namespace esaas
