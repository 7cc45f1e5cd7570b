#pragma once
// Where a node goes. A node without a place gets one on an offered agent: its cpus, memory, disk
// and two ports are reserved there, and a persistent volume is made, once and for the node's whole
// life: launches come and go on it.
//
// The choice is deterministic: of the offers that no rule refuses (rules/offer_rules.h), that the
// constraints of the group allow (group_constraints.h) and that keep the masters apart
// (zone_spread.h), the one in the zone with the fewest nodes, then with the least memory, then
// processors, then disk left over, then the lowest agent id. Full agents fill up and large gaps stay
// for large nodes. One node of a cluster per agent, whatever its group.
//
// A node that is neither master nor data node gets a transient place: nothing is reserved, and the place lasts as long
// as its task. It is placed after all others, and anew after each end. When its group is preemptible, the offers that
// lend the most of what it needs as revocable resources come first of all (revocable.h).
//
// A node's choice counts for the next one: nodes are placed in the cluster's order. When none suits,
// the hold waits_for_offer says how many offers were refused by which rule (refusal_tally.h).
// Why it is so: core/decisions/0008-where-nodes-go.md.

#include <vector>

#include "reconcilers/draft.h"
#include "reconcilers/rules/launch_rules.h"

namespace esaas::reconcile {

/// Chooses places for all nodes that wait for one and uses up their offers in the draft. Holds what
/// finds none (waits_for_offer). The events are made by launching.h, because a launch goes into the
/// same action as its place.
std::vector<PlannedPlace> choose_places(const View& view, Draft& draft);

/// The node waits for a place.
bool wants_place(const state::Cluster& cluster, const state::Node& node);

}  // namespace esaas::reconcile
