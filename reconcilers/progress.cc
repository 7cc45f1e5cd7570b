#include "reconcilers/progress.h"

#include <algorithm>
#include <chrono>

#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/goal.h"
#include "reconcilers/recovery_guard.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/rules/stop_rules.h"

namespace esaas::reconcile {
namespace {

using state::Node;

struct Count {
  std::uint32_t done = 0;
  std::uint32_t total = 0;
};

/// Collects the steps whose count differs from what the operation's record says.
class Steps {
 public:
  explicit Steps(const state::Operation& operation) : operation_(operation) {}

  /// `begins`: worth an event even before anything of it is done.
  void set(std::string_view name, Count count, bool begins = false) {
    const Count before = recorded(name);
    const bool is_same = before.done == count.done && (before.total == count.total || (count.done == 0 && !begins));
    if (count.total == 0 || is_same) return;
    event::OperationStepChanged& payload = *events_.emplace_back().mutable_operation_step_changed();
    payload.set_id(operation_.id());
    payload.set_step(std::string(name));
    payload.set_done(count.done);
    payload.set_total(count.total);
  }

  [[nodiscard]] Count recorded(std::string_view name) const {
    const auto found = std::ranges::find(operation_.steps(), name, &state::Step::name);
    return found == operation_.steps().end() ? Count{} : Count{found->done(), found->total()};
  }

  [[nodiscard]] std::vector<event::Event> take() { return std::move(events_); }

 private:
  const state::Operation& operation_;
  std::vector<event::Event> events_;
};

std::uint32_t to_count(std::ptrdiff_t count) { return static_cast<std::uint32_t>(count); }

/// Nodes that go: they vanish from the state as they are done, so the total is what was seen at
/// first.
Count gone(const Steps& steps, std::string_view name, std::uint32_t still_there, std::uint32_t left) {
  const std::uint32_t total = std::max(steps.recorded(name).total, still_there);
  return {total - left, total};
}

bool is_in_scope(const std::string& group, const Node& node) { return group.empty() || node.group() == group; }

void count_arrivals(const View& view, const std::string& group, Steps& steps) {
  Count placed, started, joined;
  for (const model::NodeGroup& one : view.cluster().spec().node_groups()) {
    const bool is_meant = group.empty() ? !state::is_companion(one) : one.name() == group;
    if (is_meant) placed.total += one.count();
  }
  started.total = joined.total = placed.total;
  for (const Node& node : view.cluster().nodes()) {
    if (node.removing() || !is_in_scope(group, node) || (group.empty() && view.is_companion(node))) continue;
    placed.done += has_place(node) && node.place_status() != state::PLACE_STATUS_INTENDED ? 1 : 0;
    started.done += node.has_task() && node.task().state() == model::TASK_STATE_RUNNING ? 1 : 0;
    joined.done += is_joined(node) ? 1 : 0;
  }
  for (Count* count : {&placed, &started, &joined}) count->done = std::min(count->done, count->total);
  steps.set("place", placed);
  steps.set("start", started);
  steps.set("join", joined);
}

void count_departures(const View& view, const std::string& group, Steps& steps) {
  const auto& nodes = view.cluster().nodes();
  const std::uint32_t leaving = to_count(
      std::ranges::count_if(nodes, [&](const Node& node) { return node.removing() && is_in_scope(group, node); }));
  const std::uint32_t undrained = to_count(std::ranges::count_if(nodes, [&](const Node& node) {
    return node.removing() && is_in_scope(group, node) && node.ever_joined() && view.holds_data(node) &&
           node.drain() != state::DRAIN_STATUS_FINISHED;
  }));
  if (leaving == 0 && steps.recorded("leave").total == 0) return;
  steps.set("drain", gone(steps, "drain", leaving, undrained), true);
  steps.set("leave", gone(steps, "leave", leaving, leaving), true);
}

void count_resized(const View& view, const model::NodeGroup& group, Steps& steps) {
  Count resized{0, group.count()};
  for (const Node& node : view.cluster().nodes()) {
    const bool is_new = node.group() == group.name() && !node.removing() && equal(node.resources(), group.resources());
    if (is_new && is_joined(node)) ++resized.done;
  }
  resized.done = std::min(resized.done, resized.total);
  steps.set("resize", resized, true);
}

/// Of the nodes that are to run with something else than before. None is one that needs nothing.
void count_restarts(const View& view, const std::string& group, bool of_companions, Steps& steps) {
  Count restarted;
  for (const Node& node : view.cluster().nodes()) {
    if (node.removing() || !is_in_scope(group, node) || view.is_companion(node) != of_companions) continue;
    if (node.attempt() == 0) continue;
    ++restarted.total;
    if (is_joined(node) && !node.has_restart() && state::runs_as_wanted(view.cluster(), node)) ++restarted.done;
  }
  steps.set("restart", restarted, true);
}

bool is_companion(const View& view, const std::string& group) {
  const model::NodeGroup* found = state::find_group(view.cluster().spec(), group);
  return found != nullptr && state::is_companion(*found);
}

void count_upgrade(const View& view, const model::UpgradeCluster& upgrade, Steps& steps) {
  const bool has_begun = view.cluster().spec().version() == upgrade.version();
  steps.set("prepare", {has_begun ? 1U : 0U, 1}, true);
  if (has_begun) count_restarts(view, "", false, steps);
}

/// The group beside Elasticsearch that has this role. One operation is about one: each step has one count.
void count_companions(const View& view, bool (*has_role)(const model::NodeGroup&), Steps& steps) {
  for (const model::NodeGroup& group : view.cluster().spec().node_groups()) {
    if (!has_role(group)) continue;
    count_arrivals(view, group.name(), steps);
    return count_departures(view, group.name(), steps);
  }
}

void count_stops(const View& view, Steps& steps, bool and_releases) {
  const auto& nodes = view.cluster().nodes();
  const auto present = static_cast<std::uint32_t>(nodes.size());
  const std::uint32_t running = to_count(std::ranges::count_if(nodes, may_run));
  steps.set("stop", gone(steps, "stop", present, running), true);
  if (and_releases) steps.set("release", gone(steps, "release", present, present), true);
}

/// A cluster that has formed answers nobody: whatever the operation waits for, it does not come before that is over.
bool is_silent_for_long(const View& view) {
  const state::Cluster& cluster = view.cluster();
  return view.has_formed() && view.fresh() == nullptr && cluster.health().status() == model::HEALTH_STATUS_UNKNOWN &&
         view.now() >= from_us(cluster.health_since_at_us()) + view.settings().unanswered_max;
}

/// What is waited for where no step waits: the cluster is silent, or the operation has done its part and the cluster is
/// not as well as it must be for it to end.
void hold_for_health(const View& view, Draft& draft) {
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING) return;
  if (is_silent_for_long(view)) {
    return draft.hold(kHealthKnown, "", *refuse_unknown_health(view), view.now() + std::chrono::seconds{30});
  }
  if (!is_converged(view)) return;
  draft.hold(kWaitsForHealth, "",
             {"All is as it was asked for, but shards are unassigned; the operation ends when they are not.",
              health_basis(view)},
             view.now() + std::chrono::seconds{30});
}

}  // namespace

