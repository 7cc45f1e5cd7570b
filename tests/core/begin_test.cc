// What each operation changes at its start, and how those that run alongside queue.
#include <gmock/gmock.h>

#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::Story;
using test::submit_json;
using testing::ElementsAre;

Story given_search() {
  Story story;
  story.given_search();
  return story;
}

std::vector<event::Event> events_of(const Story& story, const std::string& request) {
  auto events = story.when(submit_json(request));
  if (events) return std::move(*events);
  ADD_FAILURE() << request << ": " << events.error().detail;
  return std::vector<event::Event>(10);
}

TEST(Begin, RestartOfAllAsksForEveryGroupOfElasticsearch) {
  Story story = given_search();
  story.accept(submit_json(R"({"proxies":{"count":2}})"));
  story.finish_active("search");
  const auto events = events_of(story, R"({"restart":{}})");
  EXPECT_THAT(test::kinds_of(events), ElementsAre("operation_requested", "operation_started", "restart_requested"));
  EXPECT_THAT(events[2].restart_requested().groups(), ElementsAre("data"));
  EXPECT_THAT(events_of(story, R"({"restart":{"group":"proxy"}})")[2].restart_requested().groups(),
              ElementsAre("proxy"));
}

TEST(Begin, AFullRestartIsSaidAtOnce) {
  Story story = given_search();
  EXPECT_THAT(story.accept(submit_json(R"({"restart":{"full":true,"confirm":"search"}})")),
              ElementsAre("operation_requested", "operation_started", "restart_requested", "full_restart_began"));
  EXPECT_TRUE(story.cluster().has_full_restart());
  EXPECT_FALSE(story.cluster().full_restart().why().empty());
}

TEST(Begin, AnUpgradeChangesNothingBeforeTheIndicesHaveBeenLookedAt) {
  Story story = given_search();
  EXPECT_THAT(story.accept(submit_json(R"({"upgrade":{"version":"2.4.6"}})")),
              ElementsAre("operation_requested", "operation_started"));
  EXPECT_EQ(story.cluster().spec().version(), "2.3.3");
}

TEST(Begin, ConfigurationIsMergedAndSortedByKey) {
  Story story = given_search();
  story.accept(submit_json(
      R"({"configure":{"group":"data","settings":[{"key":"z.z","value":"1"},{"key":"a.a","value":"1"}]}})"));
  story.finish_active("search");
  const auto events = events_of(
      story, R"({"configure":{"group":"data","settings":[{"key":"m.m","value":"2"},{"key":"a.a","unset":true}]}})");
  const auto& changed = events[2].node_group_configured();
  ASSERT_EQ(changed.before_size(), 2);
  EXPECT_EQ(changed.before(0).key(), "a.a");
  ASSERT_EQ(changed.after_size(), 2);
  EXPECT_EQ(changed.after(0).key(), "m.m");
  EXPECT_EQ(changed.after(1).key(), "z.z");
}

