// Cancel of what runs: restarts, and operations beside others.
#include <gtest/gtest.h>

#include "core/commands/decide.h"
#include "core/state/launch_inputs.h"
#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using command::OperationVerb;
using test::Story;
using Kinds = std::vector<std::string>;

/// data-0, data-1 and data-2 run.
Story story_of_three_nodes() {
  Story story;
  story.given_search();
  for (const char* name : {"data-0", "data-1", "data-2"}) {
    event::Event added;
    added.set_cluster("search");
    added.mutable_node_added()->set_node(name);
    added.mutable_node_added()->set_group("data");
    story.fold(added);
    event::Event launched;
    launched.set_cluster("search");
    launched.mutable_task_launch_intended()->set_node(name);
    launched.mutable_task_launch_intended()->set_task_id(std::string("search.") + name + ".task-1");
    story.fold(launched);
  }
  return story;
}

const state::Node& node_of(const Story& story, const std::string& name) {
  return *state::find_node(story.cluster(), name);
}

bool runs_as_wanted(const Story& story, const std::string& name) {
  return state::runs_as_wanted(story.cluster(), node_of(story, name));
}

void begin_restart(Story& story, const std::string& name) {
  event::Event event;
  event.set_cluster("search");
  event.mutable_node_restart_began()->set_node(name);
  story.fold(event);
}

void kill(Story& story, const std::string& name) {
  event::Event event;
  event.set_cluster("search");
  event.mutable_task_kill_intended()->set_node(name);
  event.mutable_task_kill_intended()->set_task_id(node_of(story, name).task().task_id());
  story.fold(event);
}

/// It is back, with what is wanted.
void end_restart(Story& story, const std::string& name) {
  event::Event event;
  event.set_cluster("search");
  event.mutable_task_launch_intended()->set_node(name);
  event.mutable_task_launch_intended()->set_task_id("search." + name + ".task-2");
  *event.mutable_task_launch_intended()->mutable_inputs() = state::wanted_inputs(story.cluster(), node_of(story, name));
  story.fold(event);
  event.mutable_node_restart_ended()->set_node(name);
  story.fold(event);
}

command::ControlOperation cancel_of(const std::string& operation) { return {operation, OperationVerb::kCancel}; }

std::string detail_of_cancel(const Story& story, const std::string& operation) {
  const auto events = story.when(cancel_of(operation));
  return events ? events->back().operation_finished().detail() : events.error().detail;
}

TEST(Cancel, ARunningRestartLeavesTheNodesThatItHasNotReachedAsTheyAre) {
  Story story = story_of_three_nodes();
  story.accept(test::submit_json(R"({"restart":{}})"));
  const std::string restart = story.cluster().active_operation();
  begin_restart(story, "data-0");
  kill(story, "data-0");
  end_restart(story, "data-0");
  begin_restart(story, "data-1");
  kill(story, "data-1");
  ASSERT_FALSE(runs_as_wanted(story, "data-2"));
  EXPECT_EQ(detail_of_cancel(story, restart),
            "cancelled by tok-root: 1 of 3 nodes were restarted, data-1 is brought to the end of its restart, the "
            "others run on as they are.");
  EXPECT_EQ(story.accept(cancel_of(restart)), (Kinds{"operation_finished"}));
  EXPECT_EQ(story.cluster().active_operation(), "");
  EXPECT_TRUE(runs_as_wanted(story, "data-0"));
  EXPECT_TRUE(runs_as_wanted(story, "data-2")) << "nothing restarts later";
  EXPECT_TRUE(node_of(story, "data-1").has_restart()) << "the rollout ends it";
}

TEST(Cancel, ANodeThatIsOnlyPreparedIsNotStopped) {
  Story story = story_of_three_nodes();
  story.accept(test::submit_json(R"({"restart":{}})"));
  const std::string restart = story.cluster().active_operation();
  begin_restart(story, "data-0");
  EXPECT_EQ(detail_of_cancel(story, restart),
            "cancelled by tok-root: 0 of 3 nodes were restarted, the others run on as they are.");
  story.accept(cancel_of(restart));
  EXPECT_TRUE(runs_as_wanted(story, "data-0")) << "so that the rollout ends its restart without a kill";
}

TEST(Cancel, WhatIsQueuedBehindARestartBeginsAndARestartAmongItStillRestartsAll) {
  Story story = story_of_three_nodes();
  story.accept(test::submit_json(R"({"restart":{}})"));
  const std::string first = story.cluster().active_operation();
  story.accept(test::submit_json(R"({"restart":{}})"));
  const std::string second = story.cluster().queued_operations(0);
  story.accept(cancel_of(first));
  command::Context context;
  context.now = story.now;
  context.next_seq = story.state.seq() + 1;
  for (event::Event& event : command::start_next_operation(story.state, story.cluster(), context)) story.fold(event);
  EXPECT_EQ(story.cluster().active_operation(), second);
  for (const char* name : {"data-0", "data-1", "data-2"}) EXPECT_FALSE(runs_as_wanted(story, name)) << name;
}

