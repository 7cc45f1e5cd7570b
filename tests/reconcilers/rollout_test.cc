// Whole stories of a rollout in the perfect world: restarts, settings, versions, plugins.

#include "reconcilers/rollout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> restarted(const World& world) {
  std::vector<std::string> nodes;
  for (const auto& event : world.events_of(event::Event::kNodeRestartBegan)) {
    nodes.push_back(event.node_restart_began().node());
  }
  return nodes;
}

std::vector<std::string> kinds_since(const World& world, std::size_t begin) {
  std::vector<std::string> kinds;
  for (std::size_t i = begin; i < world.log.size(); ++i) {
    if (!world.log[i].has_hold_began() && !world.log[i].has_hold_ended()) {
      kinds.push_back(event::Event::descriptor()->FindFieldByNumber(world.log[i].payload_case())->name());
    }
  }
  return kinds;
}

World three_nodes() {
  World world;
  world.create({World::group("data", 3)});
  EXPECT_TRUE(world.settle()) << world.show();
  world.index("logs", 4, 1);
  return world;
}

void expect_nothing_left_behind(const World& world) {
  EXPECT_THAT(world.violations, IsEmpty());
  EXPECT_EQ(world.allocation_enable, "");
  EXPECT_EQ(world.cluster().allocation_intended(), "");
  EXPECT_EQ(world.cluster().requests_size(), 0);
  for (const auto& node : world.cluster().nodes()) {
    EXPECT_FALSE(node.has_restart());
    EXPECT_EQ(node.shielded_at_us(), 0);
  }
}

TEST(Rollout, RestartsOneNodeAfterTheOtherAndTheElectedMasterLast) {
  World world = three_nodes();
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  // The world elects the first name.
  EXPECT_THAT(restarted(world), ElementsAre("data-1", "data-2", "data-0"));
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.attempt(), 2U);
  EXPECT_EQ(world.events_of(event::Event::kPlaceIntended).size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, TakesEachNodeThroughTheSameSteps) {
  World world = three_nodes();
  world.round();
  const std::size_t begin = world.log.size();
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  std::vector<std::string> steps;
  for (const std::string& kind : kinds_since(world, begin)) {
    steps.push_back(kind);
    if (kind == "node_restart_ended") break;
  }
  std::erase_if(steps, [](const std::string& kind) {
    return kind.starts_with("operation_") || kind.starts_with("cluster_") || kind == "node_left";
  });
  EXPECT_THAT(steps, ElementsAre("restart_requested", "node_restart_began", "allocation_intended",
                                 "elasticsearch_request_intended",  // of the guard (recovery_guard.h)
                                 "allocation_applied", "elasticsearch_request_answered",
                                 "elasticsearch_request_intended", "elasticsearch_request_answered",  // of the flush
                                 "node_restart_prepared", "task_kill_intended", "task_status_changed",
                                 "task_launch_intended", "task_status_changed", "node_joined", "node_restart_ended"));
}

TEST(Rollout, GoesByRoles) {
  World world(10);
  world.create({World::group("master", 3, {model::NODE_ROLE_MASTER}), World::group("data", 2, {model::NODE_ROLE_DATA}),
                World::group("client", 1, {model::NODE_ROLE_COORDINATING})});
  ASSERT_TRUE(world.settle()) << world.show();
  world.index("logs", 3, 1);
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  // The elected one of the world is the first name of all, whatever its role: client-0.
  EXPECT_THAT(restarted(world), ElementsAre("data-0", "data-1", "master-0", "master-1", "master-2", "client-0"));
  expect_nothing_left_behind(world);
}

TEST(Rollout, AnotherSettingIsLaunchedOnEveryNodeOfItsGroup) {
  World world = three_nodes();
  world.configure("data", "indices.fielddata.cache.size", "30%");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(restarted(world).size(), 3U);
  for (const auto& node : world.cluster().nodes()) {
    ASSERT_EQ(node.task().inputs().settings_size(), 1);
    EXPECT_EQ(node.task().inputs().settings(0).value(), "30%");
  }
  const auto launches = world.events_of(event::Event::kTaskLaunchIntended);
  EXPECT_THAT(launches.back().task_launch_intended().launch().command(), HasSubstr("indices.fielddata.cache.size"));
  expect_nothing_left_behind(world);
}

