// What Mesos says about tasks and operations: logged when it is new, acknowledged when it is durable.

#include <utility>

#include "core/model/ids.h"
#include "core/model/mesos_operation_state.h"
#include "core/model/task_state.h"
#include "reconcilers/adoption.h"
#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/mesos_intents.h"
#include "reconcilers/loop/mesos_outcomes.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;

/// A kill would reach it. The master answers a kill of what it cannot see by saying so once more, for ever; should such
/// a task come back, it is reported as running.
bool can_be_killed(model::TaskState state) {
  return state == model::TASK_STATE_STAGING || state == model::TASK_STATE_STARTING ||
         state == model::TASK_STATE_RUNNING;
}

/// The master knows nothing of a reservation on which a task was launched that may be alive. Both went in one call, so
/// the task's fate tells the reservation's: until it is known the master is asked again, for a node whose place is
/// forgotten while its task is out of sight could never be started again. (Of one that runs: mesos_outcomes.)
bool is_unknown_below_a_task(const state::Node& node, const wire::OperationStatus& status) {
  const bool is_unknown = to_model(status.state()) == model::MESOS_OPERATION_STATE_UNKNOWN &&
                          node.place_status() == state::PLACE_STATUS_INTENDED &&
                          node.task().launch_seq() > node.place_seq();
  if (!is_unknown) return false;
  switch (node.task().state()) {
    case model::TASK_STATE_INTENDED:
    case model::TASK_STATE_STAGING:
    case model::TASK_STATE_UNREACHABLE:
    case model::TASK_STATE_LOST:
    case model::TASK_STATE_UNKNOWN: return true;
    default: return false;
  }
}

/// The seq of the event that intended an open operation on the node's place.
std::uint64_t intent_of_operation(const state::Node& node, const std::string& operation) {
  const state::Growth& growth = node.growth();
  const bool is_of_growth = operation == growth.reserve_operation() || operation == growth.grow_operation() ||
                            operation == growth.unreserve_operation();
  if (node.has_growth() && is_of_growth) return growth.seq();
  return node.place_status() == state::PLACE_STATUS_INTENDED ? node.place_seq() : node.release_seq();
}

}  // namespace

void Controller::task_status(const wire::TaskStatus& status, Time now) {
  const std::string& task_id = status.task_id().value();
  task_reconciliation_.answered(task_id);
  const auto id = model::parse_id(task_id);
  const state::Cluster* cluster = id ? state().find_cluster(id->cluster) : nullptr;
  const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, id->node);
  if (node != nullptr && node->task().task_id() == task_id) {
    const state::Task& task = node->task();
    // A task that ended stays ended: a late word about it is acknowledged and no more. That its agent is gone for good,
    // with the data of a node that waits there, is told in the same words, and is news.
    const auto said = to_model(status.state());
    const bool lost_place =
        said == model::TASK_STATE_GONE_BY_OPERATOR && node->place().agent_id() == status.agent_id().value();
    const bool is_new = task.state() != said && (!model::is_terminal(task.state()) || lost_place);
    if (is_new) {
      append(cluster->name(), {task_status_event(node->name(), status)}, event::ACTOR_KIND_MESOS, task.launch_seq(),
             now);
    }
  } else if (model::may_be_alive(to_model(status.state()))) {
    stray_task(status, now);
  } else {
    stray_tasks_seen_.erase(task_id);
    stray_tasks_killed_.erase(task_id);
  }
  sequencer_.when_durable([this, status] {
    if (auto call = mesos::calls::acknowledge(status)) ports_.mesos_send(std::move(*call));
  });
}

/// A live task that is not its node's latest. One that the log knows to be superseded must not run beside its
/// successor; what becomes of one that the log does not know is told by policy.
void Controller::stray_task(const wire::TaskStatus& status, Time now) {
  const std::string& task_id = status.task_id().value();
  const auto id = model::parse_id(task_id);
  const state::Cluster* cluster = id ? state().find_cluster(id->cluster) : nullptr;
  const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, id->node);
  const bool is_superseded = node != nullptr && id->seq < node->task().launch_seq() && log_made(task_id);
  if (!is_superseded) return unknown_task(status, now);
  if (!can_be_killed(to_model(status.state()))) return;
  event::Event event;
  auto& payload = *event.mutable_task_kill_intended();
  payload.set_node(node->name());
  payload.set_task_id(task_id);
  payload.set_why("superseded by " + node->task().task_id());
  // Logged once, and sent again whenever it is told of, for a kill may be lost.
  const bool is_first = stray_tasks_killed_.insert(task_id).second;
  if (is_first) append(id->cluster, {event}, event::ACTOR_KIND_CONTROLLER, 0, now);
  sequencer_.when_durable(
      [this, payload, agent = status.agent_id().value()] { ports_.mesos_send(kill_call(payload, agent)); });
}

