#pragma once
// The bodies that are sent to Elasticsearch. Pure, thread-safe.

#include <string>

#include "core/events/event.pb.h"

namespace esaas::es {

/// Transient `cluster.routing.allocation.exclude._name`: the shards of these nodes leave, and none
/// comes to them. No names: the exclusion is lifted. The names are a snapshot of all nodes to be
/// excluded, not an addition.
std::string exclusions_body(const event::ExclusionsIntended& intent);

/// Persistent `discovery.zen.minimum_master_nodes`.
std::string minimum_master_nodes_body(const event::MinimumMasterNodesIntended& intent);

}  // namespace esaas::es
