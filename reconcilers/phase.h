#pragma once
// What the phases other than RUNNING ask for.
//
// Suspended: no task runs, places and data stay. All tasks are killed in one action, so that the
// log never holds half of a suspension, and only while the cluster's health is known (rule
// health_unknown): a cluster that does not answer may be in the middle of something. Silence that
// explains itself is no reason to wait: the cluster never formed, a task was told to stop already,
// or fewer masters run than an election needs.
//
// Deleting: the user confirmed it by the cluster's name. Every task is killed at once, whatever
// Elasticsearch says, every place is given back, every node forgotten; then the cluster itself.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_suspension(const View& view, Draft& draft);
void reconcile_deletion(const View& view, Draft& draft);

}  // namespace esaas::reconcile
