#pragma once
// operation_paused: a user paused the operation, so no new step of it is begun. Recovery of what
// runs goes on.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

inline constexpr std::string_view kOperationPaused = "operation_paused";

/// Holds the cluster as a whole by that rule. No moment is worth looking again: the user's word
/// changes the state.
void hold_paused(const View& view, Draft& draft);

}  // namespace esaas::reconcile
