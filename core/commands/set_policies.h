#pragma once
// decide for the policies of a tenant. Pure; part of decide.

#include "core/commands/decide.h"

namespace esaas::command {

/// TenantPoliciesSet. kNotFound also for another tenant's; kInvalidArgument when nothing would change.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const SetTenantPolicies& command,
                                         const Context& context);

}  // namespace esaas::command
