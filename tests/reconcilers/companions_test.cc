// Proxies and Kibana beside a cluster at rest: where they go, what they follow, and how nodes leave behind them.

#include "reconcilers/companions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "reconcilers/goal.h"
#include "reconcilers/leaving.h"
#include "reconcilers/node_set.h"
#include "reconcilers/progress.h"
#include "reconcilers/servers.h"
#include "reconcilers/shielding.h"
#include "tests/reconcilers/scene.h"

namespace esaas::reconcile {
namespace {

using test::Scene;
using test::World;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using namespace std::chrono_literals;

/// A node that runs, and has joined.
state::Node& add_node(Scene& scene, const std::string& group, const std::string& name, std::uint32_t port) {
  state::Node& node = *scene.cluster.add_nodes();
  node = scene.cluster.nodes(0);
  node.set_name(name);
  node.set_group(group);
  node.mutable_place()->set_hostname(name + ".example");
  node.mutable_place()->set_http_port(port);
  node.mutable_place()->set_agent_id("agent-of-" + name);
  node.mutable_place()->set_volume_id("volume-of-" + name);
  node.mutable_task()->set_task_id("task-of-" + name);
  node.mutable_task()->set_joined(true);
  return node;
}

void add_group(Scene& scene, const std::string& name, model::NodeRole role, std::uint32_t count) {
  model::NodeGroup& group = *scene.cluster.mutable_spec()->add_node_groups();
  group.set_name(name);
  group.add_roles(role);
  group.set_count(count);
  *group.mutable_resources() = scene.cluster.nodes(0).resources();
  scene.cluster.add_next_ordinals(count);
}

/// Three nodes, two proxies that follow them, all at rest.
struct Beside {
  Beside() {
    scene = Scene::at_rest(3);
    add_group(scene, "proxy", model::NODE_ROLE_PROXY, 2);
    for (const std::uint32_t i : {0U, 1U}) {
      state::Node& proxy = add_node(scene, "proxy", "proxy-" + std::to_string(i), 1000 + i);
      proxy.mutable_task()->mutable_inputs()->clear_version();  // it has one of its own
    }
    scene.settings.haproxy.controller_certificate = "CERTIFICATE";
    follow();
  }

  /// As if the proxies had been told what they should be.
  void follow() {
    const auto servers = wanted();
    scene.cluster.clear_servers();
    for (const auto& server : servers) *scene.cluster.add_servers() = server;
    scene.cluster.set_servers_seq(900);
    for (const char* proxy : {"proxy-0", "proxy-1"}) scene.node(proxy).set_servers_applied_seq(900);
    say({});
  }
  void say(std::map<std::string, std::uint32_t, std::less<>> sessions) {
    for (const char* proxy : {"proxy-0", "proxy-1"}) seen[proxy] = {.observed_at = scene.now, .sessions = sessions};
  }

  [[nodiscard]] Input input() const {
    Input made = scene.input();
    made.proxies = &seen;
    return made;
  }
  [[nodiscard]] std::vector<event::ProxyServer> wanted() const {
    const Input made = input();
    return wanted_servers(View(made));
  }
  /// "data-0", and "data-1-" for one that is drained.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& server : wanted()) all.push_back(server.node() + (server.drained() ? "-" : ""));
    return all;
  }
  [[nodiscard]] Plan plan(const std::function<void(const View&, Draft&)>& reconciler) const {
    const Input made = input();
    const View view(made);
    Draft draft(made);
    reconciler(view, draft);
    return draft.take();
  }
  [[nodiscard]] bool is_drained(const std::string& node) {
    const Input made = input();
    return is_drained_by_proxies(View(made), scene.node(node));
  }

