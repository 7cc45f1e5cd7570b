#pragma once
// Which holds begin and which end. A hold is one (rule, node); a changed sentence begins it anew, a changed basis alone
// does not, so that nothing is logged per poll (of another shard it is told anew, and holds since it was told first); but a node that waits for an offer says so again when more of them were
// looked at, or as many lacked more than before. Pure.

#include <vector>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"
#include "reconcilers/plan.h"

namespace esaas::loop {

/// HoldEnded and HoldBegan payloads that lead from the cluster's holds to the plan's.
std::vector<event::Event> hold_changes(const state::Cluster& cluster, const std::vector<reconcile::Hold>& holds);

}  // namespace esaas::loop
