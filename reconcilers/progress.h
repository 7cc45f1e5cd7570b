#pragma once
// How far the active operation is, and whether it is done. An operation succeeds when its goal
// holds in state and observation together, not when its last step was sent; it fails only when it
// can never succeed. A failed or cancelled operation changes nothing of what is wanted: the cluster
// goes on towards its specification.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// OperationStepChanged for every count that changed ("join 2 of 3").
void reconcile_steps(const View& view, Draft& draft);

/// OperationFinished when the goal holds, or never can. A delete finishes with its cluster
/// (phase.h).
void reconcile_outcome(const View& view, Draft& draft);

}  // namespace esaas::reconcile