  Scene scene;
  ProxyObservations seen;
};

// ---- What they follow ----

TEST(Servers, AreTheNodesThatServe) {
  Beside beside;
  EXPECT_THAT(beside.names(), ElementsAre("data-0", "data-1", "data-2"));
  beside.scene.node("data-1").mutable_task()->set_joined(false);
  EXPECT_THAT(beside.names(), ElementsAre("data-0", "data-2"));
  beside.scene.node("data-2").mutable_task()->set_kill_intended(true);
  EXPECT_THAT(beside.names(), ElementsAre("data-0"));
}

TEST(Servers, DedicatedMastersTakeNoRequests) {
  Beside beside;
  add_group(beside.scene, "master", model::NODE_ROLE_MASTER, 1);
  add_node(beside.scene, "master", "master-0", 1002);
  EXPECT_THAT(beside.names(), ElementsAre("data-0", "data-1", "data-2"));
}

TEST(Servers, CoordinatingNodesAreThereForIt) {
  Beside beside;
  add_group(beside.scene, "coordinating", model::NODE_ROLE_COORDINATING, 1);
  add_node(beside.scene, "coordinating", "coordinating-0", 1002);
  EXPECT_THAT(beside.names(), ElementsAre("coordinating-0"));
  // While the only one is about to stop, the data nodes stand in.
  beside.scene.node("coordinating-0").set_shielded_at_us(1);
  EXPECT_THAT(beside.names(), ElementsAre("coordinating-0-", "data-0", "data-1", "data-2"));
}

TEST(Servers, KibanaIsAServerOfItsOwnKind) {
  Beside beside;
  add_group(beside.scene, "kibana", model::NODE_ROLE_KIBANA, 1);
  add_node(beside.scene, "kibana", "kibana-0", 1002);
  const auto servers = beside.wanted();
  ASSERT_EQ(servers.size(), 4U);
  EXPECT_EQ(servers.back().kind(), "kibana");
  EXPECT_EQ(servers.front().kind(), "elasticsearch");
}

TEST(Servers, OneThatLeavesGetsNothingNewUnlessItIsTheLast) {
  Beside beside;
  beside.scene.node("data-2").set_removing(true);
  EXPECT_THAT(beside.names(), ElementsAre("data-0", "data-1", "data-2-"));
  for (const char* node : {"data-0", "data-1"}) beside.scene.node(node).mutable_task()->set_joined(false);
  EXPECT_THAT(beside.names(), ElementsAre("data-2"));
}

TEST(Servers, AreIntendedOnceAndThenWaitedFor) {
  Beside beside;
  EXPECT_THAT(beside.plan(reconcile_servers).actions, IsEmpty());
  beside.scene.node("data-0").set_shielded_at_us(1);
  auto plan = beside.plan(reconcile_servers);
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(plan.actions[0].name, "set_servers");
  *beside.scene.cluster.mutable_servers() = plan.actions[0].events[0].servers_intended().servers();
  beside.scene.cluster.set_servers_seq(950);
  plan = beside.plan(reconcile_servers);
  EXPECT_THAT(plan.actions, IsEmpty());
  ASSERT_EQ(plan.repeats.size(), 1U);
  EXPECT_EQ(plan.repeats[0].seq(), 950U);
  EXPECT_EQ(plan.repeats[0].servers_intended().servers_size(), 3);
}

TEST(Servers, MayBeNone) {
  Beside beside;
  for (const char* node : {"data-0", "data-1", "data-2"}) beside.scene.node(node).mutable_task()->set_joined(false);
  const auto plan = beside.plan(reconcile_servers);
  ASSERT_EQ(plan.actions.size(), 1U);
  ASSERT_TRUE(plan.actions[0].events[0].has_servers_intended());
  EXPECT_THAT(plan.actions[0].events[0].servers_intended().servers(), IsEmpty());
}

TEST(Servers, AProxyThatWasStartedAnewIsToldAgain) {
  Beside beside;
  EXPECT_THAT(beside.plan(reconcile_servers).repeats, IsEmpty());
  beside.scene.node("proxy-1").mutable_task()->set_joined(false);
  EXPECT_EQ(beside.plan(reconcile_servers).repeats.size(), 1U);
}

TEST(Servers, AnOperationOnTheProxiesTellsThemOnce) {
  Beside beside;
  beside.scene.operation.set_id("op-1");
  beside.scene.operation.set_started_seq(920);
  beside.scene.operation.mutable_request()->mutable_proxies()->set_count(2);
  EXPECT_EQ(beside.plan(reconcile_servers).actions.size(), 1U);
  beside.scene.cluster.set_servers_seq(921);
  EXPECT_THAT(beside.plan(reconcile_servers).actions, IsEmpty());
}

TEST(Servers, WithoutProxiesNobodyIsToldAnything) {
  const Scene scene = Scene::at_rest(3);
  EXPECT_FALSE(scene.plans("set_servers"));
}

// ---- Before a node stops ----

TEST(Shielding, WithoutProxiesThereIsNothingToWaitFor) {
  Scene scene = Scene::at_rest(3);
  const Input input = scene.input();
  EXPECT_TRUE(is_drained_by_proxies(View(input), scene.node("data-0")));
}

TEST(Shielding, LastsUntilEachProxyHasSaidThatNothingIsUnderWay) {
  Beside beside;
  EXPECT_FALSE(beside.is_drained("data-0"));
  beside.scene.node("data-0").set_shielded_at_us(to_us(beside.scene.now));
  EXPECT_FALSE(beside.is_drained("data-0")) << "nobody was told yet";
  beside.follow();
  EXPECT_FALSE(beside.is_drained("data-0")) << "what they said is from before";
  beside.scene.now += 1s;
  beside.say({{"data-0", 2}});
  EXPECT_FALSE(beside.is_drained("data-0"));
  beside.say({{"data-0", 0}, {"data-1", 7}});
  EXPECT_TRUE(beside.is_drained("data-0"));
  beside.scene.node("proxy-1").set_servers_applied_seq(899);
  EXPECT_FALSE(beside.is_drained("data-0")) << "one does not follow yet";
}

TEST(Shielding, DoesNotWaitForAProxyThatDoesNotServe) {
  Beside beside;
  beside.scene.node("data-0").set_shielded_at_us(to_us(beside.scene.now));
  beside.follow();
  beside.scene.now += 1s;
  beside.say({});
  beside.seen.erase("proxy-1");
  EXPECT_FALSE(beside.is_drained("data-0"));
  beside.scene.node("proxy-1").mutable_task()->set_joined(false);
  EXPECT_TRUE(beside.is_drained("data-0"));
}

TEST(Shielding, EndsAfterHalfAMinute) {
  Beside beside;
  beside.scene.node("data-0").set_shielded_at_us(to_us(beside.scene.now));
  beside.follow();
  beside.scene.now += 29s;
  beside.say({{"data-0", 1}});
  EXPECT_FALSE(beside.is_drained("data-0"));
  const auto waits = beside.plan(
      [&](const View& view, Draft& draft) { EXPECT_FALSE(shield(view, draft, beside.scene.node("data-0"))); });
  ASSERT_EQ(waits.holds.size(), 1U);
  EXPECT_EQ(waits.holds[0].rule, "requests_end_first");
  beside.scene.now += 1s;
  EXPECT_TRUE(beside.is_drained("data-0"));
}

// ---- The companions themselves ----

TEST(Companions, AreAskedOftenWhileSomebodyWaitsAndElseNowAndThen) {
  Beside beside;
  beside.scene.now += 9s;
  EXPECT_THAT(beside.plan(reconcile_companions).repeats, IsEmpty());
  beside.scene.now += 1s;
  ASSERT_EQ(beside.plan(reconcile_companions).repeats.size(), 1U);
  EXPECT_THAT(beside.plan(reconcile_companions).repeats[0].servers_intended().servers(), IsEmpty());
  beside.say({});
  EXPECT_THAT(beside.plan(reconcile_companions).repeats, IsEmpty());
  beside.scene.node("data-0").set_shielded_at_us(to_us(beside.scene.now));
  EXPECT_EQ(beside.plan(reconcile_companions).repeats.size(), 1U);
}

TEST(Companions, AreNotMissedByElasticsearch) {
  Beside beside;
  EXPECT_THAT(observe(beside.scene.cluster, beside.scene.observation, beside.scene.now), IsEmpty());
  beside.scene.cluster.set_bootstrapped(false);
  const auto facts = observe(beside.scene.cluster, beside.scene.observation, beside.scene.now);
  ASSERT_EQ(facts.size(), 1U) << "three of three nodes are there";
  EXPECT_TRUE(facts[0].has_cluster_bootstrapped());
}

TEST(Companions, AProxyIsStartedWithHaproxyAndKibanaWithANode) {
  Beside beside;
  add_group(beside.scene, "kibana", model::NODE_ROLE_KIBANA, 1);
  state::Node& kibana = add_node(beside.scene, "kibana", "kibana-0", 1002);
  beside.scene.cluster.mutable_spec()->set_version("5.6.16");
  beside.scene.settings.kibana.artifacts["5.1.1"] = {
      .version = "5.1.1", .uri = "http://x/kibana.tar.gz", .elasticsearch = "5.6.16"};
  const Input input = beside.input();
  const View view(input);
  const auto proxy = render_companion(view, beside.scene.node("proxy-0"), {}, {});
  ASSERT_TRUE(proxy) << proxy.error().detail;
  EXPECT_THAT(proxy->command(), HasSubstr("bind proxy-0.example:1000\n"));
  const auto started = render_companion(view, kibana, {}, {});
  ASSERT_TRUE(started) << started.error().detail;
  EXPECT_THAT(started->command(),
              HasSubstr("elasticsearch.url: \"http://" + beside.scene.node("data-0").place().hostname()));
  for (const char* node : {"data-0", "data-1", "data-2"}) beside.scene.node(node).mutable_task()->set_joined(false);
  const auto waits = render_companion(view, kibana, {}, {});
  ASSERT_FALSE(waits);
  EXPECT_EQ(waits.error().code, ErrorCode::kUnavailable);
}

TEST(Companions, AKibanaThatDoesNotServeForLongIsStartedAnew) {
  Beside beside;
  add_group(beside.scene, "kibana", model::NODE_ROLE_KIBANA, 1);
  add_node(beside.scene, "kibana", "kibana-0", 1002).mutable_task()->set_joined(false);
  auto plan = beside.plan(reconcile_companions);
  ASSERT_EQ(plan.holds.size(), 1U);
  EXPECT_EQ(plan.holds[0].rule, "companion_does_not_answer");
  state::Hold& hold = *beside.scene.cluster.add_holds();
  hold.set_rule("companion_does_not_answer");
  hold.set_node("kibana-0");
  hold.set_since_at_us(to_us(beside.scene.now));
  beside.scene.now += 10min;
  plan = beside.plan(reconcile_companions);
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(plan.actions[0].events[0].task_kill_intended().node(), "kibana-0");
}

TEST(Companions, AnOperationCountsItsOwnAndNoOthers) {
  Beside beside;
  add_group(beside.scene, "kibana", model::NODE_ROLE_KIBANA, 1);
  add_node(beside.scene, "kibana", "kibana-0", 1002);
  beside.scene.operation.set_id("op-1");
  beside.scene.operation.mutable_request()->mutable_install_kibana();
  const auto plan = beside.plan(reconcile_steps);
  ASSERT_EQ(plan.actions.size(), 1U);
  std::map<std::string, std::uint32_t> totals;
  for (const event::Event& event : plan.actions[0].events) {
    const auto& step = event.operation_step_changed();
    EXPECT_TRUE(totals.emplace(step.step(), step.total()).second) << step.step() << " is counted twice";
  }
  EXPECT_THAT(totals, ElementsAre(Pair("join", 1U), Pair("place", 1U), Pair("start", 1U)));
}

TEST(Companions, AnOperationOnTheProxiesEndsWhenTheyFollow) {
  Beside beside;
  beside.scene.operation.set_id("op-1");
  beside.scene.operation.set_started_seq(920);
  beside.scene.operation.mutable_request()->mutable_proxies()->set_count(2);
  const auto is_over = [&] {
    const Input input = beside.input();
    return outcome_of(View(input), beside.scene.operation).has_value();
  };
  EXPECT_FALSE(is_over()) << "they were told before it";
  beside.scene.cluster.set_servers_seq(921);
  EXPECT_FALSE(is_over()) << "they do not follow yet";
  for (const char* proxy : {"proxy-0", "proxy-1"}) beside.scene.node(proxy).set_servers_applied_seq(921);
  EXPECT_TRUE(is_over());
  beside.scene.node("proxy-1").mutable_task()->set_joined(false);
  EXPECT_FALSE(is_over());
}

/// Two proxies and a Kibana that answers, which an operation installs.
struct Installing : Beside {
  Installing() {
    add_group(scene, "kibana", model::NODE_ROLE_KIBANA, 1);
    add_node(scene, "kibana", "kibana-0", 1002).mutable_task()->mutable_inputs()->clear_version();
    scene.operation.set_id("op-1");
    scene.operation.mutable_request()->mutable_install_kibana();
    follow();
  }
  [[nodiscard]] bool is_over() const {
    const Input made = input();
    return outcome_of(View(made), scene.operation).has_value();
  }
};

TEST(Companions, KibanaIsInstalledOnceEveryProxyFoundItWell) {
  Installing beside;
  EXPECT_FALSE(beside.is_over());
  const auto waits = beside.plan(reconcile_companions);
  ASSERT_EQ(waits.holds.size(), 1U);
  EXPECT_EQ(waits.holds[0].rule, "waits_for_proxies");
  EXPECT_EQ(waits.repeats.size(), 1U) << "they are asked at once";
  beside.seen["proxy-0"].up = {"kibana-0"};
  EXPECT_FALSE(beside.is_over()) << "the other does not send it anything";
  beside.seen["proxy-1"].up = {"data-0", "kibana-0"};
  EXPECT_TRUE(beside.is_over());
  EXPECT_THAT(beside.plan(reconcile_companions).holds, IsEmpty());
}

TEST(Companions, AProxyThatDoesNotServeKeepsNoInstallationFromItsEnd) {
  Installing beside;
  beside.seen["proxy-0"].up = {"kibana-0"};
  beside.scene.node("proxy-1").mutable_task()->set_joined(false);
  EXPECT_TRUE(beside.is_over());
  beside.scene.node("proxy-0").mutable_task()->set_joined(false);
  EXPECT_FALSE(beside.is_over()) << "nobody serves";
}

TEST(Companions, WhatAProxySaidBeforeItWasStartedAnewSaysNothingOfKibana) {
  Installing beside;
  for (const char* proxy : {"proxy-0", "proxy-1"}) beside.seen[proxy].up = {"kibana-0"};
  EXPECT_TRUE(beside.is_over());
  beside.scene.node("proxy-1").mutable_task()->set_launched_at_us(to_us(beside.scene.now) + 1);
  EXPECT_FALSE(beside.is_over());
}

// ---- From two proxies to one ----

/// What the plan lets go.
std::vector<std::string> removed(const Plan& plan) {
  std::vector<std::string> nodes;
  for (const auto& action : plan.actions) {
    for (const event::Event& event : action.events) {
      if (event.has_node_removal_began()) nodes.push_back(event.node_removal_began().node());
    }
  }
  return nodes;
}

TEST(Companions, OfTwoProxiesTheOneThatHasNotJoinedIsGivenUp) {
  Beside beside;
  beside.scene.cluster.mutable_spec()->mutable_node_groups(1)->set_count(1);
  EXPECT_THAT(removed(beside.plan(reconcile_node_set)), ElementsAre("proxy-1"));
  beside.scene.node("proxy-0").mutable_task()->set_joined(false);
  EXPECT_THAT(removed(beside.plan(reconcile_node_set)), ElementsAre("proxy-0"));
}

TEST(Companions, AProxyThatServesStaysUntilAnotherDoes) {
  Beside beside;
  beside.scene.cluster.mutable_spec()->mutable_node_groups(1)->set_count(1);
  beside.scene.node("proxy-1").set_removing(true);
  beside.scene.node("proxy-0").mutable_task()->set_joined(false);
  auto plan = beside.plan(reconcile_leaving);
  EXPECT_THAT(plan.actions, IsEmpty());
  ASSERT_EQ(plan.holds.size(), 1U);
  EXPECT_EQ(plan.holds[0].rule, "another_proxy_serves");
  EXPECT_EQ(plan.holds[0].node, "proxy-1");
  beside.scene.node("proxy-0").mutable_task()->set_joined(true);
  beside.scene.node("proxy-0").set_servers_applied_seq(899);
  EXPECT_THAT(beside.plan(reconcile_leaving).actions, IsEmpty()) << "it does not follow yet";
  beside.scene.node("proxy-0").set_servers_applied_seq(900);
  plan = beside.plan(reconcile_leaving);
  ASSERT_EQ(plan.actions.size(), 1U);
  EXPECT_EQ(plan.actions[0].events[0].task_kill_intended().node(), "proxy-1");
}

TEST(Companions, TheLastProxyGoesWhenThereShallBeNone) {
  Beside beside;
  beside.scene.cluster.mutable_spec()->mutable_node_groups(1)->set_count(0);
  for (const char* proxy : {"proxy-0", "proxy-1"}) beside.scene.node(proxy).set_removing(true);
  EXPECT_EQ(beside.plan(reconcile_leaving).actions.size(), 2U);
}

TEST(Companions, AProxyThatDoesNotServeMayGo) {
  Beside beside;
  beside.scene.cluster.mutable_spec()->mutable_node_groups(1)->set_count(1);
  for (const char* proxy : {"proxy-0", "proxy-1"}) beside.scene.node(proxy).mutable_task()->set_joined(false);
  beside.scene.node("proxy-1").set_removing(true);
  EXPECT_EQ(beside.plan(reconcile_leaving).actions.size(), 1U);
}

TEST(Companions, AProxyHasAReservedPlaceAndMayShareAnAgentWithANodeButNotWithTheOther) {
  World world(3);
  world.settings.haproxy.controller_certificate = "CERTIFICATE";
  world.create({World::group("data", 3), World::group("proxy", 2, {model::NODE_ROLE_PROXY})});
  for (int i = 0; i < 30; ++i) world.round();
  ASSERT_TRUE(world.has_node("proxy-1")) << world.show();
  const auto& first = world.node("proxy-0").place();
  const auto& second = world.node("proxy-1").place();
  EXPECT_EQ(world.node("proxy-0").place_status(), state::PLACE_STATUS_RESERVED) << world.show();
  EXPECT_EQ(world.node("proxy-1").place_status(), state::PLACE_STATUS_RESERVED);
  EXPECT_NE(first.agent_id(), second.agent_id());
  EXPECT_FALSE(first.transient());
  EXPECT_THAT(world.violations, IsEmpty());
}

}  // namespace
}  // namespace esaas::reconcile
