// What is reserved for us, as offers and the master's books show it, against what the state says is ours: places whose
// machine came back as another agent are followed; what has no owner is adopted, given back or kept, by policy.

#include <algorithm>
#include <utility>

#include "core/model/ids.h"
#include "core/model/task_state.h"
#include "reconcilers/adoption.h"
#include "reconcilers/loop/controller.h"
#include "reconcilers/loop/disk_source.h"

namespace esaas::loop {
namespace {

using reconcile::ReservedPart;
using Resources = google::protobuf::RepeatedPtrField<mesos::wire::Resource>;

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

/// Of the volume `volume_id`; nothing for one of the agent's root disk.
std::optional<model::DiskSource> source_of(const Resources& resources, const std::string& volume_id) {
  for (const auto& resource : resources) {
    if (resource.disk().persistence().id() == volume_id) return to_disk_source(resource.disk().source());
  }
  return std::nullopt;
}

std::string why_adopted(const state::Node& node) {
  if (!node.has_place()) return "Node " + node.name() + " has no other place.";
  return "The other place of node " + node.name() + ", " + node.place().volume_id() + ", has not come to be.";
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

/// A place that was given up for lost, or that the log has forgotten, is its node's again while the node has no other.
bool Controller::adopt_place(const reconcile::Offer& agent, const ReservedPart& part, const Resources& resources,
                             Time now) {
  if (options_.orphans != reconcile::OrphanPolicy::kAdopt || owns(part)) return false;
  const auto source = source_of(resources, part.place);
  const auto place = reconcile::place_of(agent, part, source ? &*source : nullptr);
  const state::Node* node = place ? reconcile::node_that_lacks(state(), part, *place) : nullptr;
  if (node == nullptr) return false;
  event::Event event;
  auto& payload = *event.mutable_place_adopted();
  payload.set_node(node->name());
  *payload.mutable_place() = *place;
  payload.set_why(why_adopted(*node));
  append(part.cluster, {std::move(event)}, event::ACTOR_KIND_CONTROLLER, cause_of(part.cluster), now);
  return true;
}

/// The event that a task's or a volume's id names intended that very one. Not so when the log was restored from an
/// older copy, or is a new one beside a framework that was taken over: then it says nothing about what it did not make.
bool Controller::log_made(const std::string& id) const {
  const auto parsed = model::parse_id(id);
  if (!parsed || parsed->seq == 0 || parsed->seq > sequencer_.durable_seq()) return false;
  auto cursor = log_.read(parsed->seq);
  if (!cursor) return false;
  const auto event = (*cursor)->next();
  if (!event || *event == nullptr) return false;
  return (*event)->task_launch_intended().task_id() == id || (*event)->place_intended().place().volume_id() == id;
}

/// True when the offer shows a reservation of ours that no node owns, and was used to give it back.
bool Controller::release_orphans(const PooledOffer& offer, Time now) {
  if (options_.orphans == reconcile::OrphanPolicy::kKeep) return false;
  std::vector<event::Event> intents;
  std::string cluster;
  for (const ReservedPart& part : offer.view.reserved) {
    // What this log did not make may be all that is left of something: only a person can tell.
    if (owns(part) || !log_made(part.place)) continue;
    const std::uint64_t seq = sequencer_.next_seq();
    event::Event event;
    auto& payload = *event.mutable_orphan_release_intended();
    payload.set_node(part.node);
    payload.set_volume_id(part.place);
    payload.set_agent_id(offer.view.agent_id);
    payload.set_why(reconcile::why_without_owner(state(), part));
    if (part.has_volume) {
      payload.set_destroy_operation(
          model::mesos_operation_id(part.cluster, part.node, "destroy", seq, options_.incarnation));
    }
    payload.set_unreserve_operation(
        model::mesos_operation_id(part.cluster, part.node, "unreserve", seq, options_.incarnation));
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
