#pragma once
// How a node gets the larger size of its group where it is, with its data. Faster than a replacement beside it
// (node_set.h), which copies all of the data; it needs room on the node's own agent and a restart of the node:
//
//   room on its agent      an offer shows what the place lacks -> PlaceGrowthIntended (RESERVE of the difference, while
//                          the task runs on) -> PlaceGrowthReserved
//   the task is stopped    under the rules of a restart (rules/stop_rules.h), on 2.x guarded as for one (recovery_guard.h),
//                          and stays so until the place has grown
//   the disk grows         an offer shows the volume and the addition -> VolumeGrowthIntended (GROW_VOLUME)
//   PlaceGrown             from here it is launched as always, on all of it
//
// What goes wrong, or is no longer wanted, is given back (PlaceGrowthReleaseIntended: UNRESERVE of the addition alone)
// and ends in PlaceGrowthFailed; the node goes on in its old size, and node_set.h replaces it if it shall be larger.
// When Mesos refuses that too, the node does not wait for it: it goes on at once, and the addition is given back later.
//
// At the most one node of a cluster grows or is being replaced. An obstacle that passes is waited for under its rule's
// name; one that does not pass by itself (a smaller size, a disk that can not be divided, a shard without a replica) is
// a reason to replace the node at once, and one that may never pass is waited for as long as Settings::growth_patience.
//
// A pause of the operation holds the beginning and the stop. Once the node is stopped the way forward is the way up.

#include <string>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// waits_for_room_to_grow: the agent of a node that could grow does not offer what its place lacks.
inline constexpr std::string_view kWaitsForRoom = "waits_for_room_to_grow";

/// Begins to give the node the size of its group where it is. True when that is begun, settled or waited for; false
/// when the node is to be replaced. Of a node whose size differs, while no other grows or is being replaced.
bool begin_growth(const View& view, Draft& draft, const state::Node& node, const model::NodeGroup& group);

/// The node could get that size where it is, as far as its record tells: whether its agent has room is another matter.
bool may_grow(const state::Node& node, const model::Resources& after);

/// Goes on with what was begun.
void reconcile_growth(const View& view, Draft& draft);

/// A node waits for an offer of its own agent: to begin to grow, or to give back what was added.
bool wants_offer_to_grow(const state::Cluster& cluster);

/// The place is, or may soon be, between two sizes, so that no task may be launched on it.
bool keeps_from_launch(const state::Node& node);

/// Mesos has yet to say what became of an operation on the place's size.
bool awaits_growth_answer(const state::Node& node);

/// The id of the last of these operations. Borrowed from the node.
const std::string& growth_operation(const state::Node& node);

}  // namespace esaas::reconcile
