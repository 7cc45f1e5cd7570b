#pragma once
// When a node that has a place may be launched.

#include <span>
#include <vector>

#include "reconcilers/rules/rule.h"

namespace esaas::reconcile {

/// A place that this plan has chosen and the state does not know yet.
struct PlannedPlace {
  const state::Node* node = nullptr;
  model::Place place;     ///< without a volume id until its event is made
  std::size_t offer = 0;  ///< index of the offer
  std::vector<model::Figure> basis;
};

struct LaunchSubject {
  const state::Node& node;  ///< one that keeps nothing has no place yet
  std::span<const PlannedPlace> planned;
};

using LaunchRule = Rule<LaunchSubject>;

inline constexpr std::string_view kWaitsAfterFailure = "waits_after_failure";

extern const std::span<const LaunchRule> kLaunchRules;

/// Holds by the rule that refuses; true when the node may be launched.
bool may_launch(const View& view, Draft& draft, const LaunchSubject& subject);

/// Where the node is or will be; null while it has no place.
const model::Place* place_of(const state::Node& node, std::span<const PlannedPlace> planned);

}  // namespace esaas::reconcile
