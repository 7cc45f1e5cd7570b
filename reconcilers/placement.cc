#include "reconcilers/placement.h"

#include <chrono>
#include <map>
#include <tuple>
#include <unordered_map>

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

/// What the node's group says of where it may be.
struct Demand {
  std::string_view disk_type;
  bool transient = false;
  bool preemptible = false;
};

Demand demand_of(const View& view, const Node& node) {
  const model::NodeGroup* group = state::find_group(view.cluster().spec(), node.group());
  if (group == nullptr) return {};
  const bool transient = view.keeps_nothing(node);
  return {.disk_type = group->disk_type(), .transient = transient, .preemptible = transient && group->preemptible()};
}

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

/// Which agents have a node of the cluster, asked by offer.
class AgentsInUse {
 public:
  AgentsInUse(const state::Cluster& cluster, std::span<const Offer> offers) {
    std::unordered_map<std::string_view, std::size_t> numbers;
    for (const Offer& offer : offers) {
      numbers_.push_back(numbers.try_emplace(offer.agent_id, numbers.size()).first->second);
    }
    in_use_.resize(numbers.size());
    for (const Node& node : cluster.nodes()) {
      const auto found = has_place(node) ? numbers.find(node.place().agent_id()) : numbers.end();
      if (found != numbers.end()) in_use_[found->second] = true;
    }
  }
  [[nodiscard]] bool has(std::size_t offer) const { return in_use_[numbers_[offer]]; }
  void add(std::size_t offer) { in_use_[numbers_[offer]] = true; }

 private:
  std::vector<std::size_t> numbers_;
  std::vector<bool> in_use_;
};

/// The choice of places in one plan. Made when the first node needs one.
class Chooser {
 public:
  Chooser(const View& view, Draft& draft)
      : view_(view),
        draft_(draft),
        values_(view.input().offers, view.cluster()),
        spread_(view, values_),
        agents_(view.cluster(), view.input().offers) {
    for (const Node& node : view.cluster().nodes()) {
      if (region_.empty() && has_place(node)) region_ = node.place().region();
    }
  }

  /// Nothing, and a hold, when no offer suits.
  std::optional<PlannedPlace> place(const Node& node) {
    const model::NodeGroup* group = state::find_group(view_.cluster().spec(), node.group());
    GroupConstraints& constraints =
        constraints_.try_emplace(node.group(), group, view_.cluster(), values_).first->second;
    constraints.look_for(node.replaces());
    spread_.look_for(node, constraints);
    RefusalTally tally;
    const Demand demand = demand_of(view_, node);
    const auto chosen = choose(node, demand, constraints, tally);
    if (!chosen) {
      hold(node, tally);
      return std::nullopt;
    }
    const Offer& offer = view_.input().offers[chosen->offer];
    draft_.use(chosen->offer);
    agents_.add(chosen->offer);
    constraints.add(node, chosen->offer);
    spread_.add(node, chosen->offer);
    if (region_.empty()) region_ = offer.region;
    PlannedPlace planned{&node, place_on(offer, node.resources(), chosen->disk), chosen->offer, basis(tally)};
    planned.place.set_transient(demand.transient);
    if (chosen->revocable.count() > 0) {
      *planned.place.mutable_revocable() = revocable_of(node.resources(), chosen->revocable);
    }
    return planned;
  }

 private:
  struct Choice {
    std::size_t offer;
    ChosenDisk disk;
    RevocableParts revocable;
  };

  /// The lowest is taken.
  [[nodiscard]] auto rank(const Choice& choice, const Node& node) const {
    const Offer& offer = view_.input().offers[choice.offer];
    const std::int64_t mem = choice.revocable.mem ? offer.revocable.mem_mib : offer.unreserved.mem_mib;
    const std::int64_t cpus = choice.revocable.cpus ? offer.revocable.cpus_milli : offer.unreserved.cpus_milli;
    return std::tuple(-choice.revocable.count(), spread_.crowd_of(choice.offer), mem - node.resources().mem_mib(),
                      cpus - node.resources().cpus_milli(), choice.disk.left_mib, std::string_view(offer.agent_id),
                      std::string_view(offer.id));
  }

  std::optional<Choice> choose(const Node& node, const Demand& demand, const GroupConstraints& constraints,
                               RefusalTally& tally) const {
    std::optional<Choice> best;
    const auto offers = view_.input().offers;
    for (std::size_t i = 0; i < offers.size(); ++i) {
      if (!draft_.is_free(i)) continue;
      const OfferSubject subject{.resources = node.resources(),
                                 .disk_type = demand.disk_type,
                                 .region = region_,
                                 .any_region = constraints.asks_about(kRegion),
                                 .preemptible = demand.preemptible,
                                 .now = view_.now(),
                                 .agent_in_use = agents_.has(i),
                                 .offer = offers[i]};
      if (!suits(i, subject, constraints, tally)) continue;
      Choice choice{i, *choose_disk(offers[i], demand.disk_type, node.resources().disk_mib()), {}};
      if (demand.preemptible) choice.revocable = revocable_parts(offers[i], node.resources());
      if (!best || rank(choice, node) < rank(*best, node)) best = choice;
    }
    return best;
  }

  bool suits(std::size_t i, const OfferSubject& subject, const GroupConstraints& constraints,
             RefusalTally& tally) const {
    const OfferRefusals refusals = refusals_of(subject);
    const bool is_crowded = spread_.refuses(i);
    if (refusals.none() && !is_crowded && constraints.allows(i)) return true;
    tally.count(refusals, subject);
    if (subject.agent_in_use) return false;
    constraints.for_each_refusal(i, [&](std::string_view name) { tally.count(name); });
    if (is_crowded) tally.count(kMastersSpreadOverZones);
    return false;
  }

  [[nodiscard]] std::vector<model::Figure> basis(const RefusalTally& tally) const {
    std::vector<model::Figure> figures;
    figures.push_back(figure("offers", view_.input().offers.size()));
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
  AgentsInUse agents_;
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
