#include "reconcilers/placement.h"

#include <chrono>
#include <map>

#include "core/base/assert.h"
#include "core/state/fleet_state.h"
#include "reconcilers/disks.h"
#include "reconcilers/refusal_tally.h"
#include "reconcilers/revocable.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/zone_spread.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// Without what it has of revocable resources, and without its name: those are the chooser's and launching.h's.
model::Place place_on(const Offer& offer, const model::Resources& resources, const ChosenDisk& disk) {
  model::Place place;
  const auto ports = two_ports(offer);
  place.set_agent_id(offer.agent_id);
  place.set_hostname(offer.hostname);
  place.set_http_port(ports->first);
  place.set_transport_port(ports->second);
  *place.mutable_resources() = resources;
  place.mutable_resources()->set_disk_mib(static_cast<std::uint32_t>(disk.mib));
  if (disk.disk != nullptr) *place.mutable_disk_source() = disk.disk->source;
  place.set_zone(offer.zone);
  place.set_region(offer.region);
  for (const auto& [key, value] : offer.attributes) {
    model::Label& label = *place.add_attributes();
    label.set_key(key);
    label.set_value(value);
  }
  return place;
}

/// Which offers are of agents that have a node of the cluster, or that have a companion of it: those two may share one.
class AgentsInUse {
 public:
  AgentsInUse(const View& view, bool by_companions) : offers_(view.input().offers), in_use_(offers_.size()) {
    for (const Node& node : view.cluster().nodes()) {
      if (has_place(node) && view.is_companion(node) == by_companions) add(node.place().agent_id());
    }
  }
  [[nodiscard]] bool has(std::size_t offer) const { return in_use_[offer]; }
  /// Those offers.
  [[nodiscard]] const std::vector<std::uint32_t>& offers() const { return list_; }

  void add(std::string_view agent_id) {
    for (const std::uint32_t offer : offers_.of_agent(agent_id)) {
      if (in_use_[offer]) continue;
      in_use_[offer] = true;
      list_.push_back(offer);
    }
  }

 private:
  const OfferSet& offers_;
  std::vector<bool> in_use_;
  std::vector<std::uint32_t> list_;
};

/// The choice of places in one plan. Made when the first node needs one.
class Chooser {
 public:
  Chooser(const View& view, Draft& draft)
      : view_(view),
        draft_(draft),
        values_(view.input().offers, view.cluster()),
        spread_(view, values_),
        agents_of_nodes_(view, false),
        agents_of_companions_(view, true) {
    for (const Node& node : view.cluster().nodes()) {
      if (region_.empty() && has_place(node)) region_ = node.place().region();
    }
  }

  /// Nothing, and a hold, when no offer suits.
  std::optional<PlannedPlace> place(const Node& node) {
    agents_ = view_.is_companion(node) ? &agents_of_companions_ : &agents_of_nodes_;
    const model::NodeGroup* group = state::find_group(view_.cluster().spec(), node.group());
    GroupConstraints& constraints =
        constraints_.try_emplace(node.group(), group, view_.cluster(), values_).first->second;
    constraints.look_for(node.replaces());
    spread_.look_for(node, constraints);
    // A proxy keeps nothing but its address, and that is what it is for.
    const bool transient = view_.keeps_nothing(node) && !view_.is_proxy(node);
    const Demand demand{.resources = node.resources(),
                        .disk_type = group == nullptr ? "" : group->disk_type(),
                        .region = region_,
                        .any_region = constraints.asks_about(kRegion),
                        .preemptible = group != nullptr && transient && group->preemptible(),
                        .now = view_.now()};
    const JudgedOffers& judged = view_.input().offers.judged_by(demand);
    const auto chosen = choose(judged, constraints);
    const RefusalTally tally = tally_of(judged, constraints);
    if (!chosen) {
      hold(node, tally);
      return std::nullopt;
    }
    const Offer& offer = view_.input().offers[*chosen];
    draft_.use(*chosen);
    agents_->add(offer.agent_id);
    constraints.add(node, *chosen);
    spread_.add(node, *chosen);
    if (region_.empty()) region_ = offer.region;
    const ChosenDisk disk = *choose_disk(offer, demand.disk_type, node.resources().disk_mib());
    PlannedPlace planned{&node, place_on(offer, node.resources(), disk), *chosen, basis(tally)};
    planned.place.set_transient(transient);
    if (judged.revocable_parts_of(*chosen) > 0) {
      *planned.place.mutable_revocable() = revocable_of(node.resources(), revocable_parts(offer, node.resources()));
    }
    return planned;
  }

 private:
  [[nodiscard]] bool is_allowed(std::size_t offer, const GroupConstraints& constraints) const {
    return !spread_.refuses(offer) && constraints.allows(offer);
  }

