#include "reconcilers/recovery.h"

#include <algorithm>

#include "core/model/task_state.h"
#include "reconcilers/held.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kWaitsForUnreachable = "waits_for_unreachable_task";
/// What is reserved is not what the log says; nothing is done about it while the node runs.
constexpr std::string_view kLedgerDiffers = "ledger_differs";

/// The node was told where to find masters that are elsewhere by now.
constexpr std::string_view kNoMember = "waits_for_join";

void hold_out_of_sight(const View& view, Draft& draft, const Node& node) {
  draft.hold(kWaitsForUnreachable, node.name(),
             {"The task on " + node.place().hostname() +
                  " is out of Mesos's sight and may still run; it is not started "
                  "a second time. If the agent is gone for good, mark it gone in Mesos.",
              {figure("state", std::string(model::name_of(node.task().state()))),
               figure("since_at_us", static_cast<std::uint64_t>(node.task().state_since_at_us()))}},
             view.now() + std::chrono::minutes{1});
}

/// Nothing that only this node had can be needed any more.
bool holds_nothing(const View& view, const Node& node) {
  if (view.cluster().phase() == state::CLUSTER_PHASE_DELETING || !node.ever_joined()) return true;
  if (view.is_companion(node)) return true;
  return node.removing() && node.drain() == state::DRAIN_STATUS_FINISHED;
}

void give_up_lost_place(const View& view, Draft& draft, const Node& node, std::string why) {
  if (!holds_nothing(view, node)) {
    const auto refusal = first_refusal(kRemovalRules, view, node);
    const bool is_only_red = refusal && refusal->rule != kHealthKnown && !view.holds_data(node);
    if (refusal && !is_only_red) return draft.hold(refusal->rule, node.name(), refusal->refusal);
  }
  event::Event event;
  event::PlaceFailed& payload = *event.mutable_place_failed();
  payload.set_node(node.name());
  payload.set_volume_id(node.place().volume_id());
  payload.set_why(std::move(why));
  payload.set_data_lost(true);
  draft.act("give_up_lost_place", std::move(event));
}

/// What the master's books lack of a node's place, whether or not a task was ever there.
void reconcile_reservation(const View& view, Draft& draft, const Node& node) {
  const auto ledger = view.input().ledger;
  const auto line = std::ranges::find(ledger, node.place().volume_id(), &LedgerLine::place);
  if (!is_reserved(node) || line == ledger.end() || !is_imbalance(line->status)) return;
  // The books were compared before the place was adopted.
  if (line->status == LedgerStatus::kWithoutOwner) return;
  const bool is_lost = line->status == LedgerStatus::kMissing || line->status == LedgerStatus::kVolumeMissing;
  if (is_lost && is_stopped(node)) return give_up_lost_place(view, draft, node, line->why);
  draft.hold(kLedgerDiffers, node.name(), {line->why, {figure("ledger", std::string(name_of(line->status)))}},
             view.now() + std::chrono::minutes{10});
}

/// It makes offers, or the master's books listed it when they were last compared. Both may be silent of one that is
/// there.
bool may_be_registered(const View& view, const std::string& agent_id) {
  const OfferSet& offers = view.input().offers;
  if (std::ranges::any_of(offers.of_agent(agent_id), [&](std::uint32_t i) { return !offers.is_taken(i); })) return true;
  return std::ranges::any_of(view.input().ledger, [&](const LedgerLine& line) {
    return line.agent_id == agent_id && (line.status == LedgerStatus::kBalanced || is_imbalance(line.status));
  });
}

/// An offer of another agent on the machine of the node's place; null when there is none. Mesos ties agents to machines
/// by nothing but the hostname, which two agents may share: while the old one is known to be there, nothing is
/// concluded. Of two on one host, one of them out of sight, nothing here can tell; agents that share a host need names
/// of their own (--hostname).
const Offer* find_renewed_machine(const View& view, const Node& node) {
  if (may_be_registered(view, node.place().agent_id())) return nullptr;
  const OfferSet& offers = view.input().offers;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (offers.is_taken(i) || offers[i].hostname != node.place().hostname()) continue;
    if (offers[i].agent_id != node.place().agent_id()) return &offers[i];
  }
  return nullptr;
}

/// No status will ever tell of it, because the master goes on calling the old agent unreachable. A place that was still
/// being reserved ends with it: should it have come to be, an offer shows it, and it is adopted or given back.
bool note_renewed_machine(const View& view, Draft& draft, const Node& node) {
  const bool is_unanswered = node.place_status() == state::PLACE_STATUS_INTENDED;
  const Offer* renewed = is_transient(node) || is_unanswered ? find_renewed_machine(view, node) : nullptr;
  if (renewed == nullptr) return false;
  std::vector<event::Event> events(1);
  event::TaskStatusChanged& payload = *events.front().mutable_task_status_changed();
  payload.set_node(node.name());
  payload.set_task_id(node.task().task_id());
  payload.set_state(model::TASK_STATE_GONE);
  payload.set_message("The machine is agent " + renewed->agent_id + " now.");
  payload.set_agent_id(node.task().agent_id());
  if (is_unanswered) {
    event::PlaceFailed& failed = *events.emplace_back().mutable_place_failed();
    failed.set_node(node.name());
    failed.set_volume_id(node.place().volume_id());
    failed.set_why("The machine is another agent now, and nobody knows what became of the reservation.");
  }
  draft.act("note_lost_task", std::move(events));
  return true;
}

