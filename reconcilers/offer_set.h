#pragma once
// OfferSet: the offers of one role that are on hand, and what plan after plan asks of them, worked out once: which an
// agent made, which value of an attribute each has, how each suits a demand. It makes a pass of a hundred waiting
// clusters over tens of thousands of offers cost the offers once, and not once a node.
//
// An offer keeps its index until the set is cleared; one that is taken is there no more, though its index is. What is
// worked out is no state: equal sets give equal answers. One thread, reading too.

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reconcilers/attribute_values.h"
#include "reconcilers/judged_offers.h"
#include "reconcilers/observation.h"

namespace esaas::reconcile {

class OfferSet {
 public:
  OfferSet() = default;
  explicit OfferSet(std::vector<Offer> offers);
  // What is worked out points into the offers.
  OfferSet(const OfferSet&) = delete;
  OfferSet& operator=(const OfferSet&) = delete;
  OfferSet(OfferSet&&) = delete;
  OfferSet& operator=(OfferSet&&) = delete;
  ~OfferSet() = default;

  /// Its index. Forgets all that was worked out.
  std::size_t add(Offer offer);
  void take(std::size_t offer);
  void clear();

  /// Indices are below it.
  [[nodiscard]] std::size_t size() const { return offers_.size(); }
  [[nodiscard]] const Offer& operator[](std::size_t offer) const { return offers_[offer]; }
  [[nodiscard]] bool is_taken(std::size_t offer) const { return taken_[offer]; }
  /// How many are on hand.
  [[nodiscard]] std::size_t on_hand() const { return on_hand_; }

  /// The agent's offers, taken ones too.
  [[nodiscard]] std::span<const std::uint32_t> of_agent(std::string_view agent_id) const;
  /// Of taken offers too: a zone that one of them showed is a zone. Stays valid until the next `add` or `clear`.
  [[nodiscard]] const OfferedValues& values_of(std::string_view attribute) const;
  /// Valid until the next call, `add` or `clear`.
  [[nodiscard]] const JudgedOffers& judged_by(const Demand& demand) const;

 private:
  void forget();

  std::vector<Offer> offers_;
  std::vector<bool> taken_;
  std::size_t on_hand_ = 0;
  mutable std::unordered_map<std::string_view, std::vector<std::uint32_t>> of_agents_;
  mutable std::map<std::string, OfferedValues, std::less<>> values_;
  mutable std::deque<JudgedOffers> judged_;  // the newest last
};

}  // namespace esaas::reconcile
