#pragma once
// decide for operations on clusters. Pure; part of decide.

#include "core/commands/decide.h"

namespace esaas::command {

using Events = std::vector<event::Event>;

bool may_see(const Caller& caller, std::string_view tenant);

/// Fills in whom and what the events are about. Their cause is the request, which has `context.next_seq`.
void attribute(Events& events, const std::string& operation_id, const std::string& tenant, const std::string& cluster,
               const Context& context);

Result<std::vector<event::Event>> decide(const state::FleetState& state, const SubmitOperation& command,
                                         const Context& context);
Result<std::vector<event::Event>> decide(const state::FleetState& state, const ControlOperation& command,
                                         const Context& context);

}  // namespace esaas::command
