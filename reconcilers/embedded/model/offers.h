#pragma once
// The allocator: which free resources go to whom, and what was declined. Round robin over the roles of the frameworks
// that want offers; one agent's free resources go to one role, as one offer; quota (quota.h) divides them among
// several. Pure.

#include <optional>

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// Makes offers of all that is free. Filters that are over have to be gone by then (tick_filters).
void allocate(World& world);

/// Returns the offers' resources, and does not offer them to the role again before the filter is over.
void decline(World& world, Framework& framework, const wire::scheduler::Call::Decline& decline, Time now);

/// Remembers that `refused` is not wanted. Nothing is remembered for 0 seconds.
void add_filter(World& world, Framework& framework, const std::string& role, const std::string& agent_id,
                const Resources& refused, const wire::Filters& filters, Time now);

/// Forgets filters that are over, and has offers made if there were any; returns when the next one ends.
std::optional<Time> tick_filters(World& world, Time now);

}  // namespace esaas::embedded
