#include "reconcilers/phase.h"

#include <algorithm>

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

/// Its silence is our own doing, or there is nothing to be silent.
bool may_be_silent(const View& view) {
  return !view.has_formed() || std::ranges::any_of(view.cluster().nodes(), [](const Node& node) {
    return node.task().kill_intended() && !node.removing();
  });
}

}  // namespace

void reconcile_suspension(const View& view, Draft& draft) {
  std::vector<event::Event> kills = kills_of_all(view.cluster(), "The cluster is suspended.");
  if (kills.empty()) return;
  if (view.is_paused()) return hold_paused(view, draft);
  if (!may_be_silent(view)) {
    if (auto refusal = refuse_unknown_health(view))
      return draft.hold(kHealthKnown, "", std::move(*refusal));
  }
  draft.act("suspend_cluster", std::move(kills));
}

void reconcile_deletion(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  if (view.is_paused()) return hold_paused(view, draft);
  if (std::vector<event::Event> kills = kills_of_all(cluster, "The cluster is deleted.");
      !kills.empty()) {
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
    finished.set_detail(
        "Every task is stopped, every volume destroyed, every reservation given back.");
  }
  draft.act("delete_cluster", std::move(events));
}

}  // namespace esaas::reconcile
