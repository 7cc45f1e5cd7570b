#pragma once
// What events do to operations. Pure; part of evolve.

#include "core/events/event.pb.h"
#include "core/state/fleet_state.h"

namespace esaas::state {

void apply(FleetState& state, const event::OperationRequested& payload, const event::Event& event);
void apply(FleetState& state, const event::OperationStarted& payload, const event::Event& event);
void apply(FleetState& state, const event::OperationStepChanged& payload, const event::Event& event);
void apply(FleetState& state, const event::OperationFinished& payload, const event::Event& event);
void apply(FleetState& state, const event::OperationPaused& payload, const event::Event& event);
void apply(FleetState& state, const event::RuleOverridden& payload, const event::Event& event);
void apply(FleetState& state, const event::OperationContinued& payload, const event::Event& event);

/// The same for one operation alone, as a view that rebuilds a finished one needs it.
void apply(Operation& operation, const event::OperationRequested& payload, const event::Event& event);
void apply(Operation& operation, const event::OperationStarted& payload, const event::Event& event);
void apply(Operation& operation, const event::OperationStepChanged& payload, const event::Event& event);
void apply(Operation& operation, const event::OperationFinished& payload, const event::Event& event);
void apply(Operation& operation, const event::OperationPaused& payload, const event::Event& event);
void apply(Operation& operation, const event::RuleOverridden& payload, const event::Event& event);
void apply(Operation& operation, const event::OperationContinued& payload, const event::Event& event);

}  // namespace esaas::state
