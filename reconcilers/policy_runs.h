#pragma once
// The runs of policies that take their time (state::PolicyRun). Part of policies.h. Pure.

#include <string>

#include "core/state/state.pb.h"
#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// The newest of that policy; null: there was none.
const state::PolicyRun* last_run(const state::Cluster& cluster, std::string_view policy);

/// Ends it; an empty `failure`: it went well.
void finish_run(Draft& draft, const state::PolicyRun& run, std::string failure);

}  // namespace esaas::reconcile