/// The unicast hosts that the task was launched with are not the masters' addresses any more: a place that was intended
/// beside its launch came to nothing, say. Elasticsearch would ask those addresses for ever.
bool knows_old_masters(const View& view, const Node& node) {
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& other) {
    return &other != &node && !other.removing() && view.is_master_eligible(other) && is_reserved(other) &&
           other.place_seq() > node.task().launch_seq();
  });
}

/// Some task is being killed, or will be by this plan: strangers go one after the other. One that is out of sight may
/// never end, and is not waited for.
bool is_another_stopping(const View& view, const Draft& draft, const Node& node) {
  if (draft.has_action("restart_stranger") || draft.has_action("stop_node")) return true;
  return std::ranges::any_of(view.cluster().nodes(), [&](const Node& other) {
    return &other != &node && other.task().kill_intended() && may_run(other) && !is_out_of_sight(other);
  });
}

/// It is waited for at first; then the hold tells how long it has been no member without an interruption.
void restart_stranger(const View& view, Draft& draft, const Node& node) {
  const state::Task& task = node.task();
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING || task.state() != model::TASK_STATE_RUNNING) return;
  if (task.joined() || task.kill_intended() || view.is_companion(node) || !knows_old_masters(view, node)) return;
  const Duration patience = view.settings().join_patience;
  const Time due = from_us(task.state_since_at_us()) + patience;
  if (view.now() < due) return draft.check_at(due);
  if (view.has_formed() && !view.answers_without(node)) return draft.check_soon();
  const Duration held = held_for(view, kNoMember, node);
  const bool is_due = held >= patience;
  if (!is_due || is_another_stopping(view, draft, node)) {
    return draft.hold(kNoMember, node.name(),
                      {"It runs, and the cluster does not list it: it was told of masters that have moved since. If it "
                       "does not find the others it is started anew.",
                       {}},
                      view.now() + (is_due ? view.settings().poll_interval : patience - held));
  }
  event::Event event;
  event::TaskKillIntended& payload = *event.mutable_task_kill_intended();
  payload.set_node(node.name());
  payload.set_task_id(task.task_id());
  payload.set_why("It found no master: it was told of masters that have moved since.");
  draft.act("restart_stranger", std::move(event));
}

/// A kill that was lost on its way comes late, and by then the node may be one that can not be missed: another has died
/// that held the other copy, say, or shards were moved back to a drained one because an old list of exclusions came
/// last. What is suspended or deleted stops as a whole, and what never joined has nothing.
std::optional<NamedRefusal> refusal_to_stop_now(const View& view, const Node& node) {
  const bool is_told_alone = view.cluster().phase() == state::CLUSTER_PHASE_RUNNING &&
                             !view.cluster().has_full_restart() && !view.is_companion(node);
  if (!is_told_alone) return std::nullopt;
  if (!node.removing()) return first_refusal(is_joined(node) ? kRolloutStopRules : kStrangerRules, view, node);
  if (view.keeps_nothing(node) || !node.ever_joined()) return std::nullopt;
  return first_refusal(kLateStopRules, view, node);
}

void repeat_kill(const View& view, Draft& draft, const Node& node) {
  const Time due = from_us(node.task().kill_intended_at_us()) + view.settings().kill_repeat;
  if (view.now() < due) return draft.check_at(due);
  // The master would keep it until the agent is back, whatever has happened until then.
  if (is_out_of_sight(node)) return;
  if (auto refusal = refusal_to_stop_now(view, node)) {
    draft.check_soon();
    return draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
  }
  event::Event event;
  event.mutable_task_kill_intended()->set_node(node.name());
  event.mutable_task_kill_intended()->set_task_id(node.task().task_id());
  draft.repeat(std::move(event));
  draft.check_at(view.now() + view.settings().kill_repeat);
}

}  // namespace

void reconcile_recovery(const View& view, Draft& draft) {
  for (const Node& node : view.cluster().nodes()) {
    if (!node.has_task()) {
      reconcile_reservation(view, draft, node);
      continue;
    }
    if (is_out_of_sight(node)) {
      if (note_renewed_machine(view, draft, node)) continue;
      hold_out_of_sight(view, draft, node);
    }
    if (lost_its_agent(node)) give_up_lost_place(view, draft, node, "Its agent was declared gone for good.");
    reconcile_reservation(view, draft, node);
    restart_stranger(view, draft, node);
    if (node.task().kill_intended() && may_run(node)) repeat_kill(view, draft, node);
  }
}

}  // namespace esaas::reconcile
