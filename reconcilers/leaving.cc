#include "reconcilers/leaving.h"

#include <algorithm>

#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/shielding.h"

namespace esaas::reconcile {
namespace {

using state::Node;

event::Event drain_finished(const Node& node) {
  event::Event event;
  event.mutable_drain_finished()->set_node(node.name());
  return event;
}

event::Event kill_intended(const Node& node, std::string why) {
  event::Event event;
  event::TaskKillIntended& payload = *event.mutable_task_kill_intended();
  payload.set_node(node.name());
  payload.set_task_id(node.task().task_id());
  payload.set_why(std::move(why));
  return event;
}

template <typename Names>
bool contains(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Applied as far as we know: Elasticsearch confirmed it, and does not show otherwise.
bool is_excluded(const View& view, const Node& node) {
  if (!contains(view.cluster().exclusions_intended(), node.name())) return false;
  if (!contains(view.cluster().exclusions_applied(), node.name())) return false;
  const auto& seen = view.fresh()->excluded_nodes;
  return !seen || contains(*seen, node.name());
}

/// The hold that marks since when the drain is waited for; null before it is in the log.
const state::Hold* drain_hold(const state::Cluster& cluster, const Node& node) {
  const auto found = std::ranges::find_if(cluster.holds(), [&](const state::Hold& hold) {
    return hold.rule() == kDrainWaits && hold.node() == node.name();
  });
  return found == cluster.holds().end() ? nullptr : &*found;
}

void begin_drain(const View& view, Draft& draft, const Node& node) {
  if (!is_excluded(view, node)) return draft.check_soon();  // exclusions.h puts it in force, or holds
  event::Event event;
  event.mutable_drain_began()->set_node(node.name());
  event.mutable_drain_began()->set_shards(view.copies_on(node));
  draft.act("begin_drain", std::move(event));
}

void continue_drain(const View& view, Draft& draft, const Node& node) {
  if (auto refusal = first_refusal(kDrainRules, view, node)) {
    return draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
  }
  const state::Hold* waits = drain_hold(view.cluster(), node);
  const bool asked_after = waits != nullptr && to_us(view.fresh()->observed_at) > waits->since_at_us();
  const std::uint32_t copies = view.copies_on(node);
  if (asked_after && copies == 0 && is_excluded(view, node)) {
    return draft.act("finish_drain", drain_finished(node));
  }
  draft.hold(kDrainWaits, node.name(),
             {"Copies of shards are still moving away from the node.", {figure("copies_on_the_node", copies)}});
}

void stop(const View& view, Draft& draft, const Node& node) {
  if (node.task().kill_intended()) return;
  if (auto refusal = first_refusal(kStopRules, view, node)) {
    return draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
  }
  if (draft.has_action("stop_node")) return draft.check_soon();
  if (!shield(view, draft, node)) return;
  draft.act("stop_node", kill_intended(node, "It leaves the cluster (" + node.removal_reason() + ") and is empty."));
}

void leave(const View& view, Draft& draft, const Node& node) {
  if (auto refusal = refuse_unknown_health(view)) return draft.hold(kHealthKnown, node.name(), std::move(*refusal));
  if (!view.holds_data(node) || node.drain() == state::DRAIN_STATUS_FINISHED) return stop(view, draft, node);
  if (!node.task().joined()) {
    return draft.hold("leaving_node_must_join_to_be_drained", node.name(),
                      {"The node runs and is not a member now; only as a member can it hand over its shards.", {}});
  }
  if (node.drain() == state::DRAIN_STATUS_NONE) return begin_drain(view, draft, node);
  continue_drain(view, draft, node);
}

/// Nothing of the cluster is on it, unless it is joining right now: so a cluster that answers is
/// told first to allocate nothing to it.
void leave_without_having_joined(const View& view, Draft& draft, const Node& node) {
  if (node.task().kill_intended()) return;
  const bool answers = view.fresh() != nullptr && view.holds_data(node);
  if (answers && (!is_excluded(view, node) || view.is_listed(node))) return draft.check_soon();
  draft.act("stop_node",
            kill_intended(node, "It leaves the cluster (" + node.removal_reason() + ") and never joined."));
}

/// There is nothing to drain, no vote to miss, and nothing to ask the cluster about; its address may be asked for.
void leave_with_nothing(const View& view, Draft& draft, const Node& node) {
  if (node.task().kill_intended()) return;
  if (view.is_companion(node) && is_joined(node)) {
    if (auto refusal = first_refusal(kCompanionStopRules, view, node)) {
      draft.check_soon();
      return draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
    }
  }
  if (!view.is_companion(node) && is_joined(node) && !shield(view, draft, node)) return;
  draft.act("stop_node",
            kill_intended(node, "It leaves the cluster (" + node.removal_reason() + ") and keeps nothing."));
}

/// It stopped by itself, not drained.
void leave_after_a_crash(const View& view, Draft& draft, const Node& node) {
  if (!view.holds_data(node) || node.drain() == state::DRAIN_STATUS_FINISHED) return;
  if (must_start_again(view, node)) return;
  // What was seen before it stopped says nothing about the cluster without it.
  if (!view.answers_without(node)) return draft.check_soon();
  draft.act("finish_drain", drain_finished(node));
}

}  // namespace

bool must_start_again(const View& view, const Node& node) {
  if (!node.removing() || !node.ever_joined() || !is_stopped(node)) return false;
  if (!is_reserved(node) || is_given_up(node)) return false;
  if (view.holds_data(node) && node.drain() != state::DRAIN_STATUS_FINISHED) {
    if (view.fresh() == nullptr) return true;
    return view.answers_without(node) && (!view.is_known_and_not_red() || !view.fresh()->closed_indices.empty());
  }
  const bool was_silent = view.fresh() == nullptr && view.cluster().health().status() == model::HEALTH_STATUS_UNKNOWN;
  return was_silent && view.now() >= from_us(view.cluster().health_since_at_us()) + view.settings().unanswered_max;
}

void reconcile_leaving(const View& view, Draft& draft) {
  for (const Node& node : view.cluster().nodes()) {
    if (!node.removing() || !has_place(node)) continue;
    if (view.is_paused()) return hold_paused(view, draft);
    if (is_stopped(node)) {
      if (node.ever_joined() && is_reserved(node)) leave_after_a_crash(view, draft, node);
    } else if (!may_run(node) || is_out_of_sight(node)) {
      draft.check_soon();  // recovery.h holds it
    } else if (view.keeps_nothing(node)) {
      leave_with_nothing(view, draft, node);
    } else if (node.ever_joined()) {
      leave(view, draft, node);
    } else {
      leave_without_having_joined(view, draft, node);
    }
  }
}

}  // namespace esaas::reconcile
