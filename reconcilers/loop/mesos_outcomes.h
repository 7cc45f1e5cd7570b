#pragma once
// From what Mesos says to events: task states, operation states, and what an operation's end means for a place. Pure.

#include <string>
#include <vector>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"
#include "reconcilers/effects/mesos/wire/mesos.pb.h"

namespace esaas::loop {

model::TaskState to_model(mesos::wire::TaskState state);
model::MesosOperationState to_model(mesos::wire::OperationState state);

/// TaskStatusChanged for `node`.
event::Event task_status_event(const std::string& node, const mesos::wire::TaskStatus& status);

/// MesosOperationChanged for `node`.
event::Event operation_event(const std::string& node, const mesos::wire::OperationStatus& status);

/// What follows for the place once `node` has taken in a MesosOperationChanged: PlaceReserved, PlaceFailed,
/// PlaceReleased or PlaceReleaseFailed; nothing while something is still open. An operation that ended otherwise than
/// FINISHED did not happen: the feedback of one that did is repeated until it is acknowledged, and that happens after
/// it is in the log.
std::vector<event::Event> place_outcome(const state::Node& node, const event::MesosOperationChanged& change);

}  // namespace esaas::loop
