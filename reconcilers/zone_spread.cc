#include "reconcilers/zone_spread.h"

#include <algorithm>
#include <limits>

#include "core/state/fleet_state.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// With so many the loss of one leaves a majority of nodes that are spread evenly; more do not make it better.
constexpr std::uint32_t kZonesEnough = 3;

}  // namespace

ZoneSpread::ZoneSpread(const View& view, ValuesByAttribute& values)
    : view_(view), zones_(values.of(kZone)), offers_(values.offers().size()) {
  for (const model::NodeGroup& group : view.cluster().spec().node_groups()) {
    if (state::is_master_eligible(group)) masters_wanted_ += group.count();
  }
  for (const Node& node : view.cluster().nodes()) {
    if (has_place(node) && !node.removing()) residents_.push_back({&node, zones_.of_place(node.place())});
  }
}

void ZoneSpread::add(const Node& node, std::size_t offer) { residents_.push_back({&node, zones_.of_offer(offer)}); }

void ZoneSpread::look_for(const Node& node, const GroupConstraints& constraints) {
  crowds_.assign(zones_.size(), 0);
  least_ = 0;
  patient_until_.reset();
  if (zones_.size() == AttributeValues::kAbsent + 1) return;  // nobody has a zone
  const bool is_master = view_.is_master_eligible(node);
  for (const Resident& resident : residents_) {
    const bool is_peer = is_master ? view_.is_master_eligible(*resident.node) : resident.node->group() == node.group();
    const bool is_replaced = !node.replaces().empty() && resident.node->name() == node.replaces();
    if (is_peer && !is_replaced) ++crowds_[resident.zone];
  }
  least_ = *std::ranges::min_element(crowds_);
  if (!is_master || masters_wanted_ < 2 || constraints.arranges_by(kZone)) return;
  patient_until_ = patience_for(node);
  if (patient_until_) crowd_max_ = crowd_max(constraints);
}

std::uint64_t ZoneSpread::refused_on_hand() const {
  std::uint64_t count = 0;
  for (AttributeValues::Id zone = 0; patient_until_ && zone < zones_.offered().size(); ++zone) {
    if (crowds_[zone] > crowd_max_) count += zones_.offered().on_hand(zone);
  }
  return count;
}

/// The moment when the node has waited long enough; nothing when that has passed.
std::optional<Time> ZoneSpread::patience_for(const Node& node) const {
  Time until = view_.now() + kZonePatience;
  for (const state::Hold& hold : view_.cluster().holds()) {
    if (hold.rule() == kWaitsForOffer && hold.node() == node.name())
      until = from_us(hold.since_at_us()) + kZonePatience;
  }
  if (until <= view_.now()) return std::nullopt;
  return until;
}

std::uint32_t ZoneSpread::crowd_max(const GroupConstraints& constraints) const {
  std::vector<bool> known(zones_.size(), false);
  if (constraints.empty()) {
    const OfferedValues& offered = zones_.offered();
    std::fill_n(known.begin(), offered.size(), true);
    known[AttributeValues::kAbsent] = offered.some_lack_it();
  } else {
    for (std::size_t offer = 0; offer < offers_; ++offer) {
      if (constraints.may_ever_use(offer)) known[zones_.of_offer(offer)] = true;
    }
  }
  for (const Resident& resident : residents_) known[resident.zone] = true;
  std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t count = 0;
  for (std::size_t zone = 0; zone < known.size(); ++zone) {
    if (!known[zone]) continue;
    ++count;
    least = std::min(least, crowds_[zone]);
  }
  return count < std::min(kZonesEnough, masters_wanted_) ? 0 : least;
}

}  // namespace esaas::reconcile