  /// The best of those that lend the most and are in the zone with the fewest nodes.
  [[nodiscard]] std::optional<std::size_t> choose(const JudgedOffers& judged,
                                                  const GroupConstraints& constraints) const {
    std::optional<std::size_t> best;
    for (const std::uint32_t i : judged.suitable()) {
      if (best && judged.revocable_parts_of(i) < judged.revocable_parts_of(*best)) break;
      if (!draft_.is_free(i) || agents_->has(i) || !is_allowed(i, constraints)) continue;
      if (!best || spread_.crowd_of(i) < spread_.crowd_of(*best)) best = i;
      if (spread_.crowd_of(*best) == spread_.least_crowd()) break;
    }
    return best;
  }

  /// Why the free offers are refused.
  [[nodiscard]] RefusalTally tally_of(const JudgedOffers& judged, const GroupConstraints& constraints) const {
    const auto suits = [&](std::size_t offer) { return judged.refusals(offer).none(); };
    const bool is_counted = constraints.empty() && std::ranges::all_of(agents_->offers(), suits) &&
                            std::ranges::all_of(draft_.used(), suits);
    return is_counted ? known_tally(judged) : new_tally(judged, constraints);
  }

  /// From what is counted for all clusters: it differs only in what this one uses.
  [[nodiscard]] RefusalTally known_tally(const JudgedOffers& judged) const {
    RefusalTally tally = judged.tally();
    std::uint64_t crowded = spread_.refused_on_hand();
    for (const std::uint32_t i : agents_->offers()) {
      if (view_.input().offers.is_taken(i)) continue;
      if (spread_.refuses(i)) --crowded;
      if (draft_.is_free(i)) tally.count(kAgentInUse, judged.subject(i));
    }
    for (const std::size_t i : draft_.used()) {
      if (!agents_->has(i) && spread_.refuses(i)) --crowded;
    }
    tally.count(kMastersSpreadOverZones, crowded);
    return tally;
  }

  [[nodiscard]] RefusalTally new_tally(const JudgedOffers& judged, const GroupConstraints& constraints) const {
    RefusalTally tally;
    for (std::size_t i = 0; i < view_.input().offers.size(); ++i) {
      if (!draft_.is_free(i)) continue;
      if (agents_->has(i)) {
        tally.count(kAgentInUse, judged.subject(i));
        continue;
      }
      tally.count(judged.refusals(i), judged.subject(i));
      constraints.for_each_refusal(i, [&](std::string_view name) { tally.count(name); });
      if (spread_.refuses(i)) tally.count(kMastersSpreadOverZones);
    }
    return tally;
  }

  [[nodiscard]] std::vector<model::Figure> basis(const RefusalTally& tally) const {
    std::vector<model::Figure> figures;
    figures.push_back(figure("offers", view_.input().offers.on_hand()));
    tally.add_to(figures);
    return figures;
  }

  void hold(const Node& node, const RefusalTally& tally) {
    Time next_check = view_.now() + std::chrono::seconds{30};
    if (const auto until = spread_.patient_until()) next_check = std::min(next_check, *until);
    draft_.hold(kWaitsForOffer, node.name(),
                {"No agent offers what the node needs; the basis counts the offers by what they lack.", basis(tally)},
                next_check);
  }

  const View& view_;
  Draft& draft_;
  ValuesByAttribute values_;
  ZoneSpread spread_;
  AgentsInUse agents_of_nodes_;
  AgentsInUse agents_of_companions_;
  AgentsInUse* agents_ = &agents_of_nodes_;  ///< those that the node at hand may not be on
  std::string region_;  ///< of the cluster's first node that has one
  std::map<std::string, GroupConstraints> constraints_;
};

/// Holds it, or sees to it that it is looked at again, when it may not be placed yet.
bool may_be_placed(const View& view, Draft& draft, const Node& node) {
  if (view.is_paused() && node.attempt() == 0) {
    hold_paused(view, draft);
    return false;
  }
  if (!is_stopped(node)) {
    draft.check_soon();  // Mesos has yet to say what became of a task on the place before
    return false;
  }
  if (view.now() >= from_us(node.not_before_at_us())) return true;
  draft.hold(
      kWaitsAfterFailure, node.name(),
      {"Its last place or task failed, so it is not placed again at once.", {figure("failures", node.failures())}},
      from_us(node.not_before_at_us()));
  return false;
}

}  // namespace

bool wants_place(const state::Cluster& cluster, const Node& node) {
  return cluster.phase() == state::CLUSTER_PHASE_RUNNING && !node.removing() && !has_place(node);
}

std::vector<PlannedPlace> choose_places(const View& view, Draft& draft) {
  std::vector<PlannedPlace> planned;
  std::optional<Chooser> chooser;
  // What keeps data or votes chooses first. The others have a place only while they run, so one that may not be
  // launched gets none.
  for (const bool keeps_nothing : {false, true}) {
    for (const Node& node : view.cluster().nodes()) {
      if (!wants_place(view.cluster(), node) || view.keeps_nothing(node) != keeps_nothing) continue;
      if (!may_be_placed(view, draft, node)) continue;
      if (keeps_nothing && !may_launch(view, draft, {node, planned})) continue;
      if (!chooser) chooser.emplace(view, draft);
      if (auto place = chooser->place(node)) planned.push_back(std::move(*place));
    }
  }
  return planned;
}

}  // namespace esaas::reconcile
