#pragma once
// Why an offer does not suit a node, whatever the constraints of its group say (those are in constraint_rules.h). The
// names are a contract: they are counted in the basis of a choice and of the hold waits_for_offer.

#include <bitset>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// A node that looks for a place, and one offer. Borrowed.
struct OfferSubject {
  const model::Resources& resources;
  std::string_view disk_type;  ///< of the node's group
  std::string_view region;     ///< the only one it may be in; empty: the master's
  bool any_region = false;     ///< the group says by a constraint where it may be
  bool preemptible = false;    ///< it may have revocable processors and memory
  Time now;
  bool agent_in_use = false;  ///< another node of the cluster has its place on the offer's agent
  const Offer& offer;
};

struct OfferRule {
  std::string_view name;
  std::string_view why;
  bool (*refuses)(const OfferSubject&);
  /// What is offered of the amount that is lacking, and the suffix of the figures that say so; null where it is not a
  /// matter of amounts.
  std::int64_t (*offered)(const OfferSubject&);
  std::int64_t (*needed)(const OfferSubject&);
  std::string_view unit;
};

/// In the order in which they are reported.
extern const std::span<const OfferRule> kOfferRules;
inline constexpr std::size_t kOfferRulesMax = 16;

/// Bit i: kOfferRules[i] refuses. An agent that has a node of the cluster already is refused for that alone: whatever
/// else it lacks, nobody needs to change it.
using OfferRefusals = std::bitset<kOfferRulesMax>;
/// What an offer is refused for whose agent is in use.
inline constexpr OfferRefusals kAgentInUse{1};
OfferRefusals refusals_of(const OfferSubject& subject);

/// An agent whose maintenance begins this soon takes no new node.
inline constexpr Duration kMaintenanceNear = std::chrono::hours{24};

/// The two lowest free ports: for HTTP and for transport.
std::optional<std::pair<std::uint32_t, std::uint32_t>> two_ports(const Offer& offer);

}  // namespace esaas::reconcile
