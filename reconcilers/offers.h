#pragma once
// Finding the offer that shows what is reserved for a node. Pure.

#include <optional>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// waits_for_own_agent: what is reserved for the node is not on offer: its agent is away or busy.
inline constexpr std::string_view kWaitsForOwnAgent = "waits_for_own_agent";

struct OwnOffer {
  std::size_t index = 0;
  const Offer* offer = nullptr;
  const ReservedPart* part = nullptr;
};

/// A free offer of the agent of the node's place that shows the place, with its volume or without.
std::optional<OwnOffer> find_own_offer(const View& view, const Draft& draft, const state::Node& node);

/// All of the place's size is in the offer, with its volume: nothing of it is in another offer, or still in use.
bool shows_place(const OwnOffer& own, const model::Resources& size);

/// Holds the node by kWaitsForOwnAgent.
void hold_for_own_agent(const View& view, Draft& draft, const state::Node& node);

}  // namespace esaas::reconcile
