#include "reconcilers/rollout.h"

#include <algorithm>
#include <tuple>

#include "core/state/evolve_elasticsearch.h"
#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/allocation.h"
#include "reconcilers/growth.h"
#include "reconcilers/held.h"
#include "reconcilers/recovery_guard.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"
#include "reconcilers/shielding.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::string_view kWaitsForRejoin = "waits_for_restarted_node";

bool is_outdated(const View& view, const Node& node) {
  return may_run(node) && !node.removing() && !state::runs_as_wanted(view.cluster(), node);
}

/// It runs, and the cluster answers without it.
bool is_stranger(const View& view, const Node& node) {
  if (is_joined(node) || node.task().state() != model::TASK_STATE_RUNNING) return false;
  return !view.has_formed() || view.answers_without(node);
}

bool is_over(const View& view, std::int64_t since_at_us) {
  return view.now() >= from_us(since_at_us) + kPreparationPatience;
}

// ---- Why, and by which figures ----

std::string why_outdated(const View& view, const Node& node) {
  const model::LaunchInputs wanted = state::wanted_inputs(view.cluster(), node);
  const model::LaunchInputs& runs = node.task().inputs();
  if (runs.version() != wanted.version()) {
    return "It runs version " + runs.version() + " and shall run " + wanted.version() + ".";
  }
  if (runs.restart_seq() != wanted.restart_seq()) return "Its restart was asked for.";
  model::LaunchInputs settings = runs;
  *settings.mutable_settings() = wanted.settings();
  const bool by_settings = settings.SerializeAsString() != runs.SerializeAsString();
  return by_settings ? "Its settings have changed." : "Its plugins have changed.";
}

std::vector<model::Figure> basis_of(const View& view, const Node& node, std::span<const NodeRule> rules) {
  std::vector<model::Figure> basis = view.is_companion(node) ? std::vector<model::Figure>{} : health_basis(view);
  if (view.holds_data(node)) basis.push_back(figure("copies_on_the_node", view.copies_on(node)));
  std::string names;
  for (const NodeRule& rule : rules) names += (names.empty() ? "" : ",") + std::string(rule.name);
  basis.push_back(figure("rules", std::move(names)));
  for (model::Figure& one : overridden_refusals(rules, view, node)) basis.push_back(std::move(one));
  return basis;
}

std::span<const NodeRule> rules_to_begin(const View& view, const Node& node) {
  if (view.is_companion(node)) return kCompanionRules;
  return is_stranger(view, node) ? kStrangerRules : kRolloutRules;
}

std::span<const NodeRule> rules_to_stop(const View& view, const Node& node) {
  if (view.is_companion(node)) return kCompanionRules;
  return is_stranger(view, node) ? kStrangerRules : kRolloutStopRules;
}

// ---- What was begun ----

void end(Draft& draft, const Node& node, std::string why) {
  std::vector<event::Event> events(1);
  events.front().mutable_node_restart_ended()->set_node(node.name());
  events.front().mutable_node_restart_ended()->set_why(std::move(why));
  if (node.shielded_at_us() != 0) events.emplace_back().mutable_node_unshielded()->set_node(node.name());
  draft.act("end_restart", std::move(events));
}

/// Held, unless it has been refused for so long that the cluster is better off without the preparations.
void wait_or_end(const View& view, Draft& draft, const Node& node, NamedRefusal refused) {
  if (held_for(view, refused.rule, node) >= kPreparationPatience) {
    return end(draft, node,
               "It can not be stopped for too long (" + std::string(refused.rule) + "): " + refused.refusal.why);
  }
  draft.hold(refused.rule, node.name(), std::move(refused.refusal));
}

bool is_flushed(const View& view, Draft& draft, const Node& node) {
  if (!view.holds_data(node)) return true;
  const auto* flush = find_flush(view.cluster(), node.name(), node.restart().seq());
  if (flush == nullptr) {
    draft.act("flush_node", flush_intended(node.name()));
    return false;
  }
  if (flush->answered() || is_over(view, flush->intended_at_us())) return true;
  draft.check_at(from_us(flush->intended_at_us()) + kPreparationPatience);
  return false;
}

/// True when nothing of it is left to be done.
bool prepare(const View& view, Draft& draft, const Node& node) {
  const std::int64_t since_at_us = node.restart().since_at_us();
  if (node.restart().prepared()) return true;
  if (view.holds_data(node) && !holds_allocation(view) && !is_over(view, since_at_us)) {
    draft.check_soon();
    return false;
  }
  if (has_proxies(view.cluster()) && node.shielded_at_us() == 0) {
    event::Event event;
    event.mutable_node_shielded()->set_node(node.name());
    draft.act("shield_node", std::move(event));
    return false;
  }
  if (!is_flushed(view, draft, node)) return false;
  event::Event event;
  event.mutable_node_restart_prepared()->set_node(node.name());
  draft.act("prepare_restart", std::move(event));
  return false;
}

void stop(const View& view, Draft& draft, const Node& node) {
  if (auto refusal = first_refusal(rules_to_stop(view, node), view, node)) {
    return wait_or_end(view, draft, node, std::move(*refusal));
  }
  const bool asks_cluster = !view.is_companion(node) && view.has_formed() && view.fresh() != nullptr;
  if ((asks_cluster && !view.knows_of_last_change()) || draft.has_action("stop_node")) return draft.check_soon();
  event::Event event;
  event::TaskKillIntended& payload = *event.mutable_task_kill_intended();
  payload.set_node(node.name());
  payload.set_task_id(node.task().task_id());
  payload.set_why("It is restarted: " + node.restart().why());
  draft.act("stop_node", std::move(event));
}

