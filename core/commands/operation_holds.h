#pragma once
// Which holds keep an operation waiting. Pure.

#include "core/state/state.pb.h"

namespace esaas::command {

/// The hold names the operation (its figures "operation" do, one for each where it tells of several), or names none and
/// is about the nodes, which the active operation changes. What a policy waits for is of no operation.
bool holds_operation(const state::Hold& hold, const state::Operation& operation, const state::Cluster& cluster);

}  // namespace esaas::command
