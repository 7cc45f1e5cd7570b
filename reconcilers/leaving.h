#pragma once
// How a node leaves a cluster that goes on. Removal was decided elsewhere (node_set.h); here it is
// done, step by step, and each step is an event, so that a restart goes on where it was:
//
//   a data node     excluded from allocation -> DrainBegan -> empty in an observation that was
//   asked after that ->
//                   DrainFinished -> killed -> place given back -> NodeRemoved -> exclusion lifted
//   a master only   minimum_master_nodes (minimum_master_nodes.h) -> killed -> place given back ->
//   NodeRemoved never joined    killed -> place given back -> NodeRemoved
//   neither         killed -> NodeRemoved, whatever the cluster says: nothing is lost with it
//
// Several nodes may drain at once (a copy then moves once and not from one leaving node to the
// next), but they are stopped one at a time. All rules are in rules/stop_rules.h and fail closed:
// what the cluster does not say is "no".
//
// "Asked after that": an observation that was under way while the exclusion was applied may show an
// empty node to which a shard is just being allocated. The hold drain_waits_for_shards marks the
// moment in the log (its `since`); only an observation asked after it can finish the drain.
// Elasticsearch allocates nothing to an excluded node, so empty stays.
//
// A leaving node that crashes. If it was empty, or the cluster is not red without it (every primary
// is active elsewhere), it need not come back: its drain is finished. Without it means: asked after
// it stopped, and it is not listed; what was seen before shows copies that are gone and a quorum
// that may be. If the cluster is red or silent, it is started again on its own volume, because it
// may hold the only copy, or be the vote that an election lacks.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_leaving(const View& view, Draft& draft);

/// A stopped node that leaves is needed once more.
bool must_start_again(const View& view, const state::Node& node);

}  // namespace esaas::reconcile
