// Plain words: what a change would come to, and what every rule says about being overridden.
#include <gmock/gmock.h>

#include <set>

#include "core/commands/overridable.h"
#include "reconcilers/consequences.h"
#include "reconcilers/explain.h"
#include "reconcilers/rules/launch_rules.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using testing::HasSubstr;
using testing::Not;

state::Cluster cluster_of(std::uint32_t data, std::uint32_t proxies = 0) {
  state::Cluster cluster;
  cluster.set_name("search");
  cluster.set_phase(state::CLUSTER_PHASE_RUNNING);
  cluster.mutable_spec()->set_version("2.4.6");
  model::NodeGroup& group = *cluster.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(data);
  if (proxies == 0) return cluster;
  model::NodeGroup& proxy = *cluster.mutable_spec()->add_node_groups();
  proxy.set_name("proxy");
  proxy.add_roles(model::NODE_ROLE_PROXY);
  proxy.set_count(proxies);
  return cluster;
}

std::string told(const state::Cluster& cluster, const model::Request& request) {
  std::string text;
  for (const std::string& sentence : consequences(&cluster, request)) text += sentence + "\n";
  return text;
}

TEST(Consequences, ARestartCountsNodesOfElasticsearchAndNamesTheRules) {
  model::Request request;
  request.mutable_restart();
  const std::string text = told(cluster_of(3, 2), request);
  EXPECT_THAT(text, HasSubstr("3 nodes restart, one at a time"));
  EXPECT_THAT(text, HasSubstr("keeps_last_started_copy"));
  request.mutable_restart()->set_full(true);
  EXPECT_THAT(told(cluster_of(1), request), HasSubstr("1 node restarts, all at once"));
}

TEST(Consequences, AnUpgradeSaysHowAndThatThereIsNoWayBack) {
  model::Request request;
  request.mutable_upgrade()->set_version("5.6.16");
  const std::string full = told(cluster_of(3), request);
  EXPECT_THAT(full, HasSubstr("Elasticsearch 2.4.6 becomes 5.6.16"));
  EXPECT_THAT(full, HasSubstr("all at once"));
  EXPECT_THAT(full, HasSubstr("There is no way back."));
  EXPECT_THAT(full, HasSubstr("No snapshot is taken"));
  request.mutable_upgrade()->set_repository("backup");
  EXPECT_THAT(told(cluster_of(3), request), HasSubstr("into a snapshot in the repository backup"));
  request.mutable_upgrade()->set_version("7.17.28");
  EXPECT_EQ(told(cluster_of(3), request), "") << "it is refused anyway";
}

TEST(Consequences, ScaleOutMovesShardsToAndScaleInAway) {
  model::Request request;
  request.mutable_scale()->set_group("data");
  request.mutable_scale()->set_count(5);
  EXPECT_THAT(told(cluster_of(3), request), HasSubstr("2 nodes are added; no other one restarts"));
  request.mutable_scale()->set_count(2);
  EXPECT_THAT(told(cluster_of(3), request), HasSubstr("1 node leaves, one at a time"));
  EXPECT_THAT(told(cluster_of(3), request), HasSubstr("too_few_nodes_for_replicas"));
}

TEST(Consequences, UpAndOutRestartsWhatWasThere) {
  model::Request request;
  request.mutable_resize()->set_group("data");
  request.mutable_resize()->mutable_resources()->set_mem_mib(4096);
  request.mutable_resize()->set_count(5);
  const std::string text = told(cluster_of(3), request);
  EXPECT_THAT(text, HasSubstr("3 nodes restart, one at a time"));
  EXPECT_THAT(text, HasSubstr("2 nodes are added"));
}

TEST(Consequences, ReplicasBelowOneAndAboveTheNodesAreWarnedOf) {
  model::Request request;
  request.mutable_replicas()->set_replicas(0);
  EXPECT_THAT(told(cluster_of(3), request), HasSubstr("Fewer than one replica means"));
  request.mutable_replicas()->set_replicas(3);
  EXPECT_THAT(told(cluster_of(3), request), HasSubstr("3 nodes can hold 2 of them only"));
  request.mutable_replicas()->set_replicas(2);
  EXPECT_THAT(told(cluster_of(3), request), Not(HasSubstr("yellow")));
}

