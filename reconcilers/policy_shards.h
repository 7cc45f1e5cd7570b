#pragma once
// The limit of shards on a node, which Elasticsearch keeps (cluster.routing.allocation.total_shards_per_node). Part of
// policies.h. Pure.
//
// From when the policy first puts it until it has given back what was there before, a run of the policy is under way
// (state::PolicyRun): its subject is "PUT/BEFORE", the value that was put and the one that was there, empty when there
// was none. When no policy limits shards any more, the value before is put again, unless somebody else has changed it
// meanwhile: then it is theirs. A limit that was put before such runs were kept has none, and stays.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// `policies` is null when none hold. Precondition: the cluster is freshly seen, with its settings.
void keep_shards_per_node(const View& view, Draft& draft, const model::Policies* policies);

}  // namespace esaas::reconcile
