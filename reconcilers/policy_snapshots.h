#pragma once
// Scheduled snapshots: one is taken when it is due, waited for, and then the oldest good ones go, as many as there are
// beyond those that are kept. Only snapshots that this cluster's schedule made are ever deleted: their names say so,
// for clusters may share a repository. Part of policies.h. Pure.

#include <string>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// "esaas-search-20161009-122800": in UTC.
std::string scheduled_name(std::string_view cluster, Time moment);
/// A name that `scheduled_name` gives for this cluster.
bool is_scheduled_name(std::string_view cluster, std::string_view name);

/// `schedule` is null when none is kept any more: a run that is under way ends. Precondition: the cluster is freshly
/// seen.
void keep_snapshots(const View& view, Draft& draft, const model::SnapshotSchedule* schedule);

}  // namespace esaas::reconcile
