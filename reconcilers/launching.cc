#include "reconcilers/launching.h"

#include "core/model/ids.h"
#include "core/state/launch_inputs.h"
#include "reconcilers/companions.h"
#include "reconcilers/effects/elasticsearch/launch.h"
#include "reconcilers/growth.h"
#include "reconcilers/leaving.h"
#include "reconcilers/minimum_master_nodes.h"
#include "reconcilers/offers.h"
#include "reconcilers/rules/operation_rules.h"
#include "reconcilers/voting.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// Those that elect the first master of a cluster that never had one. Told to a cluster that has, they could elect a
/// second one.
std::vector<std::string> first_masters(const View& view) {
  std::vector<std::string> names;
  for (const Node& node : view.cluster().nodes()) {
    if (!node.removing() && view.is_master_eligible(node)) names.push_back(node.name());
  }
  return names;
}

/// From 7 on the votes are in a master's data, except where nobody has voted yet: in a new cluster, and in one of 6.x
/// that is upgraded. There the nodes of 7.x make themselves voters when a master of 6.x led them until it went, which
/// no node of 6.x does for a cluster of one master, or when too many start anew at once. They are told too: who has
/// votes does not look at it, and nobody elects anyone while a node of 6.x is seen. An empty node is never told.
bool may_lack_votes(const View& view, const Node& node, const std::string& version) {
  if (!view.has_formed()) return true;
  if (!keeps_voting_configuration(version) || !node.ever_joined()) return false;
  const bool has_voters = view.fresh() != nullptr && view.fresh()->voting_configuration.has_value() &&
                          !view.fresh()->voting_configuration->empty();
  if (has_voters) return false;
  return !keeps_voting_configuration(node.task().inputs().version()) || !node.task().joined();
}

es::LaunchInput launch_input(const View& view, const Node& node, const model::LaunchInputs& inputs,
                             std::span<const PlannedPlace> planned) {
  es::LaunchInput input;
  input.cluster = view.cluster().name();
  input.tenant = view.cluster().tenant();
  input.node = node.name();
  input.version = inputs.version();
  input.master_eligible = view.is_master_eligible(node);
  input.holds_data = view.holds_data(node);
  input.resources = node.resources();
  input.place = *place_of(node, planned);
  input.zone_aware = true;
  for (const Node& other : view.cluster().nodes()) {
    const model::Place* place = place_of(other, planned);
    if (place != nullptr && place->zone().empty() && !view.keeps_nothing(other)) input.zone_aware = false;
    if (other.removing() || place == nullptr || !view.is_master_eligible(other)) continue;
    input.seed_hosts.push_back(place->hostname() + ":" + std::to_string(place->transport_port()));
  }
  input.minimum_master_nodes = minimum_master_nodes_at_launch(view, node);
  input.settings.assign(inputs.settings().begin(), inputs.settings().end());
  input.plugins.assign(inputs.plugins().begin(), inputs.plugins().end());
  if (may_lack_votes(view, node, input.version)) input.initial_master_nodes = first_masters(view);
  return input;
}

/// Nothing, and a hold, when the version can not be rendered.
std::optional<event::Event> launch_intended(const View& view, Draft& draft, const Node& node,
                                            std::span<const PlannedPlace> planned, const Offer& offer,
                                            std::uint64_t seq) {
  model::LaunchInputs inputs = state::wanted_inputs(view.cluster(), node);
  auto spec = view.is_companion(node)
                  ? render_companion(view, node, inputs, planned)
                  : es::render_launch(launch_input(view, node, inputs, planned), view.settings().catalogue);
  if (!spec) {
    draft.hold(view.is_companion(node) ? "companion_can_be_launched" : "version_can_be_launched", node.name(),
               {spec.error().detail, {}});
    return std::nullopt;
  }
  event::Event event;
  event::TaskLaunchIntended& payload = *event.mutable_task_launch_intended();
  payload.set_node(node.name());
  payload.set_task_id(model::task_id(view.cluster().name(), node.name(), seq, view.input().incarnation));
  payload.set_agent_id(offer.agent_id);
  *payload.mutable_launch() = std::move(*spec);
  payload.set_offer_id(offer.id);
  *payload.mutable_inputs() = std::move(inputs);
  *payload.add_basis() = figure("attempt", node.attempt() + 1);
  *payload.add_basis() = figure("failures", node.failures());
  return event;
}

event::Event place_intended(const View& view, PlannedPlace& planned, const Offer& offer, std::uint64_t seq) {
  const std::string& cluster = view.cluster().name();
  const std::string& name = planned.node->name();
  planned.place.set_volume_id(model::volume_id(cluster, name, seq, view.input().incarnation));
  event::Event event;
  event::PlaceIntended& payload = *event.mutable_place_intended();
  payload.set_node(name);
  *payload.mutable_place() = planned.place;
  if (!planned.place.transient()) {
    payload.set_reserve_operation(model::mesos_operation_id(cluster, name, "reserve", seq, view.input().incarnation));
    payload.set_create_operation(model::mesos_operation_id(cluster, name, "create", seq, view.input().incarnation));
  }
  payload.set_offer_id(offer.id);
  for (model::Figure& one : planned.basis) *payload.add_basis() = std::move(one);
  return event;
}

void relaunch(const View& view, Draft& draft, const Node& node, std::span<const PlannedPlace> planned) {
  if (view.is_paused() && node.attempt() == 0) return hold_paused(view, draft);
  if (!may_launch(view, draft, {node, planned})) return;
  const auto own = find_own_offer(view, draft, node);
  if (!own || !shows_place(*own, node.place().resources())) return hold_for_own_agent(view, draft, node);
  if (auto event = launch_intended(view, draft, node, planned, *own->offer, draft.next_seq())) {
    draft.use(own->index);
    draft.act("launch_node", std::move(*event));
  }
}

}  // namespace

bool wants_launch(const View& view, const Node& node) {
  if (view.cluster().phase() != state::CLUSTER_PHASE_RUNNING || !is_reserved(node) || !is_stopped(node)) return false;
  if (keeps_from_launch(node)) return false;
  return !node.removing() || must_start_again(view, node);
}

void reconcile_launches(const View& view, Draft& draft, std::vector<PlannedPlace> planned) {
  for (PlannedPlace& one : planned) {
    const Offer& offer = view.input().offers[one.offer];
    const Node& node = *one.node;
    std::vector<event::Event> events;
    events.push_back(place_intended(view, one, offer, draft.next_seq()));
    if (may_launch(view, draft, {node, planned})) {
      auto launch = launch_intended(view, draft, node, planned, offer, draft.next_seq() + 1);
      if (launch) events.push_back(std::move(*launch));
    }
    // Where nothing is reserved there is no place without a task.
    if (one.place.transient() && events.size() == 1) continue;
    draft.act("place_node", std::move(events));
  }
  for (const Node& node : view.cluster().nodes()) {
    if (wants_launch(view, node)) relaunch(view, draft, node, planned);
  }
}

}  // namespace esaas::reconcile
