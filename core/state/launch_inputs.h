#pragma once
// What a node's next launch would be made from, and whether its running task was made from the same. Pure; part of
// evolve, and what the rollout goes by.

#include <cstdint>

#include "core/state/state.pb.h"

namespace esaas::state {

/// What the specification says now for this node. A companion has its own version, and no plugins.
model::LaunchInputs wanted_inputs(const Cluster& cluster, const Node& node);

/// The node's task was launched with what is wanted now. A task whose inputs nobody wrote down (launched by an older
/// controller, or adopted) counts as launched with them; so does a node without a task.
bool runs_as_wanted(const Cluster& cluster, const Node& node);

/// Before what is wanted changes: writes down, for each task that has no inputs, those that are wanted still.
void settle_inputs(Cluster& cluster);

/// Restarts that were asked for after `since_seq` are not wanted any more: tasks that were not replaced for them count
/// as launched for them, and run on. Says nothing about those that were.
void withdraw_restarts(Cluster& cluster, std::uint64_t since_seq);

}  // namespace esaas::state
