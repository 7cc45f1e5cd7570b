#pragma once
// ZoneSpread: how the nodes of a cluster are spread over the zones of its agents without anybody asking for it.
//
// ## Every group
// Of the agents that suit, one in the zone with the fewest nodes of the group is preferred. Elasticsearch keeps the
// copies of a shard in different zones (they are its awareness attribute), so zones of unlike size are loaded unlike.
//
// ## Masters
// masters_spread_over_zones: with three zones the loss of one must not cost the quorum, so no master-eligible node goes
// to a zone while another one has fewer of them, and as long as fewer than three zones (or as many as there are
// masters) are known, no zone takes a second one. That is a wish and not a law, because a cluster with no majority
// anywhere is worse than one that a zone could take down: when a node has waited for kZonePatience (by its hold, which
// is in the log) it goes where there is room, into the zone with the fewest. So two zones, or a full third one, cost
// that delay and nothing else. A group that arranges its nodes by @zone itself is left alone.
//
// Nodes that leave, and one that is replaced by the node that is placed, are not counted.
// Lives within one call of `reconcile`.

#include <optional>
#include <string_view>
#include <vector>

#include "reconcilers/group_constraints.h"
#include "reconcilers/view.h"

namespace esaas::reconcile {

inline constexpr std::string_view kMastersSpreadOverZones = "masters_spread_over_zones";
inline constexpr std::string_view kWaitsForOffer = "waits_for_offer";

/// All agents that have room are on offer within a second or two of a node's first wait; declined ones come back within
/// ten.
inline constexpr Duration kZonePatience = std::chrono::seconds{15};

class ZoneSpread {
 public:
  ZoneSpread(const View& view, ValuesByAttribute& values);

  /// Prepares the answers below for a node.
  void look_for(const state::Node& node, const GroupConstraints& constraints);
  /// Nodes in the offer's zone that count for the node.
  [[nodiscard]] std::uint32_t crowd_of(std::size_t offer) const { return crowds_[zones_.of_offer(offer)]; }
  /// masters_spread_over_zones refuses the offer for now.
  [[nodiscard]] bool refuses(std::size_t offer) const { return patient_until_ && crowd_of(offer) > crowd_max_; }
  /// How many of the offers on hand it refuses.
  [[nodiscard]] std::uint64_t refused_on_hand() const;
  /// No zone has fewer nodes that count for the node.
  [[nodiscard]] std::uint32_t least_crowd() const { return least_; }
  /// When it will refuse nothing more; nothing: it does not concern the node.
  [[nodiscard]] std::optional<Time> patient_until() const { return patient_until_; }

  /// The node was given a place on this offer.
  void add(const state::Node& node, std::size_t offer);

 private:
  struct Resident {
    const state::Node* node;
    AttributeValues::Id zone;
  };

  [[nodiscard]] std::optional<Time> patience_for(const state::Node& node) const;
  [[nodiscard]] std::uint32_t crowd_max(const GroupConstraints& constraints) const;

  const View& view_;
  AttributeValues& zones_;
  std::size_t offers_;
  std::uint32_t masters_wanted_ = 0;
  std::vector<Resident> residents_;
  std::vector<std::uint32_t> crowds_;  // by zone, for the node that look_for was called with
  std::uint32_t least_ = 0;
  std::uint32_t crowd_max_ = 0;
  std::optional<Time> patient_until_;
};

}  // namespace esaas::reconcile
