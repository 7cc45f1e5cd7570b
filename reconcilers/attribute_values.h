#pragma once
// The values that one attribute has on the agents of a pass, as small numbers, so that tens of thousands of offers are
// looked through for hundreds of nodes without comparing text. OfferedValues belongs to the offers, AttributeValues
// lives within one call of `reconcile`; both borrow the text of what they are about, which must outlive them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// What a constraint may ask about besides the agent's attributes: its address and its fault domain.
inline constexpr std::string_view kHostname = "hostname";
inline constexpr std::string_view kAtHostname = "@hostname";
inline constexpr std::string_view kZone = "@zone";
inline constexpr std::string_view kRegion = "@region";

/// Nothing when the agent does not have the attribute.
std::optional<std::string_view> attribute_of(const Offer& offer, std::string_view name);
/// As the agent had it when the place was chosen.
std::optional<std::string_view> attribute_of(const model::Place& place, std::string_view name);

/// The values that the offers of a set have: the same for every cluster.
class OfferedValues {
 public:
  using Id = std::uint32_t;
  /// Of the agents that do not have the attribute.
  static constexpr Id kAbsent = 0;

  /// `taken` offers are not counted as on hand.
  OfferedValues(std::string_view attribute, std::span<const Offer> offers, const std::vector<bool>& taken);

  [[nodiscard]] Id of_offer(std::size_t offer) const { return of_offers_[offer]; }
  [[nodiscard]] std::optional<Id> find(std::string_view value) const;
  /// Ids are below it.
  [[nodiscard]] std::size_t size() const { return texts_.size(); }
  [[nodiscard]] std::optional<std::string_view> text(Id id) const { return texts_[id]; }
  /// How many offers on hand have the value.
  [[nodiscard]] std::uint64_t on_hand(Id id) const { return on_hand_[id]; }
  void take(std::size_t offer) { --on_hand_[of_offers_[offer]]; }
  /// Some offer does not have the attribute.
  [[nodiscard]] bool some_lack_it() const { return some_lack_it_; }

 private:
  std::vector<std::optional<std::string_view>> texts_{std::nullopt};
  std::unordered_map<std::string_view, Id> ids_;
  std::vector<Id> of_offers_;
  std::vector<std::uint64_t> on_hand_{0};  // by id
  bool some_lack_it_ = false;
};

/// Those, and the values that only places of one cluster have.
class AttributeValues {
 public:
  using Id = OfferedValues::Id;
  static constexpr Id kAbsent = OfferedValues::kAbsent;

  AttributeValues(std::string name, const OfferedValues& offered);

  [[nodiscard]] Id of_offer(std::size_t offer) const { return offered_.of_offer(offer); }
  /// Learns a value that no offer has.
  Id of_place(const model::Place& place);

  [[nodiscard]] const OfferedValues& offered() const { return offered_; }
  /// Ids are below it.
  [[nodiscard]] std::size_t size() const { return offered_.size() + learned_.size(); }
  /// Nothing for kAbsent.
  [[nodiscard]] std::optional<std::string_view> text(Id id) const {
    return id < offered_.size() ? offered_.text(id) : learned_[id - offered_.size()];
  }

 private:
  std::string name_;
  const OfferedValues& offered_;
  std::vector<std::string_view> learned_;  // a cluster has few
};

}  // namespace esaas::reconcile
