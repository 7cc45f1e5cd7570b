#include "core/state/launch_inputs.h"

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

/// data-0 and data-1 of the running cluster `search`, each with a task; the first one's inputs are written down.
Story story_with_tasks() {
  Story story;
  story.given_search();
  for (const std::string name : {"data-0", "data-1"}) {
    event::Event added = about_search();
    added.mutable_node_added()->set_node(name);
    added.mutable_node_added()->set_group("data");
    story.fold(added);
    event::Event launched = about_search();
    event::TaskLaunchIntended& payload = *launched.mutable_task_launch_intended();
    payload.set_node(name);
    payload.set_task_id("task-of-" + name);
    if (name == "data-0") *payload.mutable_inputs() = wanted_inputs(story.cluster(), *find_node(story.cluster(), name));
    story.fold(launched);
  }
  return story;
}

bool runs_as_wanted(const Story& story, const std::string& name) {
  return state::runs_as_wanted(story.cluster(), *find_node(story.cluster(), name));
}

TEST(LaunchInputs, ATaskRunsAsWantedUntilSomethingElseIsWanted) {
  const Story story = story_with_tasks();
  EXPECT_TRUE(runs_as_wanted(story, "data-0"));
  EXPECT_TRUE(runs_as_wanted(story, "data-1"));
}

TEST(LaunchInputs, AnotherVersionIsAnotherTaskAlsoForOneWhoseInputsNobodyWroteDown) {
  Story story = story_with_tasks();
  event::Event changed = about_search();
  changed.mutable_cluster_version_changed()->set_before("2.3.3");
  changed.mutable_cluster_version_changed()->set_after("2.4.6");
  story.fold(changed);
  EXPECT_EQ(story.cluster().spec().version(), "2.4.6");
  EXPECT_FALSE(runs_as_wanted(story, "data-0"));
  EXPECT_FALSE(runs_as_wanted(story, "data-1"));
  EXPECT_EQ(find_node(story.cluster(), "data-1")->task().inputs().version(), "2.3.3");
}

TEST(LaunchInputs, WhatIsTakenBackBeforeItIsDoneLeavesNothingToDo) {
  Story story = story_with_tasks();
  model::Setting setting;
  setting.set_key("indices.fielddata.cache.size");
  setting.set_value("30%");
  event::Event there = about_search();
  there.mutable_node_group_configured()->set_group("data");
  *there.mutable_node_group_configured()->add_after() = setting;
  story.fold(there);
  EXPECT_FALSE(runs_as_wanted(story, "data-0"));
  EXPECT_FALSE(runs_as_wanted(story, "data-1"));
  event::Event back = about_search();
  back.mutable_node_group_configured()->set_group("data");
  *back.mutable_node_group_configured()->add_before() = setting;
  story.fold(back);
  EXPECT_TRUE(runs_as_wanted(story, "data-0"));
  EXPECT_TRUE(runs_as_wanted(story, "data-1"));
}

TEST(LaunchInputs, ARestartIsAskedOfTheTasksThatRunNowAndOfNoLaterOnes) {
  Story story = story_with_tasks();
  event::Event asked = about_search();
  asked.mutable_restart_requested()->add_groups("data");
  const std::uint64_t seq = story.fold(asked);
  EXPECT_FALSE(runs_as_wanted(story, "data-0"));
  EXPECT_FALSE(runs_as_wanted(story, "data-1"));
  const model::LaunchInputs wanted = wanted_inputs(story.cluster(), *find_node(story.cluster(), "data-0"));
  EXPECT_EQ(wanted.restart_seq(), seq);
  event::Event launched = about_search();
  launched.mutable_task_launch_intended()->set_node("data-0");
  launched.mutable_task_launch_intended()->set_task_id("next-of-data-0");
  *launched.mutable_task_launch_intended()->mutable_inputs() = wanted;
  story.fold(launched);
  EXPECT_TRUE(runs_as_wanted(story, "data-0"));
  EXPECT_FALSE(runs_as_wanted(story, "data-1"));
}

TEST(LaunchInputs, PluginsAreOfElasticsearchAndNotOfItsCompanions) {
  Story story = story_with_tasks();
  event::Event added = about_search();
  model::NodeGroup& group = *added.mutable_node_group_added()->mutable_group();
  group.set_name("kibana");
  group.add_roles(model::NODE_ROLE_KIBANA);
  group.set_count(1);
  group.set_version("5.1.1");
  story.fold(added);
  event::Event plugins = about_search();
  plugins.mutable_plugins_changed()->add_after()->set_name("delete-by-query");
  story.fold(plugins);
  Node kibana;
  kibana.set_name("kibana-0");
  kibana.set_group("kibana");
  EXPECT_EQ(wanted_inputs(story.cluster(), kibana).version(), "5.1.1");
  EXPECT_EQ(wanted_inputs(story.cluster(), kibana).plugins_size(), 0);
  EXPECT_EQ(wanted_inputs(story.cluster(), *find_node(story.cluster(), "data-0")).plugins_size(), 1);
  EXPECT_EQ(story.cluster().next_ordinals_size(), story.cluster().spec().node_groups_size());
}

}  // namespace
}  // namespace esaas::state
