#pragma once
// Whether Kibana works with its cluster's Elasticsearch, asked where either is about to change. Pure.

#include "core/base/result.h"
#include "core/commands/decide.h"

namespace esaas::command {

/// Of a request that installs Kibana or upgrades a cluster that has one; every other passes. What is ahead of it
/// counts: an upgrade that is under way or waits. kInvalidArgument: the configuration has no such Kibana, or the two
/// versions, both of which the refusal names, do not work together; kConflict: the same of an upgrade.
Result<void> check_kibana(const state::FleetState& state, const state::Cluster& cluster, const model::Request& request,
                          const Context& context);

}  // namespace esaas::command
