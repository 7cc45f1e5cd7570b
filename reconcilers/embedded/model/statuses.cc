#include "reconcilers/embedded/model/statuses.h"

#include <algorithm>
#include <utility>

namespace esaas::embedded {

wire::TaskStatus master_status(const std::string& task_id, const std::string& agent_id, wire::TaskState state,
                               wire::TaskStatus::Reason reason, std::string message, Time now) {
  wire::TaskStatus status;
  status.mutable_task_id()->set_value(task_id);
  status.set_state(state);
  if (!message.empty()) status.set_message(std::move(message));
  status.set_source(wire::TaskStatus::SOURCE_MASTER);
  status.set_reason(reason);
  if (!agent_id.empty()) status.mutable_agent_id()->set_value(agent_id);
  status.set_timestamp(to_seconds(now));
  return status;
}

wire::TaskState state_for(const Framework& framework, wire::TaskState state) {
  if (framework.can(wire::FrameworkInfo::Capability::PARTITION_AWARE)) return state;
  switch (state) {
    case wire::TASK_DROPPED:
    case wire::TASK_UNREACHABLE:
    case wire::TASK_GONE:
    case wire::TASK_GONE_BY_OPERATOR:
    case wire::TASK_UNKNOWN: return wire::TASK_LOST;
    default: return state;
  }
}

void send_task_status(World& world, const Framework& framework, wire::TaskStatus status) {
  wire::scheduler::Event event;
  event.set_type(wire::scheduler::Event::UPDATE);
  *event.mutable_update()->mutable_status() = std::move(status);
  world.send(framework, std::move(event));
}

wire::OperationStatus operation_status(const std::string& operation_id, const std::string& agent_id,
                                       wire::OperationState state, std::string message) {
  wire::OperationStatus status;
  status.mutable_operation_id()->set_value(operation_id);
  status.set_state(state);
  if (!message.empty()) status.set_message(std::move(message));
  if (!agent_id.empty()) status.mutable_agent_id()->set_value(agent_id);
  return status;
}

void send_operation_status(World& world, const Framework& framework, wire::OperationStatus status) {
  wire::scheduler::Event event;
  event.set_type(wire::scheduler::Event::UPDATE_OPERATION_STATUS);
  *event.mutable_update_operation_status()->mutable_status() = std::move(status);
  world.send(framework, std::move(event));
}

void start_retry(Retry& retry, const ModelOptions& options, Time now) {
  retry.interval = options.retry_min;
  retry.due = now + retry.interval;
}

void next_retry(Retry& retry, const ModelOptions& options, Time now) {
  retry.interval = std::min(retry.interval * 2, options.retry_max);
  retry.due = now + retry.interval;
}

}  // namespace esaas::embedded
