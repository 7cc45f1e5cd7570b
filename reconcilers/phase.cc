#include "reconcilers/phase.h"

#include <algorithm>
#include <utility>

#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/release.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

std::vector<event::Event> kills_of_all(const state::Cluster& cluster, const std::string& why) {
  std::vector<event::Event> events;
  for (const Node& node : cluster.nodes()) {
    if (!may_run(node) || node.task().kill_intended()) continue;
    event::TaskKillIntended& payload = *events.emplace_back().mutable_task_kill_intended();
    payload.set_node(node.name());
    payload.set_task_id(node.task().task_id());
    payload.set_why(why);
  }
  return events;
}

bool runs(const Node& node) { return may_run(node) && !node.task().kill_intended(); }

/// Nobody needs to ask why it is silent: it never formed, we are stopping it, or too few masters
/// run for an election (and none is started again while the cluster is suspended, so waiting would
/// be for ever).
bool may_be_silent(const View& view) {
  if (!view.has_formed()) return true;
  const auto& nodes = view.cluster().nodes();
  const bool is_stopping =
      std::ranges::any_of(nodes, [](const Node& node) { return node.task().kill_intended() && !node.removing(); });
  const auto running_masters =
      std::ranges::count_if(nodes, [&](const Node& node) { return runs(node) && view.is_master_eligible(node); });
  return is_stopping || std::cmp_less(running_masters, quorum(count_masters(view).planned));
}

}  // namespace

void reconcile_suspension(const View& view, Draft& draft) {
  std::vector<event::Event> kills = kills_of_all(view.cluster(), "The cluster is suspended.");
  if (kills.empty()) return;
  if (view.is_paused()) return hold_paused(view, draft);
  if (!may_be_silent(view) && !is_overridden(view, kHealthKnown, "")) {
    if (auto refusal = refuse_unknown_health(view)) return draft.hold(kHealthKnown, "", std::move(*refusal));
  }
  draft.act("suspend_cluster", std::move(kills));
}

void reconcile_deletion(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  if (view.is_paused()) return hold_paused(view, draft);
  if (std::vector<event::Event> kills = kills_of_all(cluster, "The cluster is deleted."); !kills.empty()) {
    draft.act("stop_cluster", std::move(kills));
  }
  for (const Node& node : cluster.nodes()) {
    if (is_stopped(node)) release_place(view, draft, node);
  }
  if (!cluster.nodes().empty()) return;
  std::vector<event::Event> events(1);
  events.front().mutable_cluster_deleted();
  if (!cluster.active_operation().empty()) {
    event::OperationFinished& finished = *events.emplace_back().mutable_operation_finished();
    finished.set_id(cluster.active_operation());
    finished.set_status(model::OPERATION_STATUS_SUCCEEDED);
    finished.set_detail("Every task is stopped, every volume destroyed, every reservation given back.");
  }
  draft.act("delete_cluster", std::move(events));
}

}  // namespace esaas::reconcile