TEST(Cancel, ARestartThatADeleteEndsIsNotWithdrawn) {
  Story story = story_of_three_nodes();
  story.accept(test::submit_json(R"({"restart":{}})"));
  story.accept(test::submit_delete("search"));
  EXPECT_FALSE(runs_as_wanted(story, "data-0")) << "old logs have such ends, and fold as they did";
}

TEST(Cancel, ARestartOfAllAtOnceUntilTheFirstWasToldToStop) {
  Story story = story_of_three_nodes();
  story.accept(test::submit_json(R"({"restart":{"full":true,"confirm":"search"}})"));
  const std::string restart = story.cluster().active_operation();
  Story stopping = story;
  EXPECT_EQ(story.accept(cancel_of(restart)), (Kinds{"full_restart_ended", "operation_finished"}));
  EXPECT_FALSE(story.cluster().has_full_restart());
  EXPECT_TRUE(runs_as_wanted(story, "data-0"));
  kill(stopping, "data-1");
  EXPECT_EQ(stopping.refusal(cancel_of(restart)).rule, "stop_of_all_has_begun");
}

std::uint64_t ask(Story& story, const std::string& operation, const std::string& path) {
  event::Event event;
  event.set_cluster("search");
  event.set_operation_id(operation);
  event.mutable_elasticsearch_request_intended()->set_purpose("put_settings");
  event.mutable_elasticsearch_request_intended()->set_method("PUT");
  event.mutable_elasticsearch_request_intended()->set_path(path);
  return story.fold(event);
}

void answer(Story& story, std::uint64_t request, bool accepted) {
  event::Event event;
  event.set_cluster("search");
  event.mutable_elasticsearch_request_answered()->set_request_seq(request);
  event.mutable_elasticsearch_request_answered()->set_accepted(accepted);
  story.fold(event);
}

void hold(Story& story, const std::string& operation) {
  event::Event event;
  event.set_cluster("search");
  event.mutable_hold_began()->set_rule("elasticsearch_does_not_answer");
  event.mutable_hold_began()->set_why("because");
  model::Figure& figure = *event.mutable_hold_began()->add_basis();
  figure.set_name("operation");
  figure.set_value(operation);
  story.fold(event);
}

TEST(Cancel, AnOperationBesideOthersTellsWhatItAskedOfElasticsearch) {
  Story story;
  story.given_search();
  story.accept(test::submit_json(R"({"settings":{"transient":[{"key":"a.b","value":"1"}]}})"));
  const std::string settings = story.cluster().side_operations(0);
  EXPECT_EQ(detail_of_cancel(story, settings), "cancelled by tok-root: nothing was asked of Elasticsearch.");
  const std::uint64_t request = ask(story, settings, "/_cluster/settings?flat_settings=true");
  EXPECT_EQ(story.refusal(cancel_of(settings)).rule, "answer_is_awaited") << "it may be in force in a moment";
  hold(story, "op-999");
  EXPECT_EQ(story.refusal(cancel_of(settings)).rule, "answer_is_awaited") << "that is another's";
  hold(story, settings);
  EXPECT_EQ(detail_of_cancel(story, settings),
            "cancelled by tok-root: PUT /_cluster/settings was sent and not answered: whether it took effect is not "
            "known.");
  answer(story, request, true);
  EXPECT_EQ(detail_of_cancel(story, settings), "cancelled by tok-root: PUT /_cluster/settings took effect.");
  story.accept(cancel_of(settings));
  EXPECT_TRUE(story.cluster().side_operations().empty());
  EXPECT_TRUE(story.cluster().requests().empty());
}

TEST(Cancel, WhatHasAnUndoIsToldSo) {
  for (const char* request :
       {R"({"scale":{"group":"data","count":4}})",
        R"({"configure":{"group":"data","settings":[{"key":"a.b","value":"1"}]}})", R"({"proxies":{"count":2}})"}) {
    Story story;
    story.given_search();
    story.accept(test::submit_json(request));
    const Error error = story.refusal(cancel_of(story.cluster().active_operation()));
    EXPECT_EQ(error.rule, "only_queued_operations_cancel");
    EXPECT_NE(error.detail.find("/undo), which takes its place at once"), std::string::npos) << error.detail;
  }
}

}  // namespace
}  // namespace esaas
