#include "reconcilers/offers.h"

#include <chrono>

namespace esaas::reconcile {

std::optional<OwnOffer> find_own_offer(const View& view, const Draft& draft, const state::Node& node) {
  const OfferSet& offers = view.input().offers;
  for (const std::uint32_t i : offers.of_agent(node.place().agent_id())) {
    if (!draft.is_free(i)) continue;
    for (const ReservedPart& part : offers[i].reserved) {
      if (part.place == node.place().volume_id()) return OwnOffer{i, &offers[i], &part};
    }
  }
  return std::nullopt;
}

bool shows_place(const OwnOffer& own, const model::Resources& size) {
  const Quantities& shown = own.part->quantities;
  return own.part->has_volume && shown.cpus_milli >= size.cpus_milli() && shown.mem_mib >= size.mem_mib() &&
         shown.disk_mib >= size.disk_mib();
}

void hold_for_own_agent(const View& view, Draft& draft, const state::Node& node) {
  Refusal refusal{"What is reserved for the node on " + node.place().hostname() + " is not on offer yet.",
                  {figure("agent_id", node.place().agent_id()), figure("offers", view.input().offers.on_hand())}};
  draft.hold(kWaitsForOwnAgent, node.name(), std::move(refusal), view.now() + std::chrono::seconds{30});
}

}  // namespace esaas::reconcile
