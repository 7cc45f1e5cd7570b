#pragma once
// How an operation is cancelled. Pure; part of control_operation.
//
//   queued          it never begins
//   upgrade         as long as it has not changed the version
//   restart         nodes that it has not reached run on as they are (evolve_operation.cc withdraws the restart from
//                   them); a node in step is brought to its end by the rollout, as after any restart that is no longer
//                   wanted. One of all nodes at once: until the first was told to stop
//   beside others   while it has asked nothing of Elasticsearch, has its answers, or waits; its end says what was asked
//   all else        is taken back by an undo, which says what becomes what again; a cancel would have to guess which
//                   half of a change is to stay (decision 0017)

#include <vector>

#include "core/base/result.h"
#include "core/commands/decide.h"

namespace esaas::command {

/// The events that end the operation as cancelled, attributed to nobody yet. kConflict, with what to do instead.
Result<std::vector<event::Event>> cancel(const state::FleetState& state, const state::Operation& operation,
                                         const Context& context);

}  // namespace esaas::command
