#pragma once
// When an operation has reached its goal, and when it never will. Pure.

#include <optional>
#include <string>

#include "reconcilers/view.h"

namespace esaas::reconcile {

struct Outcome {
  model::OperationStatus status = model::OPERATION_STATUS_SUCCEEDED;
  std::string detail;
};

/// The operation's outcome if it is certain; nothing while it goes on. A delete's is never certain
/// here (phase.h).
std::optional<Outcome> outcome_of(const View& view, const state::Operation& operation);

/// While an operation has done its part and the cluster is not as well as it must be for it to end.
inline constexpr std::string_view kWaitsForHealth = "waits_for_health";

/// Every group has its nodes in their sizes, none leaves, all have joined and are listed and run with what is wanted,
/// and the settings that follow from the nodes are in force. Says nothing about health.
bool is_converged(const View& view);

}  // namespace esaas::reconcile
