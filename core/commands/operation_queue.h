#pragma once
// Which operations of one cluster wait for each other (design law 13): those that change topology queue, the others
// run beside them (model::runs_alongside), two of one kind one after the other; those that are fulfilled at once
// (fulfil.h) pass by, a delete supersedes. Pure.

#include <vector>

#include "core/base/result.h"
#include "core/commands/decide.h"

namespace esaas::command {

/// The events by which an operation takes hold of the cluster, OperationStarted first or, for a create, after
/// ClusterCreated. Refuses what the state does not allow. Preconditions: the request is valid in itself,
/// is not fulfilled at once, and the cluster is not being deleted.
Result<std::vector<event::Event>> begin_operation(const state::Cluster* cluster, const std::string& operation_id,
                                                  const model::Request& request);

/// Another operation is before it: an active one that changes topology too, or one of its own kind beside that.
bool must_wait(const state::FleetState& state, const state::Cluster& cluster, const model::Request& request);

}  // namespace esaas::command
