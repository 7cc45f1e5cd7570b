#pragma once
// AttributeValues: the values that one attribute has on the agents of a pass, as small numbers, so that tens of
// thousands of offers are looked through for hundreds of nodes without comparing text. Lives within one call of
// `reconcile`; borrows the text of the offers and places, which must outlive it.

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

class AttributeValues {
 public:
  using Id = std::uint32_t;
  /// Of the agents that do not have the attribute.
  static constexpr Id kAbsent = 0;

  AttributeValues(std::string name, std::span<const Offer> offers);

  [[nodiscard]] Id of_offer(std::size_t offer) const { return of_offers_[offer]; }
  /// Learns a value that no offer has.
  Id of_place(const model::Place& place);

  /// Ids are below it.
  [[nodiscard]] std::size_t size() const { return texts_.size(); }
  /// Nothing for kAbsent.
  [[nodiscard]] std::optional<std::string_view> text(Id id) const { return texts_[id]; }

 private:
  Id learn(std::optional<std::string_view> value);

  std::string name_;
  std::vector<std::optional<std::string_view>> texts_{std::nullopt};
  std::unordered_map<std::string_view, Id> ids_;
  std::vector<Id> of_offers_;
};

}  // namespace esaas::reconcile
