#include "reconcilers/attribute_values.h"

#include <algorithm>
#include <utility>

namespace esaas::reconcile {
namespace {

std::optional<std::string_view> unless_empty(std::string_view value) {
  if (value.empty()) return std::nullopt;
  return value;
}

/// What is no attribute in Mesos's sense, of whatever has an address and a fault domain.
std::optional<std::string_view> built_in(std::string_view name, std::string_view hostname, std::string_view zone,
                                         std::string_view region, bool& is_built_in) {
  is_built_in = true;
  if (name == kHostname || name == kAtHostname) return unless_empty(hostname);
  if (name == kZone) return unless_empty(zone);
  if (name == kRegion) return unless_empty(region);
  is_built_in = false;
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> attribute_of(const Offer& offer, std::string_view name) {
  bool is_built_in = false;
  const auto value = built_in(name, offer.hostname, offer.zone, offer.region, is_built_in);
  if (is_built_in) return value;
  const auto found = offer.attributes.find(name);
  if (found == offer.attributes.end()) return std::nullopt;
  return std::string_view(found->second);
}

std::optional<std::string_view> attribute_of(const model::Place& place, std::string_view name) {
  bool is_built_in = false;
  const auto value = built_in(name, place.hostname(), place.zone(), place.region(), is_built_in);
  if (is_built_in) return value;
  const auto found = std::ranges::find(place.attributes(), name, &model::Label::key);
  if (found == place.attributes().end()) return std::nullopt;
  return std::string_view(found->value());
}

OfferedValues::OfferedValues(std::string_view attribute, std::span<const Offer> offers,
                             const std::vector<bool>& taken) {
  of_offers_.reserve(offers.size());
  for (std::size_t i = 0; i < offers.size(); ++i) {
    Id id = kAbsent;
    if (const auto value = attribute_of(offers[i], attribute)) {
      const auto [known, is_new] = ids_.try_emplace(*value, static_cast<Id>(texts_.size()));
      if (is_new) {
        texts_.push_back(value);
        on_hand_.push_back(0);
      }
      id = known->second;
    } else {
      some_lack_it_ = true;
    }
    of_offers_.push_back(id);
    if (!taken[i]) ++on_hand_[id];
  }
}

std::optional<OfferedValues::Id> OfferedValues::find(std::string_view value) const {
  const auto found = ids_.find(value);
  if (found == ids_.end()) return std::nullopt;
  return found->second;
}

AttributeValues::AttributeValues(std::string name, const OfferedValues& offered)
    : name_(std::move(name)), offered_(offered) {}

AttributeValues::Id AttributeValues::of_place(const model::Place& place) {
  const auto value = attribute_of(place, name_);
  if (!value) return kAbsent;
  if (const auto id = offered_.find(*value)) return *id;
  const auto known = std::ranges::find(learned_, *value);
  const auto index = static_cast<Id>(known - learned_.begin());
  if (known == learned_.end()) learned_.push_back(*value);
  return static_cast<Id>(offered_.size()) + index;
}

}  // namespace esaas::reconcile
