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

AttributeValues::AttributeValues(std::string name, std::span<const Offer> offers) : name_(std::move(name)) {
  of_offers_.reserve(offers.size());
  for (const Offer& offer : offers) of_offers_.push_back(learn(attribute_of(offer, name_)));
}

AttributeValues::Id AttributeValues::of_place(const model::Place& place) { return learn(attribute_of(place, name_)); }

AttributeValues::Id AttributeValues::learn(std::optional<std::string_view> value) {
  if (!value) return kAbsent;
  const auto [known, is_new] = ids_.try_emplace(*value, static_cast<Id>(texts_.size()));
  if (is_new) texts_.push_back(value);
  return known->second;
}

}  // namespace esaas::reconcile
