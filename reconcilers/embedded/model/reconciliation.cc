#include "reconcilers/embedded/model/reconciliation.h"

#include <algorithm>

#include "reconcilers/embedded/model/statuses.h"

namespace esaas::embedded {
namespace {

using wire::scheduler::Call;

bool any_recovering(const World& world) {
  return std::any_of(world.agents.begin(), world.agents.end(),
                     [](const auto& each) { return each.second.condition == AgentCondition::kRecovering; });
}

bool is_recovering(const World& world, const std::string& agent_id) {
  const auto agent = world.agents.find(agent_id);
  return agent != world.agents.end() && agent->second.condition == AgentCondition::kRecovering;
}

/// Such an agent's tasks and operations are the master's to tell about.
bool holds_agent(const World& world, const std::string& agent_id) {
  const auto agent = world.agents.find(agent_id);
  if (agent == world.agents.end()) return false;
  return agent->second.condition == AgentCondition::kRegistered ||
         agent->second.condition == AgentCondition::kDisconnected;
}

void send_latest(World& world, Framework& framework, const Task& task, Time now) {
  wire::TaskStatus status =
      master_status(task.key().task_id, task.agent_id(), task.master_view.state(),
                    wire::TaskStatus::REASON_RECONCILIATION, "Reconciliation: Latest task state", now);
  if (task.master_view.has_container_status()) {
    *status.mutable_container_status() = task.master_view.container_status();
  }
  send_task_status(world, framework, std::move(status));
}

void send_verdict(World& world, Framework& framework, const Call::Reconcile::Task& asked, wire::TaskState state,
                  const char* text, Time now, std::int64_t unreachable_at_us = 0) {
  wire::TaskStatus status =
      master_status(asked.task_id().value(), asked.agent_id().value(), state_for(framework, state),
                    wire::TaskStatus::REASON_RECONCILIATION, text, now);
  if (unreachable_at_us != 0) status.mutable_unreachable_time()->set_nanoseconds(unreachable_at_us * 1000);
  send_task_status(world, framework, std::move(status));
}

void reconcile_one(World& world, Framework& framework, const Call::Reconcile::Task& asked, Time now) {
  const auto task = world.tasks.find({framework.id(), asked.task_id().value()});
  if (task != world.tasks.end() && is_known_to_master(world, task->second)) {
    send_latest(world, framework, task->second, now);
    return;
  }
  const std::string& agent_id = asked.agent_id().value();
  const auto agent = world.agents.find(agent_id);
  if (asked.has_agent_id() ? is_recovering(world, agent_id) : any_recovering(world)) {
    return;  // it could still turn up: the framework asks again
  }
  if (agent == world.agents.end()) {
    const auto replaced = world.replaced_agents.find(agent_id);
    if (replaced != world.replaced_agents.end()) {
      send_verdict(world, framework, asked, wire::TASK_UNREACHABLE, "Reconciliation: Task is unreachable", now,
                   replaced->second);
    } else if (world.gone_agents.contains(agent_id)) {
      send_verdict(world, framework, asked, wire::TASK_GONE_BY_OPERATOR, "Reconciliation: Task is gone", now);
    } else {
      send_verdict(world, framework, asked, wire::TASK_UNKNOWN, "Reconciliation: Task is unknown", now);
    }
  } else if (agent->second.condition == AgentCondition::kUnreachable) {
    send_verdict(world, framework, asked, wire::TASK_UNREACHABLE, "Reconciliation: Task is unreachable", now,
                 agent->second.record.unreachable_at_us());
  } else {
    send_verdict(world, framework, asked, wire::TASK_GONE, "Reconciliation: Task is unknown to the agent", now);
  }
}

wire::OperationStatus operation_verdict(const World& world, const Framework& framework,
                                        const Call::ReconcileOperations::Operation& asked) {
  const std::string& id = asked.operation_id().value();
  const std::string& agent_id = asked.agent_id().value();
  const auto known = world.operations.find({framework.id(), id});
  const auto agent = world.agents.find(agent_id);
  const auto verdict = [&](wire::OperationState state, const char* text) {
    return operation_status(id, agent_id, state, std::string("Reconciliation: ") + text);
  };
  if (known != world.operations.end() && holds_agent(world, known->second.record.status().agent_id().value())) {
    wire::OperationStatus status = known->second.record.status();
    status.clear_uuid();
    return status;
  }
  if (!asked.has_agent_id()) {
    return verdict(wire::OPERATION_UNKNOWN, "Operation is unknown and no 'agent_id' was provided");
  }
  if (agent == world.agents.end()) {
    return world.gone_agents.contains(agent_id)
               ? verdict(wire::OPERATION_GONE_BY_OPERATOR, "Agent marked gone by operator")
               : verdict(wire::OPERATION_UNKNOWN, "Both operation and agent are unknown");
  }
  switch (agent->second.condition) {
    case AgentCondition::kRecovering:
      return verdict(wire::OPERATION_RECOVERING, "Agent is recovered but has not re-registered");
    case AgentCondition::kUnreachable: return verdict(wire::OPERATION_UNREACHABLE, "Agent is unreachable");
    case AgentCondition::kRegistered:
    case AgentCondition::kDisconnected: break;
  }
  return verdict(wire::OPERATION_UNKNOWN, "Operation is unknown");
}

}  // namespace

bool is_known_to_master(const World& world, const Task& task) {
  return !task.record.orphaned() && holds_agent(world, task.agent_id());
}

void reconcile(World& world, Framework& framework, const Call::Reconcile& call, Time now) {
  if (call.tasks().empty()) {
    for (const auto& [key, task] : world.tasks) {
      if (key.framework_id == framework.id() && is_known_to_master(world, task)) {
        send_latest(world, framework, task, now);
      }
    }
    return;
  }
  for (const auto& asked : call.tasks()) reconcile_one(world, framework, asked, now);
}

void reconcile_operations(World& world, Framework& framework, const Call::ReconcileOperations& call) {
  if (call.operations().empty()) {
    for (const auto& [key, operation] : world.operations) {
      wire::OperationStatus status = operation.record.status();
      if (key.first != framework.id() || !holds_agent(world, status.agent_id().value())) continue;
      status.clear_uuid();
      send_operation_status(world, framework, std::move(status));
    }
    return;
  }
  for (const auto& asked : call.operations()) {
    send_operation_status(world, framework, operation_verdict(world, framework, asked));
  }
}

}  // namespace esaas::embedded