bool is_back(const View& view, const Node& node) {
  return is_joined(node) && (view.is_companion(node) || view.is_listed(node));
}

void wait_for_return(const View& view, Draft& draft, const Node& node) {
  if (is_back(view, node)) return end(draft, node, "It has joined again.");
  if (!may_run(node) || is_out_of_sight(node)) return draft.check_soon();  // launching.h and recovery.h hold it
  // What it was started with may be what keeps it from joining.
  if (!state::runs_as_wanted(view.cluster(), node)) return end(draft, node, "It shall run otherwise again by now.");
  draft.hold(kWaitsForRejoin, node.name(), {"The node was restarted and has not joined again yet.", {}});
}

void go_on(const View& view, Draft& draft, const Node& node) {
  if (node.removing()) return end(draft, node, "It leaves the cluster.");
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING) return end(draft, node, "The cluster is suspended.");
  if (view.cluster().has_full_restart() && !view.is_companion(node))
    return end(draft, node, "All nodes are restarted.");
  // What keeps nothing loses its place with its task, and waits for another for as long as nobody offers one.
  if (is_stopped(node) && !has_place(node)) return end(draft, node, "It is placed anew.");
  if (node.task().launch_seq() > node.restart().seq()) return wait_for_return(view, draft, node);
  if (!may_run(node) || is_out_of_sight(node) || node.task().kill_intended()) return draft.check_soon();
  if (state::runs_as_wanted(view.cluster(), node)) return end(draft, node, "It is no longer wanted.");
  const bool is_member = !view.is_companion(node) && is_joined(node);
  if (is_member && !prepare(view, draft, node)) return;
  if (is_member && !shield(view, draft, node)) return;
  if (!wait_for_guard(view, draft, node)) return;
  stop(view, draft, node);
}

// ---- The next one ----

/// Smaller goes first.
auto rank(const View& view, const Node& node) {
  const bool is_master = view.is_master_eligible(node);
  const bool holds_data = view.holds_data(node);
  const bool is_elected = view.fresh() != nullptr && view.fresh()->master == node.name();
  const int kind = is_master ? (holds_data ? 2 : 3) : (holds_data ? 0 : 1);
  return std::tuple(is_joined(node), is_elected, kind);
}

/// Nothing else of this plan takes a node away, or gives one a reason to go.
bool is_quiet(const Draft& draft) {
  constexpr std::string_view kOthers[] = {"stop_node", "restart_stranger", "grow_place",  "add_replacement",
                                          "add_nodes", "remove_nodes",     "end_restart", "begin_full_restart"};
  return std::ranges::none_of(kOthers, [&](std::string_view name) { return draft.has_action(name); });
}

void begin(const View& view, Draft& draft, const Node& node) {
  if (view.is_paused()) return hold_paused(view, draft);
  const auto rules = rules_to_begin(view, node);
  if (auto refusal = first_refusal(rules, view, node)) {
    return draft.hold(refusal->rule, node.name(), std::move(refusal->refusal));
  }
  if (!is_quiet(draft)) return draft.check_soon();
  event::Event event;
  event::NodeRestartBegan& payload = *event.mutable_node_restart_began();
  payload.set_node(node.name());
  payload.set_why(why_outdated(view, node));
  for (model::Figure& one : basis_of(view, node, rules)) *payload.add_basis() = std::move(one);
  draft.act("begin_restart", std::move(event));
}

/// Of Elasticsearch, or of what stands beside it: they do not wait for each other.
void begin_next(const View& view, Draft& draft, bool companions) {
  const Node* next = nullptr;
  for (const Node& node : view.cluster().nodes()) {
    if (view.is_companion(node) != companions || !is_outdated(view, node)) continue;
    if (node.has_restart() || node.task().kill_intended() || is_out_of_sight(node) || keeps_from_launch(node)) continue;
    if (next == nullptr || rank(view, node) < rank(view, *next)) next = &node;
  }
  if (next != nullptr) begin(view, draft, *next);
}

}  // namespace

event::Event flush_intended(const std::string& node) {
  event::Event event;
  event::ElasticsearchRequestIntended& payload = *event.mutable_elasticsearch_request_intended();
  payload.set_purpose(std::string(state::kFlush));
  payload.set_node(node);
  payload.set_method("POST");
  payload.set_path("/_flush/synced");
  return event;
}

const state::ElasticsearchRequest* find_flush(const state::Cluster& cluster, const std::string& node,
                                              std::uint64_t since_seq) {
  const state::ElasticsearchRequest* found = nullptr;
  for (const state::ElasticsearchRequest& request : cluster.requests()) {
    if (request.purpose() != state::kFlush || request.node() != node || request.seq() < since_seq) continue;
    found = &request;
  }
  return found;
}

void reconcile_rollout(const View& view, Draft& draft) {
  for (const Node& node : view.cluster().nodes()) {
    if (node.has_restart()) go_on(view, draft, node);
  }
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING) return;
  if (!view.cluster().has_full_restart()) begin_next(view, draft, false);
  begin_next(view, draft, true);
}

}  // namespace esaas::reconcile