TEST(Rollout, APauseHoldsTheNextNodeAndNotTheOneThatHasBegun) {
  World world = three_nodes();
  world.restart();
  while (restarted(world).empty()) world.round();
  world.control(command::OperationVerb::kPause);
  for (int i = 0; i < 30; ++i) world.round();
  EXPECT_EQ(restarted(world).size(), 1U);
  EXPECT_EQ(world.events_of(event::Event::kNodeRestartEnded).size(), 1U);
  EXPECT_EQ(world.joined().size(), 3U);
  EXPECT_EQ(world.allocation_enable, "");
  EXPECT_TRUE(world.has_hold("operation_paused"));
  world.control(command::OperationVerb::kContinue);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(restarted(world).size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ALostFlushIsWaitedForOnlySoLong) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart();
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(restarted(world).size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, WhatIsNoLongerWantedBeforeItsKillEndsWithoutOne) {
  World world = three_nodes();
  world.flushes_are_lost = true;  // so that the preparation lasts
  world.configure("data", "indices.fielddata.cache.size", "30%");
  while (world.cluster().requests_size() == 0) world.round();
  EXPECT_EQ(world.allocation_enable, "primaries");
  world.give_up_operation();
  world.may_be_refused = false;
  model::Request request;
  request.mutable_configure()->set_group("data");
  model::Setting& unset = *request.mutable_configure()->add_settings();
  unset.set_key("indices.fielddata.cache.size");
  unset.set_unset(true);
  world.submit(std::move(request));
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(restarted(world).size(), 1U);
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.attempt(), 1U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ANodeThatCrashedComesBackWithWhatIsWantedAndIsNotRestarted) {
  World world = three_nodes();
  world.end_task("data-1", model::TASK_STATE_FAILED);
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(restarted(world), UnorderedElementsAre("data-0", "data-2"));
  EXPECT_EQ(world.node("data-1").attempt(), 2U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ACrashOfTheNodeInStepIsItsRestart) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart();
  while (world.cluster().requests_size() == 0) world.round();
  world.end_task("data-1", model::TASK_STATE_FAILED);
  world.flushes_are_lost = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.node("data-1").attempt(), 2U);
  EXPECT_EQ(restarted(world).size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ACrashOfAnotherNodeEndsAPreparationThatKeepsReplicasUnassigned) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart();
  while (world.cluster().requests_size() == 0) world.round();
  world.lose_agent_of("data-2");
  for (int i = 0; i < 100; ++i) world.round();
  EXPECT_EQ(world.allocation_enable, "");
  EXPECT_EQ(world.events_of(event::Event::kNodeRestartEnded).size(), 1U);
  EXPECT_EQ(world.node("data-1").attempt(), 1U);
  EXPECT_TRUE(world.has_hold("restarted_nodes_have_joined")) << world.show();
  world.see_agents_again();
  world.flushes_are_lost = false;
  ASSERT_TRUE(world.settle()) << world.show();
  expect_nothing_left_behind(world);
}

TEST(Rollout, ASilentClusterIsNotTouched) {
  World world = three_nodes();
  world.round();
  world.elasticsearch_is_silent = true;
  world.restart();
  EXPECT_FALSE(world.settle(60));
  EXPECT_THAT(restarted(world), IsEmpty());
  EXPECT_TRUE(world.has_hold("health_unknown")) << world.show();
  world.elasticsearch_is_silent = false;
  ASSERT_TRUE(world.settle()) << world.show();
  expect_nothing_left_behind(world);
}

/// A wrong setting, a full disk: what does not answer by itself again is started anew, if somebody answers for it.
TEST(Rollout, ASilentNodeIsRestartedWhenAnAdministratorLetsIt) {
  World world(3);
  world.create({World::group("data", 1)});
  ASSERT_TRUE(world.settle()) << world.show();
  world.elasticsearch_is_silent = true;
  world.round();
  world.restart();
  for (int i = 0; i < 60; ++i) world.round();
  EXPECT_THAT(restarted(world), IsEmpty());
  ASSERT_TRUE(world.has_hold("health_unknown")) << world.show();
  world.override_rule("health_unknown");
  for (int i = 0; i < 300 && world.node("data-0").attempt() == 1; ++i) world.round();
  EXPECT_EQ(world.node("data-0").attempt(), 2U) << world.show();
  world.elasticsearch_is_silent = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  expect_nothing_left_behind(world);
}

TEST(Rollout, ANodeThatIsRemovedInTheMiddleLeavesNoAllocationHeldBehind) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart();
  while (world.cluster().requests_size() == 0) world.round();
  world.give_up_operation();
  world.scale("data", 2);
  world.flushes_are_lost = false;
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(world.joined().size(), 2U);
  expect_nothing_left_behind(world);
}

