#pragma once
// What a cluster is asked besides health, shards and settings: only what somebody waits for, because each of it costs
// the cluster something. Pure.

#include <span>
#include <string>

#include "core/base/time.h"
#include "core/state/state.pb.h"
#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// `operations` are those that run on the cluster, whatever they change. `nodes` while nodes leave, restart, or are to
/// run with something else than they do; `explain` when shards have been unassigned for a while; `snapshots` that an
/// operation or a policy waits for.
/// While nodes change, each of the `repositories` that the cluster is known to have is asked which snapshots are being
/// taken into it, by whomever: those that are over nobody waits for, and a repository may have thousands.
Questions questions_for(const state::Cluster& cluster, std::span<const state::Operation* const> operations, Time now,
                        std::span<const std::string> repositories = {});

/// The answer tells of every snapshot that is being taken into the repository.
bool asks_for_running_snapshots(const Questions& asked, const std::string& repository);

}  // namespace esaas::reconcile
