// What offers show as reserved for us, against what the state says is ours: places whose machine came back as another
// agent are followed, and what has no owner is given back.

#include <algorithm>
#include <utility>

#include "core/model/ids.h"
#include "core/model/task_state.h"
#include "reconcilers/loop/controller.h"

namespace esaas::loop {
namespace {

using reconcile::ReservedPart;

/// Mesos holds the node's task for running, or may say so any moment: what an offer of another agent shows is no proof
/// yet.
bool is_held_for_running(const state::Node& node) {
  switch (node.task().state()) {
    case model::TASK_STATE_INTENDED:
    case model::TASK_STATE_STAGING:
    case model::TASK_STATE_STARTING:
    case model::TASK_STATE_RUNNING:
    case model::TASK_STATE_KILLING: return true;
    default: return false;
  }
}

}  // namespace

const state::Node* Controller::owner_of(const ReservedPart& part) const {
  const state::Cluster* cluster = state().find_cluster(part.cluster);
  const state::Node* node = cluster == nullptr ? nullptr : state::find_node(*cluster, part.node);
  return node != nullptr && node->place().volume_id() == part.place ? node : nullptr;
}

bool Controller::owns(const ReservedPart& part) const {
  if (owner_of(part) != nullptr) return true;
  return std::ranges::any_of(state().head.orphan_releases(), [&](const state::OrphanRelease& release) {
    return release.volume_id() == part.place;  // being given back already
  });
}

/// A machine that lost its agent's identity (a reboot, a removed agent that was started again) registers as a new
/// agent and still has what was reserved and the volumes. The volume's id is what a place is known by.
void Controller::follow_moved_places(const PooledOffer& offer, Time now) {
  for (const ReservedPart& part : offer.view.reserved) {
    const state::Node* node = owner_of(part);
    if (node == nullptr || node->place().agent_id() == offer.view.agent_id || !part.has_volume) continue;
    if (node->place_status() != state::PLACE_STATUS_RESERVED || is_held_for_running(*node)) continue;
    event::Event event;
    auto& payload = *event.mutable_place_moved();
    payload.set_node(node->name());
    payload.set_volume_id(part.place);
    payload.set_agent_id_before(node->place().agent_id());
    payload.set_agent_id(offer.view.agent_id);
    payload.set_hostname(offer.view.hostname);
    append(part.cluster, {std::move(event)}, event::ACTOR_KIND_MESOS, node->place_seq(), now);
  }
}

/// True when the offer shows a reservation of ours that no node owns, and was used to give it back.
bool Controller::release_orphans(const PooledOffer& offer, Time now) {
  std::vector<event::Event> intents;
  std::string cluster;
  for (const ReservedPart& part : offer.view.reserved) {
    if (owns(part)) continue;
    const std::uint64_t seq = sequencer_.next_seq();
    event::Event event;
    auto& payload = *event.mutable_orphan_release_intended();
    payload.set_node(part.node);
    payload.set_volume_id(part.place);
    payload.set_agent_id(offer.view.agent_id);
    payload.set_why(reconcile::why_without_owner(state(), part));
    if (part.has_volume) {
      payload.set_destroy_operation(model::mesos_operation_id(part.cluster, part.node, "destroy", seq));
    }
    payload.set_unreserve_operation(model::mesos_operation_id(part.cluster, part.node, "unreserve", seq));
    event.set_cluster(part.cluster);
    event.set_tenant(model::tenant_of_role(offer.view.role));
    event.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
    intents.push_back(sequencer_.sequence(std::move(event), now));
    cluster = part.cluster;
  }
  if (intents.empty()) return false;
  sequencer_.when_durable([this, cluster, intents = std::move(intents), offer] { perform(cluster, intents, offer); });
  return true;
}

}  // namespace esaas::loop
