#include "reconcilers/loop/offer_pool.h"

#include <utility>

namespace esaas::loop {

void OfferPool::add(PooledOffer offer) {
  take(offer.view.id);
  RoleOffers& role = roles_[offer.view.role];
  if (role.views.on_hand() == 0) {  // nobody looks at the places of what was taken
    role.views.clear();
    role.wires.clear();
  }
  std::string id = offer.view.id;
  const std::size_t index = role.views.add(std::move(offer.view));
  role.wires.push_back(std::move(offer.wire));
  where_.emplace(std::move(id), Where{&role, index});
}

std::optional<PooledOffer> OfferPool::take(std::string_view offer_id) {
  const auto found = where_.find(std::string(offer_id));
  if (found == where_.end()) return std::nullopt;
  auto& [role, index] = found->second;
  PooledOffer offer{.view = role->views[index], .wire = std::exchange(role->wires[index], {})};
  role->views.take(index);
  where_.erase(found);
  return offer;
}

void OfferPool::clear() {
  where_.clear();
  roles_.clear();
}

const reconcile::OfferSet& OfferPool::of_role(std::string_view role) const {
  const auto found = roles_.find(role);
  return found == roles_.end() ? none_ : found->second.views;
}

std::vector<std::string> OfferPool::roles() const {
  std::vector<std::string> names;
  for (const auto& [name, offers] : roles_) {
    if (offers.views.on_hand() > 0) names.push_back(name);
  }
  return names;
}

}  // namespace esaas::loop
