#pragma once
// Policies: what is kept true of a cluster without anybody asking (model::Policies): its own, or else its tenant's. A
// breach is a hold with figures; where the policies say so it is put right by requests of the controller's own, which
// are of no operation (their purposes and rules begin with "policy_").
//
//   replicas_min          an index with fewer replicas is given so many, as long as there are data nodes for them. One
//                         whose replicas follow the number of nodes by itself (auto_expand_replicas) is left alone.
//   shards_per_node_max   cluster.routing.allocation.total_shards_per_node, persistent: Elasticsearch keeps it for what
//                         it places from then on; a node that has more is shown. What was there before comes back
//                         when no policy limits shards any more (policy_shards.h).
//   snapshots             one every so often, named "esaas-CLUSTER-YYYYMMDD-HHMMSS"; of those, and of no others, the
//                         oldest good ones go when there are more than are kept. One that failed is a hold until the
//                         next.

#include <string_view>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// Rules of holds.
inline constexpr std::string_view kPolicyReplicasMin = "policy_replicas_min";
/// The name of its runs too (policy_shards.h).
inline constexpr std::string_view kPolicyShardsPerNodeMax = "policy_shards_per_node_max";
/// The rule of its holds, and the name of its runs (state::PolicyRun).
inline constexpr std::string_view kPolicySnapshots = "policy_snapshots";

/// Those that hold for the cluster; null: there are none. `tenant` may be null.
const model::Policies* effective_policies(const state::Cluster& cluster, const state::Tenant* tenant);

/// Something is to be kept true, or is still under way because it was.
bool has_policies(const state::Cluster& cluster, const state::Tenant* tenant);

void reconcile_policies(const View& view, Draft& draft);

}  // namespace esaas::reconcile
