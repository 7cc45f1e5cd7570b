#include "reconcilers/what_if.h"

#include <algorithm>
#include <utility>

#include "core/events/event_kind.h"
#include "core/events/visit.h"
#include "reconcilers/offer_set.h"
#include "reconcilers/reconcile.h"
#include "reconcilers/standing_plan.h"

namespace esaas::reconcile {
namespace {

constexpr std::string_view kOffers = "offers";
constexpr std::string_view kBooks = "the master's books";
constexpr std::string_view kObserved = "shards, indices and settings";

/// What a decision of this kind depends on besides the state; empty: nothing. Nothing: it is no decision.
std::optional<std::string_view> stands_on(const event::Event& event) {
  using E = event::Event;
  switch (event.payload_case()) {
    case E::kNodeAdded:
      // One that replaces another waits until the cluster is as it was.
      if (!event.node_added().replaces().empty()) return kObserved;
      return "";
    case E::kNodeRemovalBegan: return "";
    case E::kPlaceIntended:
    case E::kPlaceReleaseIntended:
    case E::kPlaceGrowthIntended:
    case E::kVolumeGrowthIntended:
    case E::kPlaceGrowthReleaseIntended:
    case E::kTaskLaunchIntended: return kOffers;
    case E::kOrphanReleaseIntended:
    case E::kUnknownTaskKillIntended:
    case E::kPlaceAdopted:
    case E::kTaskAdopted: return kBooks;
    case E::kTaskKillIntended:
    case E::kHoldBegan:
    case E::kExclusionsIntended:
    case E::kMinimumMasterNodesIntended:
    case E::kAllocationIntended:
    case E::kVotingExclusionsIntended:
    case E::kElasticsearchRequestIntended:
    case E::kServersIntended:
    case E::kNodeRestartBegan:
    case E::kFullRestartBegan:
    case E::kNodeShielded:
    case E::kDrainBegan:
    case E::kPolicyRunBegan: return kObserved;
    default: return std::nullopt;
  }
}

/// One thing that may be decided: two decisions of one name are the same one.
std::string decision_name(const event::Event& event) {
  std::string name(event::kind_of(event));
  event::visit(event, [&](const auto& payload) {
    if constexpr (requires { std::string(payload.node()); }) name += " " + payload.node();
    if constexpr (requires { std::string(payload.rule()); }) name += " " + payload.rule();
    if constexpr (requires { payload.purpose() + payload.subject(); })
      name += " " + payload.purpose() + " " + payload.subject();
    if constexpr (requires { std::string(payload.policy()); }) name += " " + payload.policy();
    if constexpr (requires { payload.nodes().begin(); }) {
      for (const auto& node : payload.nodes()) name += " " + node;
    }
    if constexpr (requires { payload.value() + 1U; }) name += " " + std::to_string(payload.value());
    if constexpr (requires { std::string(payload.enable()); }) name += " " + payload.enable();
  });
  return name;
}

std::vector<event::Event> decisions_of(const Plan& plan) {
  std::vector<event::Event> all;
  for (const Action& action : plan.actions) {
    std::ranges::copy_if(action.events, std::back_inserter(all), is_decision);
  }
  for (const Hold& hold : plan.holds) {
    event::Event event;
    auto& began = *event.mutable_hold_began();
    began.set_rule(hold.rule);
    began.set_node(hold.node);
    began.set_why(hold.why);
    all.push_back(std::move(event));
  }
  return all;
}

Plan plan_of(const state::FleetState& state, const state::Cluster& cluster, const Settings& settings, Time now,
             std::uint64_t next_seq) {
  const Observation observation = imagined_observation(cluster, now);
  const OfferSet no_offers;
  std::vector<const state::Operation*> beside;
  for (const std::string& id : cluster.side_operations()) {
    if (const state::Operation* operation = state.find_operation(id)) beside.push_back(operation);
  }
  return reconcile({.cluster = cluster,
                    .operation = state.find_operation(cluster.active_operation()),
                    .side_operations = std::move(beside),
                    .tenant = state.find_tenant(cluster.tenant()),
                    .observation = cluster.phase() == state::CLUSTER_PHASE_RUNNING ? &observation : nullptr,
                    .offers = no_offers,
                    .settings = settings,
                    .now = now,
                    .next_seq = next_seq});
}

}  // namespace

bool is_decision(const event::Event& event) { return stands_on(event).has_value(); }

WhatIf::WhatIf(const Settings& settings, std::uint64_t since, std::uint64_t until, Report report)
    : settings_(settings), since_(since), until_(until), report_(std::move(report)) {}

void WhatIf::take(const event::Event& event) {
  const bool is_decided = is_decision(event) && event.actor().kind() == event::ACTOR_KIND_CONTROLLER &&
                          event.seq() >= since_ && event.seq() <= until_;
  const bool goes_on = turn_ && is_decided && turn_->at_us == event.time_at_us() && turn_->cluster == event.cluster();
  if (!goes_on) judge();
  if (is_decided && !turn_) begin_turn(event);
  if (turn_) turn_->decided.push_back(event);
  state::evolve(state_, event);
}

void WhatIf::finish() { judge(); }

void WhatIf::begin_turn(const event::Event& event) {
  const state::Cluster* cluster = state_.find_cluster(event.cluster());
  Turn& turn = turn_.emplace(Turn{});
  turn.at_us = event.time_at_us();
  turn.cluster = event.cluster();
  if (cluster != nullptr) turn.plan = plan_of(state_, *cluster, settings_, from_us(turn.at_us), event.seq());
}

void WhatIf::judge() {
  if (!turn_) return;
  const Turn turn = std::move(*turn_);
  turn_.reset();
  std::vector<event::Event> planned = decisions_of(turn.plan);
  bool all_follow_from_state = true;
  for (const event::Event& decided : turn.decided) {
    ++decisions_;
    const std::string name = decision_name(decided);
    const auto found = std::ranges::find(planned, name, decision_name);
    const std::string_view missing = *stands_on(decided);
    all_follow_from_state = all_follow_from_state && missing.empty();
    if (found != planned.end()) {
      ++same_;
      planned.erase(found);
    } else if (!missing.empty()) {
      ++not_judged_[missing];
    } else {
      ++different_;
      report_({.seq = decided.seq(), .cluster = turn.cluster, .is_besides = false, .decision = decided});
    }
  }
  // What a recorded decision rests on may have ruled out others; besides those that need nothing else, none is claimed.
  if (!all_follow_from_state) return;
  for (event::Event& besides : planned) {
    if (!stands_on(besides)->empty()) continue;
    ++different_;
    report_({.seq = turn.decided.front().seq(), .cluster = turn.cluster, .is_besides = true, .decision = besides});
  }
}

}  // namespace esaas::reconcile
