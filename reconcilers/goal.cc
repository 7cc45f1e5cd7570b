#include "reconcilers/goal.h"

#include <algorithm>

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

bool settings_are_in_force(const state::Cluster& cluster) {
  return cluster.exclusions_intended().empty() && cluster.exclusions_applied().empty() &&
         cluster.minimum_master_nodes_intended() > 0 &&
         cluster.minimum_master_nodes_intended() == cluster.minimum_master_nodes_applied();
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
  if (view.fresh() == nullptr || !groups_are_complete(cluster) || !settings_are_in_force(cluster)) return false;
  return std::ranges::all_of(cluster.nodes(),
                             [&](const Node& node) { return is_joined(node) && view.is_listed(node); });
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
    default:
      if (is_converged(view) && view.is_known_and_not_red()) return succeeded("The cluster is as it was asked for.");
      break;
  }
  return failure_of(view);
}

}  // namespace esaas::reconcile
