#include "reconcilers/offers.h"

#include <chrono>

namespace esaas::reconcile {

std::optional<OwnOffer> find_own_offer(const View& view, const Draft& draft, const state::Node& node) {
  const auto offers = view.input().offers;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    if (offers[i].agent_id != node.place().agent_id() || !draft.is_free(i)) continue;
    for (const ReservedPart& part : offers[i].reserved) {
      if (part.place == node.place().volume_id()) return OwnOffer{i, &offers[i], &part};
    }
  }
  return std::nullopt;
}

void hold_for_own_agent(const View& view, Draft& draft, const state::Node& node) {
  Refusal refusal{"What is reserved for the node on " + node.place().hostname() + " is not on offer yet.",
                  {figure("agent_id", node.place().agent_id()), figure("offers", view.input().offers.size())}};
  draft.hold(kWaitsForOwnAgent, node.name(), std::move(refusal), view.now() + std::chrono::seconds{30});
}

}  // namespace esaas::reconcile