TEST(Consequences, ProxiesSayWhoGetsIn) {
  model::Request request;
  request.mutable_proxies()->set_count(1);
  const std::string text = told(cluster_of(3), request);
  EXPECT_THAT(text, HasSubstr("No password is asked for."));
  EXPECT_THAT(text, HasSubstr("One proxy is one address"));
  request.mutable_proxies()->set_count(0);
  EXPECT_THAT(told(cluster_of(3, 2), request), HasSubstr("no stable address any more"));
}

std::set<std::string_view> names_of_all_rules() {
  std::set<std::string_view> names;
  for (const auto& rules :
       {kRolloutRules, kRolloutStopRules, kStrangerRules, kCompanionRules, kFullRestartRules, kRemovalRules,
        kReleaseRules, kDrainRules, kExclusionRules, kStopRules, kRestartRules, kAbsenceRules}) {
    for (const NodeRule& rule : rules) names.insert(rule.name);
  }
  for (const LaunchRule& rule : kLaunchRules) names.insert(rule.name);
  return names;
}

TEST(Rules, EachIsOverridableOrSaysWhyItBindsEverybody) {
  const std::string_view unknown = command::why_never_overridden("no_such_rule");
  ASSERT_FALSE(unknown.empty());
  for (const std::string_view rule : names_of_all_rules()) {
    EXPECT_NE(command::why_never_overridden(rule), unknown) << rule << " is not in core/commands/overridable.cc";
    EXPECT_FALSE(meaning_of_rule(rule).empty()) << rule;
  }
}

TEST(Rules, WhatAnAdministratorMayAcceptIsOverridable) {
  EXPECT_TRUE(command::why_never_overridden("health_unknown").empty());
  EXPECT_FALSE(command::why_never_overridden("operation_paused").empty());
  EXPECT_TRUE(command::why_never_overridden("keeps_quorum_of_masters").empty());
  EXPECT_TRUE(command::why_never_overridden("keeps_last_started_copy").empty());
}

TEST(Explain, HoldsOfAnOperationBesideAreItsOwn) {
  state::Cluster cluster = cluster_of(3);
  cluster.set_active_operation("op-1");
  cluster.add_side_operations("op-2");
  state::Operation active;
  active.set_id("op-1");
  state::Operation beside;
  beside.set_id("op-2");
  state::Hold hold;
  hold.set_rule("elasticsearch_does_not_answer");
  model::Figure& figure = *hold.add_basis();
  figure.set_name("operation");
  figure.set_value("op-2");
  EXPECT_TRUE(concerns(hold, beside, cluster));
  EXPECT_FALSE(concerns(hold, active, cluster));
  hold.clear_basis();
  EXPECT_FALSE(concerns(hold, beside, cluster));
  EXPECT_TRUE(concerns(hold, active, cluster));
}

TEST(Explain, ASilentClusterIsToldWhatCanBeDone) {
  const auto told = [](std::uint32_t masters, const std::string& version) {
    state::Cluster cluster = cluster_of(masters);
    cluster.mutable_spec()->set_version(version);
    cluster.add_holds()->set_rule("health_unknown");
    return to_text(explain_cluster({.cluster = cluster, .open = {}, .reasons = {}, .now = from_us(1)}));
  };
  EXPECT_THAT(told(3, "2.4.6"), HasSubstr("what can be done: If it does not answer again by itself, restart"));
  EXPECT_THAT(told(3, "2.4.6"), HasSubstr("esaas operation override OPERATION health_unknown"));
  EXPECT_THAT(told(3, "2.4.6"), Not(HasSubstr("a second vote")));
  EXPECT_THAT(told(1, "2.4.6"), HasSubstr("give its group 2 masters until it answers"));
  EXPECT_THAT(told(1, "7.17.28"), Not(HasSubstr("a second vote"))) << "there is no such setting any more";
}

TEST(Explain, ANodeThatEndedTooEarlySaysWhenItIsLaunchedAgain) {
  state::Cluster cluster = cluster_of(3);
  state::Node& node = *cluster.add_nodes();
  node.set_name("data-0");
  node.set_group("data");
  node.set_failures(2);
  node.set_not_before_at_us(2'000'000);
  const WhyInput input{.cluster = cluster, .open = {}, .latest = nullptr, .reasons = {}, .now = from_us(1'000'000)};
  const Explanation why = explain_node(input, node);
  ASSERT_EQ(why.next.size(), 1U);
  EXPECT_EQ(why.next[0].at_us, 2'000'000);
  EXPECT_THAT(why.next[0].text, HasSubstr("after 2 tasks that ended too early"));
}

}  // namespace
}  // namespace esaas::reconcile
