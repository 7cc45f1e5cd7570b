#pragma once
// What the reconcilers of this program would do to a cluster that is at rest: nothing, if it treats the clusters of an
// older program well (design law 8). Pure: state in, plan out; Elasticsearch's answer is imagined to be just what the
// state says of it.

#include "reconcilers/plan.h"
#include "reconcilers/reconcile.h"

namespace esaas::reconcile {

/// Nothing is under way: no operation runs or waits, no request is unanswered, every setting is in force, and every
/// node has joined (of a suspended cluster: has stopped).
bool is_at_rest(const state::Cluster& cluster);

/// What Elasticsearch would answer if all were as the state has it: a node that had joined, and was not told to stop, is
/// a member; settings are those that were applied last. Shards, indices and repositories are not in the state, and none
/// are there.
Observation imagined_observation(const state::Cluster& cluster, Time now);

/// The plan of that moment, without what is only due because time has passed (the next snapshot of a schedule).
/// Precondition: is_at_rest(cluster).
Plan plan_at_rest(const state::Cluster& cluster, const state::Tenant* tenant, const Settings& settings, Time now);

}  // namespace esaas::reconcile