/// Whatever the node in step has come to.
TEST(Rollout, ACancelBringsTheNodeInStepToItsEndAndTouchesNoOther) {
  struct Moment {
    const char* name;
    bool (*has_come)(const World&);
    std::uint32_t attempts;  ///< of the node in step
  };
  for (const Moment& moment :
       {Moment{"it is prepared", [](const World& world) { return world.cluster().requests_size() > 0; }, 1},
        Moment{"it is told to stop",
               [](const World& world) { return !world.events_of(event::Event::kTaskKillIntended).empty(); }, 2},
        Moment{"it is launched again",
               [](const World& world) { return world.events_of(event::Event::kTaskLaunchIntended).size() == 4; }, 2}}) {
    World world = three_nodes();
    world.flushes_are_lost = moment.attempts == 1;
    world.restart();
    for (int i = 0; i < 200 && !moment.has_come(world); ++i) world.round();
    ASSERT_TRUE(moment.has_come(world)) << moment.name << world.show();
    world.control(command::OperationVerb::kCancel);
    world.flushes_are_lost = false;
    ASSERT_TRUE(world.settle()) << moment.name << world.show();
    EXPECT_THAT(restarted(world), ElementsAre("data-1")) << moment.name;
    for (const auto& node : world.cluster().nodes()) {
      EXPECT_EQ(node.attempt(), node.name() == "data-1" ? moment.attempts : 1U) << moment.name << node.name();
    }
    expect_nothing_left_behind(world);
    world.restart();
    ASSERT_TRUE(world.settle()) << moment.name << world.show();
    EXPECT_EQ(restarted(world).size(), 4U) << "the next one restarts all";
  }
}

TEST(Rollout, WhatIsQueuedBehindACancelledRestartBegins) {
  World world = three_nodes();
  world.restart();
  while (world.events_of(event::Event::kTaskKillIntended).empty()) world.round();
  world.scale("data", 4);
  world.control(command::OperationVerb::kCancel);
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(world.joined().size(), 4U);
  EXPECT_THAT(restarted(world), ElementsAre("data-1"));
  expect_nothing_left_behind(world);
}

TEST(Rollout, ASuspensionEndsIt) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart();
  while (world.cluster().requests_size() == 0) world.round();
  world.give_up_operation();
  world.suspend();
  world.flushes_are_lost = false;
  ASSERT_TRUE(world.settle()) << world.show();
  world.resume();
  ASSERT_TRUE(world.settle()) << world.show();
  expect_nothing_left_behind(world);
}

TEST(Rollout, WhatSomebodyElseHasSetStaysTheirs) {
  World world = three_nodes();
  world.allocation_enable = "none";
  world.restart();
  while (restarted(world).empty()) world.round();
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_EQ(world.allocation_enable, "none");
  EXPECT_THAT(world.events_of(event::Event::kAllocationIntended), IsEmpty());
}

