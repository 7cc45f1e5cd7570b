// The facts in an observation that the state does not know yet.

#include <algorithm>

#include "core/state/fleet_state.h"
#include "reconcilers/allocation.h"
#include "reconcilers/node_facts.h"
#include "reconcilers/reconcile.h"

namespace esaas::reconcile {
namespace {

using state::Node;

bool is_known(const model::Health& health) {
  return health.status() != model::HEALTH_STATUS_UNSPECIFIED && health.status() != model::HEALTH_STATUS_UNKNOWN;
}

bool is_settled(const model::Health& health) {
  return health.relocating_shards() == 0 && health.initializing_shards() == 0;
}

/// While shards move, their counts wobble from poll to poll; what they settle at is a fact.
bool is_a_change(const model::Health& before, const model::Health& after) {
  if (is_known(before) != is_known(after)) return true;
  if (!is_known(after)) return false;
  if (before.status() != after.status() || before.nodes() != after.nodes() ||
      before.data_nodes() != after.data_nodes()) {
    return true;
  }
  if (!is_settled(after)) return false;
  return before.active_shards() != after.active_shards() || before.unassigned_shards() != after.unassigned_shards() ||
         !is_settled(before);
}

bool lists(const Observation& observation, const Node& node) {
  return std::ranges::find(observation.nodes, node.name()) != observation.nodes.end();
}

/// Elasticsearch knows nothing of it.
bool is_companion(const state::Cluster& cluster, const Node& node) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
  return group != nullptr && state::is_companion(*group);
}

/// An answer to a question from before the launch speaks of the task before.
bool has_joined(const Observation& observation, const Node& node) {
  return may_run(node) && lists(observation, node) && to_us(observation.observed_at) > node.task().launched_at_us();
}

/// Complete for the first time: every node that the specification asks for is there, and the
/// cluster is not red.
bool is_complete(const state::Cluster& cluster, const Observation& observation) {
  if (observation.health.status() == model::HEALTH_STATUS_RED) return false;
  std::uint32_t wanted = 0;
  for (const model::NodeGroup& group : cluster.spec().node_groups()) {
    if (!state::is_companion(group)) wanted += group.count();
  }
  const auto there = std::ranges::count_if(cluster.nodes(), [&](const Node& node) {
    return !node.removing() && !is_companion(cluster, node) && has_joined(observation, node);
  });
  return wanted > 0 && std::cmp_greater_equal(there, wanted);
}

/// A setting of ours that was taken away is there again: a request that was long on its way has come after the one that
/// took it away. It is the value that only we use (allocation.h).
bool shows_late_allocation(const state::Cluster& cluster, const Observation& observation) {
  return observation.allocation_enable == kPrimariesOnly && cluster.allocation_intended().empty() &&
         cluster.allocation_applied().empty();
}

/// The same of votes: nobody else may keep a vote from a node (voting.h).
bool shows_late_exclusions(const state::Cluster& cluster, const Observation& observation) {
  return observation.voting_exclusions && !observation.voting_exclusions->empty() &&
         cluster.voting_exclusions_intended().empty() && cluster.voting_exclusions_applied().empty();
}

event::Event health_changed(const model::Health& before, const model::Health& after) {
  event::Event event;
  *event.mutable_cluster_health_changed()->mutable_before() = before;
  *event.mutable_cluster_health_changed()->mutable_after() = after;
  if (!is_known(after))
    event.mutable_cluster_health_changed()->mutable_after()->set_status(model::HEALTH_STATUS_UNKNOWN);
  return event;
}

}  // namespace

std::vector<event::Event> observe(const state::Cluster& cluster, const Observation& observation, Time) {
  std::vector<event::Event> events;
  if (is_known(observation.health)) {
    for (const Node& node : cluster.nodes()) {
      if (!node.has_task() || is_companion(cluster, node)) continue;
      if (!node.task().joined() && has_joined(observation, node)) {
        event::NodeJoined& joined = *events.emplace_back().mutable_node_joined();
        joined.set_node(node.name());
        joined.set_task_id(node.task().task_id());
      } else if (node.task().joined() && !lists(observation, node)) {
        events.emplace_back().mutable_node_left()->set_node(node.name());
      }
    }
  }
  if (shows_late_allocation(cluster, observation)) {
    events.emplace_back().mutable_allocation_applied()->set_enable(std::string(kPrimariesOnly));
  }
  if (shows_late_exclusions(cluster, observation)) {
    auto& applied = *events.emplace_back().mutable_voting_exclusions_applied();
    for (const std::string& name : *observation.voting_exclusions) applied.add_nodes(name);
  }
  if (is_a_change(cluster.health(), observation.health)) {
    events.push_back(health_changed(cluster.health(), observation.health));
  }
  if (!cluster.bootstrapped() && is_known(observation.health) && is_complete(cluster, observation)) {
    events.emplace_back().mutable_cluster_bootstrapped();
  }
  return events;
}

}  // namespace esaas::reconcile