TEST(Begin, APluginIsAddedReplacedAndTakenAway) {
  Story story = given_search();
  story.accept(submit_json(R"({"install_plugin":{"plugin":{"name":"kuromoji"}}})"));
  story.finish_active("search");
  EXPECT_EQ(story.refusal(submit_json(R"({"install_plugin":{"plugin":{"name":"kuromoji"}}})")).rule,
            "changes_something");
  story.accept(submit_json(R"({"install_plugin":{"plugin":{"name":"icu","uri":"file:///icu.zip"}}})"));
  story.finish_active("search");
  ASSERT_EQ(story.cluster().spec().plugins_size(), 2);
  EXPECT_EQ(story.cluster().spec().plugins(0).name(), "icu") << "sorted by name";
  story.accept(submit_json(R"({"install_plugin":{"plugin":{"name":"icu","uri":"file:///icu-2.zip"}}})"));
  story.finish_active("search");
  EXPECT_EQ(story.cluster().spec().plugins(0).uri(), "file:///icu-2.zip");
  story.accept(submit_json(R"({"remove_plugin":{"name":"icu"}})"));
  ASSERT_EQ(story.cluster().spec().plugins_size(), 1);
  EXPECT_EQ(story.cluster().spec().plugins(0).name(), "kuromoji");
}

TEST(Begin, ResizeWithACountIsOneOperationForUpAndOut) {
  Story story = given_search();
  EXPECT_THAT(story.accept(submit_json(R"({"resize":{"group":"data","resources":{"mem_mib":2048},"count":5}})")),
              ElementsAre("operation_requested", "operation_started", "node_group_resized", "node_group_scaled"));
  EXPECT_EQ(story.cluster().spec().node_groups(0).count(), 5U);
  EXPECT_EQ(story.cluster().spec().node_groups(0).resources().mem_mib(), 2048U);
  EXPECT_EQ(story.cluster().spec().node_groups(0).resources().cpus_milli(), 1000U);
}

TEST(Begin, ProxiesAreMadeChangedTakenAwayAndMadeAnew) {
  Story story = given_search();
  EXPECT_THAT(
      story.accept(submit_json(
          R"({"proxies":{"count":2,"access":{"users":[{"name":"b","secret_id":"proxy/search/s"},{"name":"a","secret_id":"proxy/search/t"}]}}})")),
      ElementsAre("operation_requested", "operation_started", "node_group_added", "proxy_access_changed"));
  story.finish_active("search");
  const model::NodeGroup& group = story.cluster().spec().node_groups(1);
  EXPECT_EQ(group.name(), "proxy");
  EXPECT_TRUE(state::is_proxy(group));
  EXPECT_GT(group.resources().mem_mib(), 0U);
  EXPECT_EQ(story.cluster().spec().access().users(0).name(), "a") << "sorted by name";

  EXPECT_EQ(story.refusal(submit_json(R"({"proxies":{"count":2}})")).rule, "changes_something");
  EXPECT_EQ(
      story.refusal(submit_json(R"({"proxies":{"count":2,"constraints":[{"attribute":"r","operator":"unique"}]}})"))
          .rule,
      "places_are_kept");
  EXPECT_THAT(story.accept(submit_json(R"({"proxies":{"count":1,"resources":{"cpus_milli":400}}})")),
              ElementsAre("operation_requested", "operation_started", "node_group_resized", "node_group_scaled"));
  story.finish_active("search");
  EXPECT_EQ(story.cluster().spec().access().users_size(), 2) << "what is absent stays";
  story.accept(submit_json(R"({"proxies":{"count":0}})"));
  story.finish_active("search");
  EXPECT_EQ(story.cluster().spec().node_groups(1).count(), 0U);
  EXPECT_THAT(
      story.accept(submit_json(R"({"proxies":{"count":2,"constraints":[{"attribute":"r","operator":"unique"}]}})")),
      ElementsAre("operation_requested", "operation_started", "node_group_added"));
  ASSERT_EQ(story.cluster().spec().node_groups_size(), 2);
  EXPECT_EQ(story.cluster().spec().node_groups(1).count(), 2U);
  EXPECT_EQ(story.cluster().spec().node_groups(1).constraints_size(), 1);
}

TEST(Begin, KibanaIsInstalledOnceAndMayComeBackInAnotherVersion) {
  Story story = given_search();
  story.accept(submit_json(R"({"install_kibana":{"version":"5.1.1","preemptible":true}})"));
  story.finish_active("search");
  EXPECT_TRUE(state::is_kibana(story.cluster().spec().node_groups(1)));
  EXPECT_TRUE(story.cluster().spec().node_groups(1).preemptible());
  EXPECT_EQ(story.refusal(submit_json(R"({"install_kibana":{"version":"5.6.16"}})")).rule, "changes_something");
  story.accept(submit_json(R"({"remove_kibana":{}})"));
  story.finish_active("search");
  EXPECT_EQ(story.cluster().spec().node_groups(1).count(), 0U);
  story.accept(submit_json(R"({"install_kibana":{"version":"5.6.16"}})"));
  EXPECT_EQ(story.cluster().spec().node_groups(1).count(), 1U);
  EXPECT_EQ(story.cluster().spec().node_groups(1).version(), "5.6.16");
  EXPECT_FALSE(story.cluster().spec().node_groups(1).preemptible());
}

TEST(Begin, ACompanionIsNoGroupOfElasticsearch) {
  Story story = given_search();
  story.accept(submit_json(R"({"proxies":{"count":2}})"));
  story.finish_active("search");
  for (const char* request :
       {R"({"scale":{"group":"proxy","count":3}})", R"({"resize":{"group":"proxy","resources":{"mem_mib":512}}})",
        R"({"configure":{"group":"proxy","settings":[{"key":"a.b","value":"1"}]}})"}) {
    const Error error = story.refusal(submit_json(request));
    EXPECT_EQ(error.rule, "group_of_elasticsearch") << request;
    EXPECT_EQ(error.field, "group") << request;
  }
}

TEST(Begin, ACompanionOfACreateStandsUnderItsName) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  auto request = test::create_search();
  *request.mutable_spec()->add_node_groups() = test::group("front", {model::NODE_ROLE_PROXY}, 2);
  EXPECT_EQ(story.refusal(test::submit(request)).rule, "companion_name");
  request.mutable_spec()->mutable_node_groups(1)->set_name("proxy");
  story.accept(test::submit(request));
  EXPECT_EQ(story.cluster().spec().node_groups_size(), 2);
}

TEST(Begin, PoliciesSayWhatWasBefore) {
  Story story = given_search();
  story.accept(submit_json(R"({"policies":{"policies":{"replicas_min":1}}})"));
  story.finish("search", story.cluster().side_operations(0));
  EXPECT_EQ(story.refusal(submit_json(R"({"policies":{"policies":{"replicas_min":1}}})")).rule, "changes_something");
  const auto events = events_of(story, R"({"policies":{"policies":{"replicas_min":2,"correct":true}}})");
  EXPECT_EQ(events[2].policies_changed().before().replicas_min(), 1U);
  EXPECT_EQ(events[2].policies_changed().after().replicas_min(), 2U);
}

TEST(Begin, FewerThanOneReplicaIsConfirmed) {
  Story story = given_search();
  EXPECT_THAT(story.accept(submit_json(R"({"replicas":{"replicas":0,"confirm":"search"}})")),
              ElementsAre("operation_requested", "operation_started"));
}

TEST(SideOperation, RunsBesideTheActiveOne) {
  Story story = given_search();
  story.accept(test::submit_scale("data", 4));
  const std::string active = story.cluster().active_operation();
  EXPECT_THAT(story.accept(submit_json(R"({"replicas":{"replicas":1}})")),
              ElementsAre("operation_requested", "operation_started"));
  EXPECT_THAT(story.accept(submit_json(R"({"open_indices":{"indices":["a"]}})")),
              ElementsAre("operation_requested", "operation_started"));
  EXPECT_EQ(story.cluster().active_operation(), active);
  EXPECT_EQ(story.cluster().side_operations_size(), 2);
}

TEST(SideOperation, TwoOfOneKindRunOneAfterTheOther) {
  Story story = given_search();
  story.accept(submit_json(R"({"replicas":{"replicas":1}})"));
  EXPECT_THAT(story.accept(submit_json(R"({"replicas":{"replicas":2}})")), ElementsAre("operation_requested"));
  EXPECT_THAT(story.accept(submit_json(R"({"replicas":{"replicas":3}})")), ElementsAre("operation_requested"));
  const std::string second = story.cluster().queued_operations(0);
  EXPECT_THAT(story.finish("search", story.cluster().side_operations(0)), ElementsAre("operation_started"));
  EXPECT_THAT(story.cluster().side_operations(), ElementsAre(second));
  EXPECT_EQ(story.cluster().queued_operations_size(), 1) << "the third waits for the second";
}

TEST(SideOperation, DoesNotWaitBehindAQueuedOneThatChangesTopology) {
  Story story = given_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  story.accept(submit_json(R"({"replicas":{"replicas":1}})"));
  story.accept(submit_json(R"({"replicas":{"replicas":2}})"));
  ASSERT_EQ(story.cluster().queued_operations_size(), 2);
  EXPECT_THAT(story.finish("search", story.cluster().side_operations(0)), ElementsAre("operation_started"));
  EXPECT_EQ(story.cluster().queued_operations_size(), 1) << "the scale waits still";
}

TEST(SideOperation, EveryoneThatMayStartStartsAtOnce) {
  Story story = given_search();
  story.accept(test::submit_suspend());
  story.finish_active("search");
  story.accept(test::submit_resume());
  story.accept(test::submit_scale("data", 4));
  const auto next = command::start_next_operation(story.state, story.cluster(), {story.now, {}, 99, nullptr});
  EXPECT_TRUE(next.empty()) << "the resume is active";
  EXPECT_THAT(story.finish_active("search"), ElementsAre("operation_started", "node_group_scaled"));
}

TEST(SideOperation, WhatStartsBehindASuspensionFindsTheClusterSuspended) {
  Story story = given_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_suspend());
  story.accept(submit_json(R"({"replicas":{"replicas":1}})"));
  story.accept(submit_json(R"({"replicas":{"replicas":2}})"));
  // Both end before the controller comes to start what follows.
  for (const std::string& id : {story.cluster().active_operation(), story.cluster().side_operations(0)}) {
    event::Event event;
    event.set_cluster("search");
    event.mutable_operation_finished()->set_id(id);
    event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_SUCCEEDED);
    story.fold(event);
  }
  const auto next = command::start_next_operation(story.state, story.cluster(), {story.now, {}, 99, nullptr});
  EXPECT_THAT(test::kinds_of(next), ElementsAre("operation_started", "cluster_suspended", "operation_finished"));
  EXPECT_EQ(next[2].operation_finished().status(), model::OPERATION_STATUS_FAILED);
}

TEST(SideOperation, ADeleteSupersedesItToo) {
  Story story = given_search();
  story.accept(submit_json(R"({"replicas":{"replicas":1}})"));
  const std::string beside = story.cluster().side_operations(0);
  const auto events = story.when(test::submit_delete("search"));
  ASSERT_TRUE(events) << events.error().detail;
  EXPECT_THAT(test::kinds_of(*events),
              ElementsAre("operation_requested", "operation_finished", "operation_started", "cluster_deletion_began"));
  EXPECT_EQ(events->at(1).operation_id(), beside);
  EXPECT_EQ(events->at(1).operation_finished().status(), model::OPERATION_STATUS_CANCELLED);
}

TEST(Undo, OfTheActiveOperationTakesItsPlace) {
  Story story = given_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 6));
  const std::string active = story.cluster().active_operation();
  auto undo = test::submit_scale("data", 3);
  undo.request.set_undoes(active);
  const auto events = story.when(undo);
  ASSERT_TRUE(events) << events.error().detail;
  EXPECT_THAT(test::kinds_of(*events),
              ElementsAre("operation_requested", "operation_finished", "operation_started", "node_group_scaled"));
  EXPECT_EQ(events->at(1).operation_id(), active);
  EXPECT_EQ(events->at(1).operation_finished().status(), model::OPERATION_STATUS_CANCELLED);
  for (const auto& event : *events) story.fold(event);
  EXPECT_EQ(story.operation(story.cluster().active_operation()).undoes(), active);
  EXPECT_EQ(story.cluster().queued_operations_size(), 1);
}

TEST(Undo, OfAFinishedOperationQueuesAsAnyOther) {
  Story story = given_search();
  story.accept(test::submit_scale("data", 4));
  auto undo = test::submit_scale("data", 3);
  undo.request.set_undoes("op-2");
  EXPECT_THAT(story.accept(undo), ElementsAre("operation_requested"));
}

}  // namespace
}  // namespace esaas
