#include "reconcilers/loop/offer_pool.h"

namespace esaas::loop {

void OfferPool::add(PooledOffer offer) {
  std::string id = offer.view.id;
  offers_.insert_or_assign(std::move(id), std::move(offer));
}

std::optional<PooledOffer> OfferPool::take(std::string_view offer_id) {
  const auto found = offers_.find(offer_id);
  if (found == offers_.end()) return std::nullopt;
  PooledOffer offer = std::move(found->second);
  offers_.erase(found);
  return offer;
}

void OfferPool::clear() { offers_.clear(); }

const PooledOffer* OfferPool::find(std::string_view offer_id) const {
  const auto found = offers_.find(offer_id);
  return found == offers_.end() ? nullptr : &found->second;
}

std::vector<reconcile::Offer> OfferPool::of_role(std::string_view role) const {
  std::vector<reconcile::Offer> views;
  for (const auto& [id, offer] : offers_) {
    if (offer.view.role == role) views.push_back(offer.view);
  }
  return views;
}

}  // namespace esaas::loop
