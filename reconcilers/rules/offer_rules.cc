#include "reconcilers/rules/offer_rules.h"

#include <algorithm>
#include <array>

namespace esaas::reconcile {
namespace {

struct OfferRule {
  std::string_view name;
  std::string_view why;
  bool (*refuses)(const PlacementAsk&, const Offer&);
};

constexpr std::array kOfferRules{
    OfferRule{"agent_already_has_a_node_of_this_cluster", "One machine lost must be one node lost.",
              [](const PlacementAsk& ask, const Offer& offer) { return ask.uses(offer.agent_id); }},
    OfferRule{"lacks_cpus", "The node's processors are reserved whole.",
              [](const PlacementAsk& ask, const Offer& offer) {
                return offer.unreserved.cpus_milli < std::int64_t{ask.resources().cpus_milli()};
              }},
    OfferRule{"lacks_mem", "The Java heap and the file cache live in it.",
              [](const PlacementAsk& ask, const Offer& offer) {
                return offer.unreserved.mem_mib < std::int64_t{ask.resources().mem_mib()};
              }},
    OfferRule{"lacks_disk", "The persistent volume is made of it.",
              [](const PlacementAsk& ask, const Offer& offer) {
                return offer.unreserved.disk_mib < std::int64_t{ask.resources().disk_mib()};
              }},
    OfferRule{"lacks_ports", "HTTP and transport need a port each, for as long as the node lives.",
              [](const PlacementAsk&, const Offer& offer) { return !two_ports(offer); }},
};

/// The value of an attribute; `hostname` is one always.
const std::string* attribute_of(const Offer& offer, const std::string& name) {
  if (name == "hostname") return &offer.hostname;
  const auto found = offer.attributes.find(name);
  return found == offer.attributes.end() ? nullptr : &found->second;
}

/// A pattern that is none refuses: what it was to keep apart is not known.
bool satisfies(const model::Constraint& constraint, const re2::RE2& pattern, const Offer& offer) {
  if (!pattern.ok()) return false;
  const std::string* value = attribute_of(offer, constraint.attribute());
  const bool matches = value != nullptr && re2::RE2::FullMatch(*value, pattern);
  return constraint.operator_() == model::CONSTRAINT_OPERATOR_UNLIKE ? !matches : matches;
}

}  // namespace

PlacementAsk::PlacementAsk(const model::Resources& resources, const model::NodeGroup* group,
                           const std::vector<std::string_view>& agents_in_use)
    : resources_(resources), group_(group), agents_in_use_(agents_in_use) {
  if (group == nullptr) return;
  for (const model::Constraint& constraint : group->constraints()) {
    patterns_.push_back(std::make_unique<re2::RE2>(constraint.value(), re2::RE2::Quiet));
  }
}

bool PlacementAsk::uses(std::string_view agent_id) const {
  return std::ranges::find(agents_in_use_, agent_id) != agents_in_use_.end();
}

std::optional<std::string> PlacementAsk::refusal_of(const Offer& offer) const {
  for (const OfferRule& rule : kOfferRules) {
    if (rule.refuses(*this, offer)) return std::string(rule.name);
  }
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const model::Constraint& constraint = group_->constraints(static_cast<int>(i));
    if (!satisfies(constraint, *patterns_[i], offer)) return "constraint_" + constraint.attribute();
  }
  return std::nullopt;
}

std::optional<std::pair<std::uint32_t, std::uint32_t>> two_ports(const Offer& offer) {
  std::vector<PortRange> ranges = offer.ports;
  std::ranges::sort(ranges, {}, &PortRange::begin);
  std::optional<std::uint32_t> first;
  for (const PortRange& range : ranges) {
    for (std::uint32_t port = range.begin; port <= range.end && port - range.begin < 2; ++port) {
      if (first && *first != port) return std::pair(*first, port);
      first = port;
    }
  }
  return std::nullopt;
}

}  // namespace esaas::reconcile
