#pragma once
// Whether a place keeps to the constraints of its node's group, written once more and from what their operators are
// documented to mean, so that it can be held against the planner by a test that knows no more than the log. Pure.

#include <string>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

namespace esaas::test {

/// The first constraint that the place breaks, in the cluster as it was just before; empty: it keeps to all. Two nodes
/// on one agent are told too.
std::string broken_by(const state::Cluster& before, const event::PlaceIntended& intent);

}  // namespace esaas::test