/// Reconciliation tells of it again and again, so each look may find what the last one did not: its node may have lost
/// its task meanwhile, or got its place back. It is logged once.
void Controller::unknown_task(const wire::TaskStatus& status, Time now) {
  using Policy = reconcile::UnknownTaskPolicy;
  using Owner = reconcile::TaskOwner;
  const auto said = to_model(status.state());
  const bool runs = can_be_killed(said) || said == model::TASK_STATE_KILLING;
  const auto id = model::parse_id(status.task_id().value());
  const bool may_adopt = options_.unknown_tasks != Policy::kReport && id && id->kind == "task" && runs;
  const Owner owner = may_adopt ? reconcile::owner_of_task(state(), *id, status.agent_id().value()) : Owner::kNobody;
  if (owner == Owner::kNode) return adopt_task(*id, status, now);
  if (owner == Owner::kNodeWithoutPlace && options_.orphans == reconcile::OrphanPolicy::kAdopt) {
    // What it runs on is in use, so that no offer shows it: only the master's books can.
    if (connected_) ledger_due_ = now;
  } else if (options_.unknown_tasks == Policy::kKill && can_be_killed(said)) {
    return kill_unknown_task(status, now);
  }
  if (!stray_tasks_seen_.insert(status.task_id().value()).second) return;
  event::Event event;
  auto& payload = *event.mutable_unknown_task_observed();
  payload.set_task_id(status.task_id().value());
  payload.set_agent_id(status.agent_id().value());
  payload.set_state(said);
  append_about_stray(status, std::move(event), event::ACTOR_KIND_MESOS, now);
}

void Controller::adopt_task(const model::ParsedId& id, const wire::TaskStatus& status, Time now) {
  const state::Node* node = state::find_node(*state().find_cluster(id.cluster), id.node);
  event::Event event;
  auto& payload = *event.mutable_task_adopted();
  payload.set_node(id.node);
  payload.set_task_id(status.task_id().value());
  payload.set_agent_id(status.agent_id().value());
  payload.set_state(to_model(status.state()));
  append(id.cluster, {std::move(event)}, event::ACTOR_KIND_CONTROLLER, node->place_seq(), now);
}

void Controller::kill_unknown_task(const wire::TaskStatus& status, Time now) {
  event::TaskKillIntended kill;
  kill.set_task_id(status.task_id().value());
  if (stray_tasks_killed_.insert(kill.task_id()).second) {
    event::Event event;
    auto& payload = *event.mutable_unknown_task_kill_intended();
    payload.set_task_id(kill.task_id());
    payload.set_agent_id(status.agent_id().value());
    payload.set_why("The log does not know it, no node lacks it, and policy kills such tasks.");
    append_about_stray(status, std::move(event), event::ACTOR_KIND_CONTROLLER, now);
  }
  sequencer_.when_durable([this, kill, agent = status.agent_id().value()] {
    if (stopped_reason_.empty()) ports_.mesos_send(kill_call(kill, agent));
  });
}

/// Told of the cluster that the task's id names, while there is one.
void Controller::append_about_stray(const wire::TaskStatus& status, event::Event event, event::ActorKind actor,
                                    Time now) {
  const auto id = model::parse_id(status.task_id().value());
  const state::Cluster* cluster = id ? state().find_cluster(id->cluster) : nullptr;
  if (cluster != nullptr) {
    event.set_cluster(cluster->name());
    event.set_tenant(cluster->tenant());
  }
  append_fleet(std::move(event), actor, now);
}

void Controller::operation_status(const wire::OperationStatus& status, Time now) {
  const std::string& operation = status.operation_id().value();
  const auto id = model::parse_id(operation);
  const state::Cluster* cluster = id ? state().find_cluster(id->cluster) : nullptr;
  const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, id->node);
  if (node != nullptr && !is_open(*node, operation)) node = nullptr;
  if (node == nullptr || !is_unknown_below_a_task(*node, status)) {
    if (model::is_last_word(to_model(status.state()))) operation_reconciliation_.answered(operation);
    if (node != nullptr) {
      place_operation_status(id->cluster, *node, status, now);
    } else if (id) {
      orphan_operation_status(*id, status, now);
    }
  }
  sequencer_.when_durable([this, status] {
    if (auto call = mesos::calls::acknowledge_operation(status)) ports_.mesos_send(std::move(*call));
  });
}

bool Controller::is_open(const state::Node& node, const std::string& operation) {
  for (const std::string& open : open_operations(node, UINT64_MAX)) {
    if (open == operation) return true;
  }
  return false;
}

void Controller::place_operation_status(const std::string& cluster_name, const state::Node& node,
                                        const wire::OperationStatus& status, Time now) {
  event::Event event = operation_event(node.name(), status);
  if (!model::is_last_word(event.mesos_operation_changed().state())) return;  // nothing has come of it yet
  const event::MesosOperationChanged change = event.mesos_operation_changed();
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): append() folds, and the node may be gone after it.
  const std::string node_name = node.name();
  const std::uint64_t cause = intent_of_operation(node, change.mesos_operation());
  append(cluster_name, {std::move(event)}, event::ACTOR_KIND_MESOS, cause, now);
  const state::Cluster* cluster = state().find_cluster(cluster_name);
  const state::Node* after = cluster == nullptr ? nullptr : state::find_node(*cluster, node_name);
  if (after == nullptr) return;
  append(cluster_name, place_outcome(*after, change), event::ACTOR_KIND_MESOS, state().seq(), now);
}

void Controller::orphan_operation_status(const model::ParsedId& id, const wire::OperationStatus& status, Time now) {
  for (const state::OrphanRelease& release : state().head.orphan_releases()) {
    if (release.unreserve_operation() != status.operation_id().value()) continue;
    event::Event event = operation_event(id.node, status);
    if (!model::is_last_word(event.mesos_operation_changed().state())) return;
    event.set_cluster(id.cluster);
    event.set_cause_seq(release.seq());
    append_fleet(std::move(event), event::ACTOR_KIND_MESOS, now);
    return;
  }
}

}  // namespace esaas::loop
