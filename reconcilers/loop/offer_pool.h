#pragma once
// OfferPool: the offers that are out to us now, by role. Never logged. An offer leaves the pool when it is used,
// declined, rescinded, or when the subscription ends. One thread.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/effects/mesos/wire/mesos.pb.h"
#include "reconcilers/observation.h"

namespace esaas::loop {

/// An offer as reconcilers see it, and as it came.
struct PooledOffer {
  reconcile::Offer view;
  mesos::wire::Offer wire;
};

/// What reconcilers may know of an offer. Reserved parts are ours when they carry our labels and `principal`; other
/// reservations are left out. An agent without a fault domain is taken to be in the master's.
reconcile::Offer to_view(const mesos::wire::Offer& offer, std::string_view principal,
                         const mesos::wire::DomainInfo& of_master = {});

reconcile::Unavailability to_view(const mesos::wire::Unavailability& unavailability);

class OfferPool {
 public:
  void add(PooledOffer offer);
  /// Takes the offer out; nothing when it is not there (rescinded).
  std::optional<PooledOffer> take(std::string_view offer_id);
  void clear();
  [[nodiscard]] const PooledOffer* find(std::string_view offer_id) const;
  /// Views of the role's offers, by offer id.
  [[nodiscard]] std::vector<reconcile::Offer> of_role(std::string_view role) const;
  /// Everything, by offer id.
  [[nodiscard]] const std::map<std::string, PooledOffer, std::less<>>& all() const { return offers_; }

 private:
  std::map<std::string, PooledOffer, std::less<>> offers_;
};

}  // namespace esaas::loop
