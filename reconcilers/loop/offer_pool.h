#pragma once
// OfferPool: the offers that are out to us now, by role. Never logged. An offer leaves the pool when it is used,
// declined, rescinded, or when the subscription ends. One thread.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reconcilers/effects/mesos/wire/mesos.pb.h"
#include "reconcilers/observation.h"
#include "reconcilers/offer_set.h"

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
  /// An offer of an id that is there already takes its place.
  void add(PooledOffer offer);
  /// Takes the offer out; nothing when it is not there (rescinded).
  std::optional<PooledOffer> take(std::string_view offer_id);
  void clear();
  /// The role's offers. Borrowed until the pool is next added to or cleared.
  [[nodiscard]] const reconcile::OfferSet& of_role(std::string_view role) const;
  /// No offers.
  [[nodiscard]] const reconcile::OfferSet& none() const { return none_; }
  /// Roles that have offers.
  [[nodiscard]] std::vector<std::string> roles() const;
  [[nodiscard]] bool empty() const { return where_.empty(); }

 private:
  struct RoleOffers {
    reconcile::OfferSet views;
    std::vector<mesos::wire::Offer> wires;  // of the same index; empty when taken
  };
  struct Where {
    RoleOffers* role = nullptr;  // nodes of a map stay where they are
    std::size_t index = 0;
  };

  reconcile::OfferSet none_;
  std::map<std::string, RoleOffers, std::less<>> roles_;
  std::unordered_map<std::string, Where> where_;  // by offer id
};

}  // namespace esaas::loop
