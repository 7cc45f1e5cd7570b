#pragma once
// How long something has been held back, by the log: so that a wait with an end survives a restart. Pure.

#include <string_view>

#include "reconcilers/view.h"

namespace esaas::reconcile {

/// Since the hold of this rule and node began without an interruption; zero before it is in the log.
Duration held_for(const View& view, std::string_view rule, const state::Node& node);
/// The same of a hold on the cluster as a whole.
Duration held_for(const View& view, std::string_view rule);

}  // namespace esaas::reconcile
