#include "reconcilers/loop/mesos_outcomes.h"

#include "core/model/mesos_operation_state.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;

template <typename Payload>
void fill(Payload& payload, const state::Node& node) {
  payload.set_node(node.name());
  payload.set_volume_id(node.place().volume_id());
}

std::string why(const event::MesosOperationChanged& change) {
  std::string state = model::MesosOperationState_Name(change.state());
  state.erase(0, std::string_view("MESOS_OPERATION_STATE_").size());
  return change.mesos_operation() + " ended as " + state + (change.message().empty() ? "" : ": " + change.message());
}

/// A task runs there that was launched on what the operation reserves, so that it came to be, whoever has forgotten it.
bool has_a_task_on_it(const state::Node& node) {
  const model::TaskState task = node.task().state();
  return node.task().launch_seq() > node.place_seq() &&
         (task == model::TASK_STATE_STARTING || task == model::TASK_STATE_RUNNING || task == model::TASK_STATE_KILLING);
}

std::vector<event::Event> reservation_outcome(const state::Node& node, const event::MesosOperationChanged& change) {
  event::Event event;
  if (change.state() == model::MESOS_OPERATION_STATE_UNKNOWN && has_a_task_on_it(node)) {
    fill(*event.mutable_place_reserved(), node);
  } else if (change.state() == model::MESOS_OPERATION_STATE_FINISHED) {
    if (!node.reserve_finished() || !node.create_finished()) return {};
    fill(*event.mutable_place_reserved(), node);
  } else {
    auto& payload = *event.mutable_place_failed();
    fill(payload, node);
    payload.set_why(why(change));
    payload.set_data_lost(node.create_finished());
  }
  return {event};
}

/// With an agent that is gone for good, by that id, goes the place there. Should the machine come back as another agent
/// with what was not given back yet, an offer shows that nobody owns it.
std::vector<event::Event> release_outcome(const state::Node& node, const event::MesosOperationChanged& change) {
  event::Event event;
  if (change.state() == model::MESOS_OPERATION_STATE_GONE_BY_OPERATOR) {
    fill(*event.mutable_place_released(), node);
  } else if (change.state() == model::MESOS_OPERATION_STATE_FINISHED) {
    if (!node.destroy_finished() || !node.unreserve_finished()) return {};
    fill(*event.mutable_place_released(), node);
  } else {
    auto& payload = *event.mutable_place_release_failed();
    fill(payload, node);
    payload.set_why(why(change));
  }
  return {event};
}

/// Of what did not become of a volume's growth, and of giving back what was added, the fold itself makes "refused".
std::vector<event::Event> growth_outcome(const state::Node& node, const event::MesosOperationChanged& change) {
  const state::Growth& growth = node.growth();
  const bool finished = change.state() == model::MESOS_OPERATION_STATE_FINISHED;
  event::Event event;
  if (change.mesos_operation() == growth.reserve_operation() && growth.status() == state::GROWTH_STATUS_INTENDED) {
    if (finished) {
      fill(*event.mutable_place_growth_reserved(), node);
    } else {
      fill(*event.mutable_place_growth_failed(), node);
      *event.mutable_place_growth_failed()->mutable_after() = growth.after();
      event.mutable_place_growth_failed()->set_why(why(change));
    }
  } else if (change.mesos_operation() == growth.grow_operation() && growth.status() == state::GROWTH_STATUS_GROWING) {
    if (!finished) return {};
    fill(*event.mutable_place_grown(), node);
    *event.mutable_place_grown()->mutable_resources() = growth.after();
  } else if (change.mesos_operation() == growth.unreserve_operation() &&
             growth.status() == state::GROWTH_STATUS_RELEASING) {
    if (!finished) return {};
    fill(*event.mutable_place_growth_failed(), node);
    *event.mutable_place_growth_failed()->mutable_after() = growth.after();
    event.mutable_place_growth_failed()->set_why(growth.why());
  } else {
    return {};
  }
  return {event};
}

}  // namespace

