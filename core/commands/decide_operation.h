#pragma once
// decide for operations on clusters. Pure; part of decide.

#include "core/commands/decide.h"

namespace esaas::command {

Result<std::vector<event::Event>> decide(const state::FleetState& state, const SubmitOperation& command,
                                         const Context& context);
Result<std::vector<event::Event>> decide(const state::FleetState& state, const ControlOperation& command,
                                         const Context& context);

}  // namespace esaas::command
