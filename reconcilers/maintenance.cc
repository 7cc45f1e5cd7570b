#include "reconcilers/maintenance.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/view.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kDrainFits = "drain_fits_before_maintenance";

std::uint64_t seconds_of(Duration duration) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count(), 0));
}

/// The node's last started copies would have to be moved away first.
std::optional<NamedRefusal> refuse_late_drain(const View& view, const Node& node, const MaintenanceWindow& window) {
  auto last_copy = refuse_last_copy(view, node);
  if (!last_copy) return std::nullopt;
  if (auto refusal = first_refusal(kDrainRules, view, node)) return refusal;
  const Duration takes = drain_at_most(node, view.settings());
  const Duration left = window.unavailability.begins_at - view.now();
  if (takes <= left) return std::nullopt;
  return NamedRefusal{kDrainFits,
                      {last_copy->why + " To move its data away may take longer than there is until the maintenance.",
                       {figure("drain_seconds_at_most", seconds_of(takes)), figure("seconds_left", seconds_of(left))}}};
}

/// A node that is stopped, that Elasticsearch never had, or that starts elsewhere without loss, is not missed.
bool is_missed(const View& view, const Node& node) {
  return node.ever_joined() && may_run(node) && !view.keeps_nothing(node);
}

}  // namespace

Duration drain_at_most(const Node& node, const Settings& settings) {
  return std::chrono::seconds{node.place().resources().disk_mib() / std::max(settings.drain_mib_per_second, 1U) + 1};
}

MaintenanceVerdict judge_maintenance(const MaintenanceWindow& window, std::span<const Input> clusters) {
  for (const Input& input : clusters) {
    const View view(input);
    for (const Node& node : input.cluster.nodes()) {
      if (!has_place(node) || node.place().agent_id() != window.agent_id || !is_missed(view, node)) continue;
      auto refusal = first_refusal(kAbsenceRules, view, node);
      if (!refusal) refusal = refuse_late_drain(view, node, window);
      if (!refusal) continue;
      return {.accepted = false,
              .why = "Cluster " + input.cluster.name() + ", node " + node.name() + ": " + refusal->refusal.why,
              .rule = std::string(refusal->rule),
              .basis = std::move(refusal->refusal.basis)};
    }
  }
  return {};
}

}  // namespace esaas::reconcile
