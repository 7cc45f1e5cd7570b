#pragma once
// Which nodes the cluster shall have: the first question, and the only reconciler that adds nodes
// or lets them go.
//
// Count. A group has the nodes that it wants when those that do not leave, and are not mere
// replacements in waiting, are as many as its count. Missing ones are added under names never used
// before; of surplus ones those leave first that cost least: without a place, never joined, of
// companions not joined now, of the old size, then the highest number.
//
// Size. A node whose resources differ from its group's grows where it is when it can (growth.h). Else it is
// replaced by a new one beside it: add the replacement, wait until it has joined, then let the old one go
// (leaving.h drains it first). If the group gets its old size back meanwhile, the replacement leaves
// instead. One node of the cluster at a time, either way.

#include <vector>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_node_set(const View& view, Draft& draft);

/// Of a group that is to have `surplus` nodes fewer, those that leave (all when there are not so many). Borrowed from
/// the cluster.
std::vector<const state::Node*> first_to_leave(const state::Cluster& cluster, const model::NodeGroup& group,
                                               std::uint32_t surplus);

}  // namespace esaas::reconcile
