#pragma once
// Which operations of one cluster wait for each other (design law 13): those that change topology queue, labels run
// alongside, a delete supersedes. Pure.

#include <vector>

#include "core/base/result.h"
#include "core/commands/decide.h"

namespace esaas::command {

/// True for operations that wait for the one before them on the same cluster.
bool changes_topology(const model::Request& request);

/// "create", "scale", ...: the kind's name as JSON and the CLI have it.
std::string_view kind_of(const model::Request& request);

/// The events by which an operation takes hold of the cluster, OperationStarted first or, for a create, after
/// ClusterCreated. Refuses what the state does not allow. Precondition: the request is valid in itself.
Result<std::vector<event::Event>> begin_operation(const state::Cluster* cluster, const std::string& operation_id,
                                                  const model::Request& request);

}  // namespace esaas::command
