#pragma once
// What events do to one node: its place, its task, its drain. Pure; part of evolve.

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"

namespace esaas::state {

void apply(Node& node, const event::NodeRemovalBegan& payload, const event::Event& event);
void apply(Node& node, const event::PlaceIntended& payload, const event::Event& event);
void apply(Node& node, const event::PlaceReserved& payload, const event::Event& event);
void apply(Node& node, const event::PlaceFailed& payload, const event::Event& event);
void apply(Node& node, const event::PlaceReleaseIntended& payload, const event::Event& event);
void apply(Node& node, const event::PlaceReleased& payload, const event::Event& event);
void apply(Node& node, const event::PlaceReleaseFailed& payload, const event::Event& event);
void apply(Node& node, const event::PlaceMoved& payload, const event::Event& event);
void apply(Node& node, const event::PlaceAdopted& payload, const event::Event& event);
void apply(Node& node, const event::PlaceGrowthIntended& payload, const event::Event& event);
void apply(Node& node, const event::PlaceGrowthReserved& payload, const event::Event& event);
void apply(Node& node, const event::VolumeGrowthIntended& payload, const event::Event& event);
void apply(Node& node, const event::PlaceGrown& payload, const event::Event& event);
void apply(Node& node, const event::PlaceGrowthFailed& payload, const event::Event& event);
void apply(Node& node, const event::PlaceGrowthReleaseIntended& payload, const event::Event& event);
void apply(Node& node, const event::TaskAdopted& payload, const event::Event& event);
void apply(Node& node, const event::TaskLaunchIntended& payload, const event::Event& event);
/// A task that ends without our asking counts as a failure. One that had been a member for a minute begins the count
/// anew. The first failure is retried at once, then after 5 s, 10 s, 20 s, ... up to 5 minutes.
void apply(Node& node, const event::TaskStatusChanged& payload, const event::Event& event);
void apply(Node& node, const event::TaskKillIntended& payload, const event::Event& event);
void apply(Node& node, const event::NodeRestartBegan& payload, const event::Event& event);
void apply(Node& node, const event::NodeShielded& payload, const event::Event& event);
void apply(Node& node, const event::NodeUnshielded& payload, const event::Event& event);
void apply(Node& node, const event::ServersApplied& payload, const event::Event& event);
void apply(Node& node, const event::NodeJoined& payload, const event::Event& event);
void apply(Node& node, const event::NodeLeft& payload, const event::Event& event);
void apply(Node& node, const event::DrainBegan& payload, const event::Event& event);
void apply(Node& node, const event::DrainFinished& payload, const event::Event& event);
/// The feedback of one of the node's own reserve, create, destroy or unreserve operations.
void apply(Node& node, const event::MesosOperationChanged& payload, const event::Event& event);

}  // namespace esaas::state