void reconcile_steps(const View& view, Draft& draft) {
  const state::Operation* operation = view.input().operation;
  if (operation == nullptr) return;
  Steps steps(*operation);
  const model::Request& request = operation->request();
  switch (request.kind_case()) {
    case model::Request::kCreate:
    case model::Request::kResume: count_arrivals(view, "", steps); break;
    case model::Request::kScale:
      count_arrivals(view, request.scale().group(), steps);
      count_departures(view, request.scale().group(), steps);
      break;
    case model::Request::kResize:
      if (const auto* group = state::find_group(view.cluster().spec(), request.resize().group())) {
        count_resized(view, *group, steps);
        if (request.resize().count() > 0) count_departures(view, group->name(), steps);
      }
      break;
    case model::Request::kRestart: {
      const std::string& group = request.restart().group();
      count_restarts(view, group, is_companion(view, group), steps);
      break;
    }
    case model::Request::kUpgrade: count_upgrade(view, request.upgrade(), steps); break;
    case model::Request::kConfigure: count_restarts(view, request.configure().group(), false, steps); break;
    case model::Request::kInstallPlugin:
    case model::Request::kRemovePlugin: count_restarts(view, "", false, steps); break;
    case model::Request::kProxies: count_companions(view, state::is_proxy, steps); break;
    case model::Request::kInstallKibana:
    case model::Request::kRemoveKibana: count_companions(view, state::is_kibana, steps); break;
    case model::Request::kSuspend: count_stops(view, steps, false); break;
    case model::Request::kDelete: count_stops(view, steps, true); break;
    default: break;
  }
  if (auto events = steps.take(); !events.empty()) draft.act("note_progress", std::move(events));
}

void reconcile_outcome(const View& view, Draft& draft) {
  const state::Operation* operation = view.input().operation;
  if (operation == nullptr) return;
  if (operation->paused()) return hold_paused(view, draft);
  const std::optional<Outcome> outcome = outcome_of(view, *operation);
  if (!outcome) return hold_for_health(view, draft);
  const bool has_cluster = view.cluster().phase() == state::CLUSTER_PHASE_RUNNING;
  if (has_cluster && outcome->status == model::OPERATION_STATUS_SUCCEEDED &&
      !wait_for_guard_to_go(view, draft, "The operation ends")) {
    return;
  }
  event::Event event;
  event::OperationFinished& payload = *event.mutable_operation_finished();
  payload.set_id(operation->id());
  payload.set_status(outcome->status);
  payload.set_detail(outcome->detail);
  draft.act("finish_operation", std::move(event));
}

}  // namespace esaas::reconcile
