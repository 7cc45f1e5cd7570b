#pragma once
// Operations that run beside the active one: settings, replicas, indices, repositories, snapshots, policies. Each asks
// Elasticsearch for what it wants (requests.h), looks whether it came true where an answer alone does not say so, and
// ends: succeeded, or failed in Elasticsearch's own words. They go on while the active operation is paused; they wait
// while the cluster is suspended, and while it does not answer.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_side_operations(const View& view, Draft& draft);

}  // namespace esaas::reconcile
