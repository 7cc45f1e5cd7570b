#include "reconcilers/full_restart.h"

#include <algorithm>

#include "core/model/version.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/allocation.h"
#include "reconcilers/held.h"
#include "reconcilers/recovery_guard.h"
#include "reconcilers/rollout.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kWaitsForAll = "waits_for_all_nodes";

/// A node that stopped by itself meanwhile can not be launched before all have stopped (a full restart has begun, or is
/// needed): the way on is the way back, also for a cluster that is silent or red without it.
bool is_stopped_in_part(const View& view) {
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
    return !view.is_companion(node) && !view.keeps_nothing(node) && !node.removing() && node.attempt() > 0 &&
           is_reserved(node) && is_stopped(node);
  });
}

/// Of the cluster as a whole: rules about one node are asked for each, and the first refusal is told.
std::optional<NamedRefusal> refusal_of(const View& view) {
  if (!view.has_formed() || is_stopped_in_part(view)) return std::nullopt;
  for (const Node& node : view.cluster().nodes()) {
    if (view.is_companion(node) || !may_run(node)) continue;
    if (auto refusal = first_refusal(kFullRestartRules, view, node)) return refusal;
  }
  return std::nullopt;
}

bool is_over(const View& view, std::int64_t since_at_us) {
  return view.now() >= from_us(since_at_us) + kPreparationPatience;
}

bool is_flushed(const View& view, Draft& draft) {
  const auto* flush = find_flush(view.cluster(), "", view.cluster().full_restart().seq());
  if (flush == nullptr) {
    draft.act("flush_all", flush_intended(""));
    return false;
  }
  if (flush->answered() || is_over(view, flush->intended_at_us())) return true;
  draft.check_at(from_us(flush->intended_at_us()) + kPreparationPatience);
  return false;
}

void prepare(const View& view, Draft& draft) {
  if (view.is_paused()) return hold_paused(view, draft);
  if (auto refusal = refusal_of(view)) return draft.hold(refusal->rule, "", std::move(refusal->refusal));
  // Another version may not know what was set for restarts of single nodes.
  const bool is_ready = holds_allocation(view) && is_guard_gone(view);
  if (!is_ready && !is_over(view, view.cluster().full_restart().since_at_us())) return draft.check_soon();
  if (!is_flushed(view, draft)) return;
  event::Event event;
  event.mutable_full_restart_prepared();
  draft.act("prepare_full_restart", std::move(event));
}

bool is_stopping(const View& view) {
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
    return !view.is_companion(node) && node.task().kill_intended() &&
           node.task().launch_seq() < view.cluster().full_restart().seq();
  });
}

/// Once one was told to stop, the others follow whatever the cluster says.
void stop_all(const View& view, Draft& draft) {
  if (!is_stopping(view)) {
    if (auto refusal = refusal_of(view)) return draft.hold(refusal->rule, "", std::move(refusal->refusal));
  }
  std::vector<event::Event> kills;
  for (const Node& node : view.cluster().nodes()) {
    if (view.is_companion(node) || !may_run(node) || node.task().kill_intended()) continue;
    event::TaskKillIntended& payload = *kills.emplace_back().mutable_task_kill_intended();
    payload.set_node(node.name());
    payload.set_task_id(node.task().task_id());
    payload.set_why("All nodes are restarted: " + view.cluster().full_restart().why());
  }
  if (!kills.empty()) draft.act("stop_all_nodes", std::move(kills));
}

void note_stopped(Draft& draft) {
  event::Event event;
  event.mutable_full_restart_stopped();
  draft.act("note_all_stopped", std::move(event));
}

void wait_for_all(const View& view, Draft& draft) {
  std::uint32_t joined = 0;
  std::uint32_t all = 0;
  for (const Node& node : view.cluster().nodes()) {
    if (node.removing() || view.is_companion(node) || node.attempt() == 0) continue;
    ++all;
    if (is_joined(node) && view.is_listed(node)) ++joined;
  }
  // A node that can not come back must not keep replicas unassigned for ever.
  const bool is_long = view.fresh() != nullptr && held_for(view, kWaitsForAll) >= view.settings().assignment_patience;
  if (joined < all && !is_long) {
    return draft.hold(kWaitsForAll, "",
                      {"All nodes were stopped and start again; the restart ends when all have joined.",
                       {figure("joined", joined), figure("nodes", all)}});
  }
  event::Event event;
  event.mutable_full_restart_ended()->set_why(joined == all ? "Every node has joined again."
                                                            : "Some node has not joined again for too long.");
  draft.act("end_full_restart", std::move(event));
}

bool is_needed(const View& view) {
  const std::string& wanted = view.cluster().spec().version();
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& node) {
    if (view.is_companion(node) || !may_run(node)) return false;
    const std::string& runs = running_version(view.cluster(), node);
    return runs != wanted && model::upgrade_path(runs, wanted).kind == model::UpgradeKind::kFullRestart;
  });
}

/// Not with the event that asked for it: what it waited for then is over.
void begin_if_needed(const View& view, Draft& draft) {
  if (!is_needed(view)) return;
  if (view.is_paused()) return hold_paused(view, draft);
  if (auto refusal = refusal_of(view)) return draft.hold(refusal->rule, "", std::move(refusal->refusal));
  draft.act("begin_full_restart", full_restart_began(view, "The versions do not work together."));
}

}  // namespace

event::Event full_restart_began(const View& view, std::string why) {
  event::Event event;
  event.mutable_full_restart_began()->set_why(std::move(why));
  for (model::Figure& one : health_basis(view)) *event.mutable_full_restart_began()->add_basis() = std::move(one);
  return event;
}

void reconcile_full_restart(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  const bool is_running = cluster.phase() == state::CLUSTER_PHASE_RUNNING;
  if (!cluster.has_full_restart()) {
    if (is_running) begin_if_needed(view, draft);
    return;
  }
  const bool may_one_run =
      std::ranges::any_of(cluster.nodes(), [&](const Node& node) { return !view.is_companion(node) && may_run(node); });
  if (!cluster.full_restart().stopped()) {
    if (!may_one_run) return note_stopped(draft);
    if (!is_running) return;
    return cluster.full_restart().prepared() ? stop_all(view, draft) : prepare(view, draft);
  }
  if (is_running) wait_for_all(view, draft);
}

}  // namespace esaas::reconcile
