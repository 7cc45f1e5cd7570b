#include "core/state/evolve_cluster.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"

namespace esaas::state {
namespace {

int index_of_group(const Cluster& cluster, const std::string& group) {
  const auto& groups = cluster.spec().node_groups();
  const auto found = std::ranges::find(groups, group, &model::NodeGroup::name);
  return found == groups.end() ? -1 : static_cast<int>(found - groups.begin());
}

/// The number behind the last dash of a node's name.
std::uint32_t ordinal_of(std::string_view node) {
  const std::string_view digits = node.substr(node.rfind('-') + 1);
  std::uint32_t ordinal = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  return ordinal;
}

auto hold_key(const Hold& hold) { return std::tie(hold.rule(), hold.node()); }

/// The sentence of a hold (or of its beginning) without the one of many shards that it names.
template <typename Held>
std::string without_shard(const Held& hold) {
  std::string why = hold.why();
  for (const model::Figure& figure : hold.basis()) {
    const auto at = figure.name() == "shard" ? why.find(figure.value()) : std::string::npos;
    if (at != std::string::npos) why.erase(at, figure.value().size());
  }
  return why;
}

void remove_hold(Cluster& cluster, const std::string& rule, const std::string& node) {
  auto& holds = *cluster.mutable_holds();
  const auto found =
      std::ranges::find_if(holds, [&](const Hold& hold) { return hold.rule() == rule && hold.node() == node; });
  if (found != holds.end()) holds.erase(found);
}

}  // namespace

Cluster begin_cluster(const event::ClusterCreated& payload, const event::Event& event) {
  Cluster cluster;
  cluster.set_name(payload.name());
  cluster.set_tenant(payload.tenant());
  cluster.set_phase(CLUSTER_PHASE_RUNNING);
  cluster.set_revision(event.seq());
  cluster.set_created_seq(event.seq());
  cluster.set_created_at_us(event.time_at_us());
  *cluster.mutable_spec() = payload.spec();
  *cluster.mutable_labels() = payload.labels();
  cluster.mutable_next_ordinals()->Resize(payload.spec().node_groups_size(), 0);
  cluster.mutable_health()->set_status(model::HEALTH_STATUS_UNKNOWN);
  cluster.set_health_since_at_us(event.time_at_us());
  return cluster;
}

void apply(Cluster& cluster, const event::NodeGroupScaled& payload, const event::Event& event) {
  const int index = index_of_group(cluster, payload.group());
  if (index < 0) return;
  cluster.mutable_spec()->mutable_node_groups(index)->set_count(payload.count_after());
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::NodeGroupResized& payload, const event::Event& event) {
  const int index = index_of_group(cluster, payload.group());
  if (index < 0) return;
  *cluster.mutable_spec()->mutable_node_groups(index)->mutable_resources() = payload.after();
  // Asked for anew, it is tried anew: an agent that had no room may have some by now.
  for (Node& node : *cluster.mutable_nodes()) {
    if (node.group() != payload.group()) continue;
    node.clear_growth_refused();
    node.clear_growth_refusal();
  }
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::NodeGroupConfigured& payload, const event::Event& event) {
  const int index = index_of_group(cluster, payload.group());
  if (index < 0) return;
  settle_inputs(cluster);
  *cluster.mutable_spec()->mutable_node_groups(index)->mutable_settings() = payload.after();
  cluster.set_revision(event.seq());
}

/// A companion that was taken away is a group of no nodes: it comes back as what it is now.
void apply(Cluster& cluster, const event::NodeGroupAdded& payload, const event::Event& event) {
  const int index = index_of_group(cluster, payload.group().name());
  if (index >= 0 && cluster.spec().node_groups(index).count() != 0) return;
  settle_inputs(cluster);
  *(index >= 0 ? cluster.mutable_spec()->mutable_node_groups(index) : cluster.mutable_spec()->add_node_groups()) =
      payload.group();
  cluster.mutable_next_ordinals()->Resize(cluster.spec().node_groups_size(), 0);
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::RestartRequested& payload, const event::Event& event) {
  settle_inputs(cluster);
  cluster.mutable_restart_seqs()->Resize(cluster.spec().node_groups_size(), 0);
  for (const std::string& group : payload.groups()) {
    const int index = index_of_group(cluster, group);
    if (index >= 0) cluster.set_restart_seqs(index, event.seq());
  }
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::ClusterVersionChanged& payload, const event::Event& event) {
  settle_inputs(cluster);
  cluster.mutable_spec()->set_version(payload.after());
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::PluginsChanged& payload, const event::Event& event) {
  settle_inputs(cluster);
  *cluster.mutable_spec()->mutable_plugins() = payload.after();
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::PoliciesChanged& payload, const event::Event& event) {
  // Without any of its own the policies of its tenant count.
  cluster.mutable_spec()->clear_policies();
  if (payload.has_after()) *cluster.mutable_spec()->mutable_policies() = payload.after();
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::ProxyAccessChanged& payload, const event::Event& event) {
  *cluster.mutable_spec()->mutable_access() = payload.after();
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::ClusterSuspended&, const event::Event& event) {
  cluster.set_phase(CLUSTER_PHASE_SUSPENDED);
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::ClusterResumed&, const event::Event& event) {
  cluster.set_phase(CLUSTER_PHASE_RUNNING);
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::ClusterDeletionBegan&, const event::Event& event) {
  cluster.set_phase(CLUSTER_PHASE_DELETING);
  cluster.set_revision(event.seq());
}

void apply(Cluster& cluster, const event::ClusterHealthChanged& payload, const event::Event& event) {
  if (cluster.health().status() != payload.after().status()) cluster.set_health_since_at_us(event.time_at_us());
  *cluster.mutable_health() = payload.after();
}

void apply(Cluster& cluster, const event::ClusterBootstrapped&, const event::Event&) { cluster.set_bootstrapped(true); }

void apply(Cluster& cluster, const event::NodeAdded& payload, const event::Event& event) {
  if (find_node(cluster, payload.node()) != nullptr) return;
  Node& node = *cluster.add_nodes();
  node.set_name(payload.node());
  node.set_group(payload.group());
  *node.mutable_resources() = payload.resources();
  node.set_replaces(payload.replaces());
  node.set_added_seq(event.seq());
  const int index = index_of_group(cluster, payload.group());
  if (index < 0 || index >= cluster.next_ordinals_size()) return;
  cluster.set_next_ordinals(index, std::max(cluster.next_ordinals(index), ordinal_of(payload.node()) + 1));
}

void apply(Cluster& cluster, const event::NodeRemoved& payload, const event::Event&) {
  auto& nodes = *cluster.mutable_nodes();
  const auto found = std::ranges::find(nodes, payload.node(), &Node::name);
  if (found == nodes.end()) return;
  nodes.erase(found);
  auto& holds = *cluster.mutable_holds();
  holds.erase(
      std::remove_if(holds.begin(), holds.end(), [&](const Hold& hold) { return hold.node() == payload.node(); }),
      holds.end());
}

/// The same said again, with a newer basis or of another shard, holds since it was said first.
void apply(Cluster& cluster, const event::HoldBegan& payload, const event::Event& event) {
  std::int64_t since = event.time_at_us();
  for (const Hold& known : cluster.holds()) {
    const bool is_same = known.rule() == payload.rule() && known.node() == payload.node();
    if (is_same && without_shard(known) == without_shard(payload)) since = known.since_at_us();
  }
  remove_hold(cluster, payload.rule(), payload.node());
  Hold hold;
  hold.set_rule(payload.rule());
  hold.set_node(payload.node());
  hold.set_why(payload.why());
  hold.set_since_at_us(since);
  hold.set_seq(event.seq());
  *hold.mutable_basis() = payload.basis();
  hold.set_next_check_at_us(payload.next_check_at_us());
  auto& holds = *cluster.mutable_holds();
  *holds.Add() = std::move(hold);
  std::ranges::sort(holds, {}, hold_key);
}

void apply(Cluster& cluster, const event::HoldEnded& payload, const event::Event&) {
  remove_hold(cluster, payload.rule(), payload.node());
}

}  // namespace esaas::state