TEST(Rollout, ANodeThatHasLeftIsNotStoppedWhileAnotherIsAway) {
  World world(10);
  world.create(
      {World::group("master", 3, {model::NODE_ROLE_MASTER}), World::group("data", 4, {model::NODE_ROLE_DATA})});
  ASSERT_TRUE(world.settle()) << world.show();
  world.restart();
  while (restarted(world).empty()) world.round();
  const std::string first = restarted(world).front();
  const std::string other = first == "data-2" ? "data-3" : "data-2";
  while (world.node(first).attempt() < 2) world.round();
  world.strangers = {first, other};
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_THAT(restarted(world), ElementsAre(first))
      << "the other may come back by itself, and has what the first lacks";
  EXPECT_TRUE(world.has_hold("one_node_at_a_time")) << world.show();
  world.strangers = {};
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(restarted(world).size(), 7U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ANodeThatDoesNotComeBackDoesNotKeepShardsWithoutCopies) {
  World world = three_nodes();
  world.settings.assignment_patience = std::chrono::seconds{60};
  world.restart();
  while (world.node("data-1").attempt() < 2) world.round();
  world.strangers = {"data-1"};
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_EQ(world.allocation_enable, "primaries");
  for (int i = 0; i < 60; ++i) world.round();
  EXPECT_TRUE(world.node("data-1").has_restart());
  EXPECT_EQ(world.allocation_enable, "");
  EXPECT_EQ(restarted(world).size(), 1U);
  world.strangers = {};
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(restarted(world).size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, AFullRestartThatIsHeldDoesNotKeepShardsWithoutCopies) {
  World world = three_nodes();
  world.settings.assignment_patience = std::chrono::seconds{60};
  world.restart_all_at_once();
  world.control(command::OperationVerb::kPause);
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_EQ(world.allocation_enable, "primaries");
  for (int i = 0; i < 60; ++i) world.round();
  EXPECT_TRUE(world.cluster().has_full_restart());
  EXPECT_EQ(world.allocation_enable, "");
  world.control(command::OperationVerb::kContinue);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.events_of(event::Event::kFullRestartEnded).size(), 1U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, AClusterOfOneNodeIsRestartedToo) {
  World world;
  world.create({World::group("data", 1)});
  ASSERT_TRUE(world.settle());
  world.index("logs", 2, 1);
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.node("data-0").attempt(), 2U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ANewVersionRollsThroughTheNodes) {
  World world = three_nodes();
  world.upgrade("2.4.6");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(restarted(world).size(), 3U);
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.task().inputs().version(), "2.4.6");
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  expect_nothing_left_behind(world);
}

TEST(Rollout, ItsStepsAreCounted) {
  World world = three_nodes();
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  std::vector<std::uint32_t> done;
  for (const auto& event : world.events_of(event::Event::kOperationStepChanged)) {
    const auto& step = event.operation_step_changed();
    if (step.step() != "restart") continue;
    EXPECT_EQ(step.total(), 3U);
    done.push_back(step.done());
  }
  EXPECT_THAT(done, ElementsAre(0U, 1U, 2U, 3U));
}

TEST(Rollout, TheBasisOfABeginningTellsTheFiguresAndTheRules) {
  World world = three_nodes();
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  const auto began = world.events_of(event::Event::kNodeRestartBegan).front().node_restart_began();
  EXPECT_EQ(began.why(), "Its restart was asked for.");
  std::vector<std::string> names;
  for (const auto& one : began.basis()) names.push_back(one.name());
  EXPECT_THAT(names, testing::IsSupersetOf({"health", "copies_on_the_node", "rules"}));
}

TEST(Rollout, AFullRestartStopsAllBeforeOneStarts) {
  World world = three_nodes();
  world.restart_all_at_once();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(restarted(world), IsEmpty());
  EXPECT_EQ(world.events_of(event::Event::kFullRestartEnded).size(), 1U);
  std::vector<std::string> order;
  for (const std::string& kind : kinds_since(world, 0)) {
    if (kind.starts_with("full_restart_") || kind == "task_kill_intended" || kind == "task_launch_intended") {
      order.push_back(kind);
    }
  }
  EXPECT_THAT(
      order, ElementsAre("task_launch_intended", "task_launch_intended", "task_launch_intended", "full_restart_began",
                         "full_restart_prepared", "task_kill_intended", "task_kill_intended", "task_kill_intended",
                         "full_restart_stopped", "task_launch_intended", "task_launch_intended", "task_launch_intended",
                         "full_restart_ended"));
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  expect_nothing_left_behind(world);
}

TEST(Rollout, ANodeThatCrashesInAFullRestartWaitsForTheOthersToStop) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart_all_at_once();
  while (world.cluster().requests_size() == 0) world.round();
  world.end_task("data-1", model::TASK_STATE_FAILED);
  world.round();
  EXPECT_TRUE(world.has_hold("all_nodes_stop_first")) << world.show();
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(world.joined().size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, AFullRestartGoesOnWhenTooManyCrashedInItForAnAnswer) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.restart_all_at_once();
  while (world.cluster().requests_size() == 0) world.round();
  world.end_task("data-1", model::TASK_STATE_FAILED);
  world.end_task("data-2", model::TASK_STATE_FAILED);
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(world.joined().size(), 3U);
  expect_nothing_left_behind(world);
}

TEST(Rollout, ANodeThatDoesNotJoinIsRestartedAnewWhenItShallRunOtherwise) {
  World world = three_nodes();
  world.configure("data", "transport.tcp.connect_timeout", "nowhere");
  while (world.node("data-1").attempt() < 2) world.round();
  world.strangers = {"data-1"};
  for (int i = 0; i < 20; ++i) world.round();
  EXPECT_TRUE(world.has_hold("waits_for_restarted_node")) << world.show();
  EXPECT_EQ(restarted(world).size(), 1U);
  world.give_up_operation();
  world.configure("data", "transport.tcp.connect_timeout", "somewhere");
  while (world.node("data-1").attempt() < 3) world.round();
  world.strangers = {};
  ASSERT_TRUE(world.settle()) << world.show();
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.task().inputs().settings(0).value(), "somewhere");
  expect_nothing_left_behind(world);
}

}  // namespace
}  // namespace esaas::test
