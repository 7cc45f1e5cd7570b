#pragma once
// The allocator: which free resources go to whom, and what was declined. Round robin over the roles of the frameworks
// that want offers; one agent's free resources go to one role, as one offer. Pure.

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

/// What of `role` counts against its quota: reserved for it, and unreserved in offers and tasks of it. Thousandths.
std::map<std::string, std::int64_t> consumption(const World& world, const std::string& role);

}  // namespace esaas::embedded
