#pragma once
// Random lives of a fleet: commands of users, ends of operations, and whatever Mesos and Elasticsearch might report.

#include <span>
#include <vector>

#include "tests/core/story.h"

namespace esaas::test {

/// A command about one of two clusters and two tenants; many are refused, which is part of the point.
command::Command any_command(const state::FleetState& state);

/// Whether a life also holds events that no decision led to: whatever their fields say.
enum class Reports : std::uint8_t { kNone, kAny };

/// Lives `steps` steps after two tenants and a cluster were made, inside a rapidcheck property, calling nothing but
/// decide, start_next_operation and evolve. Answers every event that was folded, stamped, in order.
std::vector<event::Event> live(int steps, Reports reports);

/// The fold of `events` onto `state`.
state::FleetState fold(state::FleetState state, std::span<const event::Event> events);

}  // namespace esaas::test
