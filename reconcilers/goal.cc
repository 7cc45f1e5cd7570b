#include "reconcilers/goal.h"

#include <algorithm>

#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/held.h"
#include "reconcilers/plugins.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/servers.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

bool groups_are_complete(const state::Cluster& cluster) {
  return std::ranges::all_of(cluster.spec().node_groups(), [&](const model::NodeGroup& group) {
    std::uint32_t members = 0;
    for (const Node& node : cluster.nodes()) {
      if (node.group() != group.name()) continue;
      if (node.removing() || node.has_growth() || !equal(node.resources(), group.resources())) return false;
      ++members;
    }
    return members == group.count();
  });
}

bool settings_are_in_force(const View& view) {
  const state::Cluster& cluster = view.cluster();
  if (!cluster.exclusions_intended().empty() || !cluster.exclusions_applied().empty()) return false;
  if (!cluster.allocation_intended().empty() || !cluster.allocation_applied().empty()) return false;
  if (!cluster.voting_exclusions_intended().empty() || !cluster.voting_exclusions_applied().empty()) return false;
  if (keeps_voting_configuration(view)) return true;
  return cluster.minimum_master_nodes_intended() > 0 &&
         cluster.minimum_master_nodes_intended() == cluster.minimum_master_nodes_applied();
}

/// No node runs with anything else than what is wanted, or is on its way to it.
bool is_rolled_out(const state::Cluster& cluster) {
  return !cluster.has_full_restart() && std::ranges::all_of(cluster.nodes(), [&](const Node& node) {
    return !node.has_restart() && state::runs_as_wanted(cluster, node);
  });
}

bool has_status(const View& view, model::HealthStatus status) {
  return view.fresh() != nullptr && view.fresh()->health.status() == status;
}

/// A single data node can hold no replica, so a cluster of one is yellow as soon as it has an
/// index.
bool is_as_green_as_can_be(const View& view) {
  if (has_status(view, model::HEALTH_STATUS_GREEN)) return true;
  const auto data_nodes =
      std::ranges::count_if(view.cluster().nodes(), [&](const Node& node) { return view.holds_data(node); });
  return data_nodes == 1 && has_status(view, model::HEALTH_STATUS_YELLOW);
}

/// After nodes were restarted the cluster is to be as well as it was; what keeps a copy unassigned for long has another
/// reason.
bool is_well_again(const View& view) {
  if (!view.is_known_and_not_red()) return false;
  if (!refuse_unassigned_shards(view)) return true;
  return held_for(view, kWaitsForHealth) >= view.settings().assignment_patience;
}

/// Those nodes that it is about are as they shall be; what else the cluster lacks is not its matter.
bool companions_are_there(const View& view, bool (*has_role)(const model::NodeGroup&)) {
  const state::Cluster& cluster = view.cluster();
  for (const model::NodeGroup& group : cluster.spec().node_groups()) {
    if (!has_role(group)) continue;
    std::uint32_t members = 0;
    for (const Node& node : cluster.nodes()) {
      if (node.group() != group.name()) continue;
      if (node.removing() || !is_joined(node) || node.has_restart() || node.has_growth()) return false;
      if (!equal(node.resources(), group.resources()) || !state::runs_as_wanted(cluster, node)) return false;
      ++members;
    }
    if (members != group.count()) return false;
  }
  return true;
}

/// Mesos refuses the task as invalid, again and again: nothing will change by itself.
std::optional<Outcome> failure_of(const View& view) {
  for (const Node& node : view.cluster().nodes()) {
    if (node.removing() || node.failures() < view.settings().task_errors_max) continue;
    if (node.task().state() != model::TASK_STATE_ERROR) continue;
    return Outcome{model::OPERATION_STATUS_FAILED,
                   "Mesos refuses the task of " + node.name() + " as invalid: " + node.task().message()};
  }
  return std::nullopt;
}

Outcome succeeded(std::string detail) { return {model::OPERATION_STATUS_SUCCEEDED, std::move(detail)}; }

}  // namespace

bool is_converged(const View& view) {
  const state::Cluster& cluster = view.cluster();
  if (view.fresh() == nullptr || !groups_are_complete(cluster) || !settings_are_in_force(view)) return false;
  if (!is_rolled_out(cluster)) return false;
  return std::ranges::all_of(cluster.nodes(), [&](const Node& node) {
    return is_joined(node) && (view.is_companion(node) || view.is_listed(node));
  });
}

std::optional<Outcome> outcome_of(const View& view, const state::Operation& operation) {
  switch (operation.request().kind_case()) {
    case model::Request::kDelete: return std::nullopt;
    case model::Request::kLabel: return succeeded("The labels are changed.");
    case model::Request::kSuspend:
      if (std::ranges::any_of(view.cluster().nodes(), may_run)) return std::nullopt;
      return succeeded("Every task is stopped; places and data are kept.");
    case model::Request::kCreate:
      if (is_converged(view) && is_as_green_as_can_be(view)) return succeeded("Every node has joined.");
      break;
    case model::Request::kUpgrade:
      // Not before the indices were looked at, and the snapshot was taken (upgrade.h).
      if (view.cluster().spec().version() != operation.request().upgrade().version()) break;
      if (is_converged(view) && is_well_again(view)) {
        return succeeded("Every node runs " + view.cluster().spec().version() + ".");
      }
      break;
    case model::Request::kRestart:
    case model::Request::kConfigure:
      if (is_converged(view) && is_well_again(view)) return succeeded("Every node was restarted and has joined again.");
      break;
    case model::Request::kInstallPlugin:
    case model::Request::kRemovePlugin:
      if (is_converged(view) && is_well_again(view) && plugins_are_there(view)) {
        return succeeded("Every node was restarted with these plugins.");
      }
      break;
    case model::Request::kProxies:
      // Who may come in, they are told together with the servers.
      if (companions_are_there(view, state::is_proxy) && servers_are_followed(view)) {
        return succeeded("They are as they were asked for.");
      }
      break;
    case model::Request::kInstallKibana:
      if (companions_are_there(view, state::is_kibana) && kibana_is_served(view)) {
        return succeeded("Kibana is as it was asked for.");
      }
      break;
    case model::Request::kRemoveKibana:
      if (companions_are_there(view, state::is_kibana)) return succeeded("Kibana is as it was asked for.");
      break;
    default:
      if (is_converged(view) && view.is_known_and_not_red()) return succeeded("The cluster is as it was asked for.");
      break;
  }
  return failure_of(view);
}

}  // namespace esaas::reconcile
