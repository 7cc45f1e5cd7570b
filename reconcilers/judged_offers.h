#pragma once
// JudgedOffers: how the offers of a set suit a node, as far as that depends on the node's demand and not on its
// cluster. Worked out once for all nodes that ask the same: tens of thousands of offers are judged for hundreds of
// nodes at the cost of one. Part of OfferSet; borrows its offers.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/refusal_tally.h"
#include "reconcilers/rules/offer_rules.h"

namespace esaas::reconcile {

/// What a node asks of an agent. See OfferSubject.
struct Demand {
  model::Resources resources;
  std::string disk_type;
  std::string region;
  bool any_region = false;
  bool preemptible = false;
  Time now;

  friend bool operator==(const Demand& left, const Demand& right);
};

class JudgedOffers {
 public:
  JudgedOffers(Demand demand, std::span<const Offer> offers, const std::vector<bool>& taken);

  [[nodiscard]] const Demand& demand() const { return demand_; }
  [[nodiscard]] OfferRefusals refusals(std::size_t offer) const { return refusals_[offer]; }
  /// The node and that offer, as the rules and the tally see them.
  [[nodiscard]] OfferSubject subject(std::size_t offer) const;
  /// Offers that no rule refuses, the one that leaves the least over first: by revocable parts (the most), then memory,
  /// processors and disk left over, agent id and offer id. Some may have been taken since.
  [[nodiscard]] std::span<const std::uint32_t> suitable() const { return suitable_; }
  /// How many parts of what the node asks for the offer lends.
  [[nodiscard]] int revocable_parts_of(std::size_t offer) const;
  /// Of the offers that are refused and not taken.
  [[nodiscard]] const RefusalTally& tally() const;

  /// The offer is not there any more.
  void take(std::size_t offer);

 private:
  Demand demand_;
  std::span<const Offer> offers_;
  const std::vector<bool>& taken_;
  std::vector<OfferRefusals> refusals_;
  std::vector<std::uint32_t> suitable_;
  mutable RefusalTally tally_;
  mutable bool tally_is_old_ = true;
};

}  // namespace esaas::reconcile
