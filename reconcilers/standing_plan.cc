#include "reconcilers/standing_plan.h"

#include <algorithm>

#include "core/state/fleet_state.h"
#include "reconcilers/node_facts.h"

namespace esaas::reconcile {
namespace {

using state::Node;

bool is_elasticsearch(const state::Cluster& cluster, const Node& node) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
  return group != nullptr && !state::is_companion(*group);
}

bool settings_are_in_force(const state::Cluster& cluster) {
  return cluster.minimum_master_nodes_intended() == cluster.minimum_master_nodes_applied() &&
         cluster.allocation_intended() == cluster.allocation_applied() &&
         std::ranges::equal(cluster.exclusions_intended(), cluster.exclusions_applied()) &&
         std::ranges::equal(cluster.voting_exclusions_intended(), cluster.voting_exclusions_applied());
}

bool is_settled(const Node& node) {
  return !node.removing() && !node.has_growth() && !node.has_restart() && is_joined(node);
}

/// Of a policy, and because of the clock alone.
bool is_due_by_time(const Action& action) {
  return std::ranges::all_of(action.events, [](const event::Event& event) {
    return event.has_policy_run_began() || event.has_elasticsearch_request_intended();
  });
}

}  // namespace

Observation imagined_observation(const state::Cluster& cluster, Time now) {
  Observation observation;
  observation.observed_at = now;
  observation.health = cluster.health();
  for (const Node& node : cluster.nodes()) {
    if (is_joined(node) && is_elasticsearch(cluster, node)) observation.nodes.push_back(node.name());
  }
  std::ranges::sort(observation.nodes);
  if (!observation.nodes.empty()) observation.master = observation.nodes.front();
  observation.excluded_nodes.emplace(cluster.exclusions_applied().begin(), cluster.exclusions_applied().end());
  observation.minimum_master_nodes = cluster.minimum_master_nodes_applied();
  observation.allocation_enable = cluster.allocation_applied();
  return observation;
}

bool is_at_rest(const state::Cluster& cluster) {
  if (!cluster.active_operation().empty() || !cluster.queued_operations().empty()) return false;
  if (!cluster.side_operations().empty() || !cluster.requests().empty() || cluster.has_full_restart()) return false;
  if (cluster.phase() == state::CLUSTER_PHASE_SUSPENDED) return std::ranges::all_of(cluster.nodes(), is_stopped);
  if (cluster.phase() != state::CLUSTER_PHASE_RUNNING || !settings_are_in_force(cluster)) return false;
  const model::HealthStatus health = cluster.health().status();
  const bool is_well = health == model::HEALTH_STATUS_GREEN || health == model::HEALTH_STATUS_YELLOW;
  return is_well && !cluster.nodes().empty() && std::ranges::all_of(cluster.nodes(), is_settled);
}

Plan plan_at_rest(const state::Cluster& cluster, const state::Tenant* tenant, const Settings& settings, Time now) {
  const Observation observation = imagined_observation(cluster, now);
  const OfferSet no_offers;
  Plan plan = reconcile({.cluster = cluster,
                         .tenant = tenant,
                         .observation = cluster.phase() == state::CLUSTER_PHASE_RUNNING ? &observation : nullptr,
                         .offers = no_offers,
                         .settings = settings,
                         .now = now});
  std::erase_if(plan.actions, is_due_by_time);
  return plan;
}

}  // namespace esaas::reconcile
