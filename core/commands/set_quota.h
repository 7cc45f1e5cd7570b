#pragma once
// decide for the quota of a tenant. Pure; part of decide.

#include "core/commands/decide.h"

namespace esaas::command {

/// The most that can be promised or allowed of one resource.
inline constexpr std::uint64_t kQuotaAmountMax = 1'000'000'000'000;

/// TenantQuotaIntended. The same quota once more is accepted, and sent to the master once more.
Result<std::vector<event::Event>> decide(const state::FleetState& state, const SetTenantQuota& command,
                                         const Context& context);

}  // namespace esaas::command