model::TaskState to_model(wire::TaskState state) {
  switch (state) {
    case wire::TASK_STAGING: return model::TASK_STATE_STAGING;
    case wire::TASK_STARTING: return model::TASK_STATE_STARTING;
    case wire::TASK_RUNNING: return model::TASK_STATE_RUNNING;
    case wire::TASK_KILLING: return model::TASK_STATE_KILLING;
    case wire::TASK_FINISHED: return model::TASK_STATE_FINISHED;
    case wire::TASK_FAILED: return model::TASK_STATE_FAILED;
    case wire::TASK_KILLED: return model::TASK_STATE_KILLED;
    case wire::TASK_ERROR: return model::TASK_STATE_ERROR;
    case wire::TASK_LOST: return model::TASK_STATE_LOST;
    case wire::TASK_DROPPED: return model::TASK_STATE_DROPPED;
    case wire::TASK_UNREACHABLE: return model::TASK_STATE_UNREACHABLE;
    case wire::TASK_GONE: return model::TASK_STATE_GONE;
    case wire::TASK_GONE_BY_OPERATOR: return model::TASK_STATE_GONE_BY_OPERATOR;
    case wire::TASK_UNKNOWN: return model::TASK_STATE_UNKNOWN;
  }
  return model::TASK_STATE_UNKNOWN;
}

model::MesosOperationState to_model(wire::OperationState state) {
  switch (state) {
    case wire::OPERATION_PENDING: return model::MESOS_OPERATION_STATE_PENDING;
    case wire::OPERATION_FINISHED: return model::MESOS_OPERATION_STATE_FINISHED;
    case wire::OPERATION_FAILED: return model::MESOS_OPERATION_STATE_FAILED;
    case wire::OPERATION_ERROR: return model::MESOS_OPERATION_STATE_ERROR;
    case wire::OPERATION_DROPPED: return model::MESOS_OPERATION_STATE_DROPPED;
    case wire::OPERATION_UNREACHABLE: return model::MESOS_OPERATION_STATE_UNREACHABLE;
    case wire::OPERATION_GONE_BY_OPERATOR: return model::MESOS_OPERATION_STATE_GONE_BY_OPERATOR;
    case wire::OPERATION_RECOVERING: return model::MESOS_OPERATION_STATE_RECOVERING;
    default: return model::MESOS_OPERATION_STATE_UNKNOWN;
  }
}

event::Event task_status_event(const std::string& node, const wire::TaskStatus& status) {
  event::Event event;
  auto& payload = *event.mutable_task_status_changed();
  payload.set_node(node);
  payload.set_task_id(status.task_id().value());
  payload.set_state(to_model(status.state()));
  if (status.has_reason()) payload.set_reason(wire::TaskStatus::Reason_Name(status.reason()));
  if (status.has_source()) payload.set_source(wire::TaskStatus::Source_Name(status.source()));
  payload.set_message(status.message());
  payload.set_uuid(status.uuid());
  payload.set_agent_id(status.agent_id().value());
  return event;
}

event::Event operation_event(const std::string& node, const wire::OperationStatus& status) {
  event::Event event;
  auto& payload = *event.mutable_mesos_operation_changed();
  payload.set_mesos_operation(status.operation_id().value());
  payload.set_state(to_model(status.state()));
  payload.set_message(status.message());
  payload.set_uuid(status.uuid().value());
  payload.set_agent_id(status.agent_id().value());
  payload.set_node(node);
  return event;
}

std::vector<event::Event> place_outcome(const state::Node& node, const event::MesosOperationChanged& change) {
  if (!model::is_last_word(change.state())) return {};
  const std::string& id = change.mesos_operation();
  if (node.has_growth()) {
    if (auto outcome = growth_outcome(node, change); !outcome.empty()) return outcome;
  }
  const bool reserving = id == node.reserve_operation() || id == node.create_operation();
  const bool releasing = id == node.destroy_operation() || id == node.unreserve_operation();
  if (reserving && node.place_status() == state::PLACE_STATUS_INTENDED) return reservation_outcome(node, change);
  if (releasing && node.place_status() == state::PLACE_STATUS_RELEASING) return release_outcome(node, change);
  return {};
}

}  // namespace esaas::loop
