#pragma once
// Giving back what is reserved: DESTROY the volume, UNRESERVE the rest, then the node is no more.
// What is destroyed can not be had again, so this is the last step and has its own guard: a node
// that ever held anything gives its place back only when it is drained (or holds no data) and the
// cluster answers and is not red without it; a cluster that is being deleted, by its confirmed
// name, needs no guard.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// For nodes that leave a cluster that goes on.
void reconcile_release(const View& view, Draft& draft);

/// The next step of giving a stopped node's place back, without asking any rule.
void release_place(const View& view, Draft& draft, const state::Node& node);

}  // namespace esaas::reconcile
