#pragma once
// minimum_master_nodes: how many master-eligible nodes must see each other before one is elected
// (Elasticsearch 2.x to 6.x; later ones: voting.h).
//
// What it must guarantee. Let N be the number of master-eligible nodes that could be up at once:
// those that run, those that crashed and will be started again, and one that is about to be started
// for the first time. Two disjoint halves of N nodes can both elect only if the value m of some
// nodes allows 2m <= N. So m must be at least quorum(N) = N/2 + 1 on every node that could vote. A
// value above the number that is up costs availability (no master), never data; a value below the
// quorum can cost data. Each step below therefore errs to the high side.
//
// Adding (N-1 to N). Only one new master at a time, and only while all N-1 others are joined.
// quorum(N) is put in force *before* the new one is launched (rule minimum_master_nodes_first); the
// new one carries it in its own configuration. Were it raised only after the join, three nodes with
// m = 2 and a fourth could split two against two. Were one of the others not joined, it might not
// have heard of the new value. The one exception is N = 2: a single master can not require two. It
// is safe there, because the new node's own configuration says two, so it can not elect itself, and
// the old one is alone in its half. Its value follows the join. So the old one need not be joined
// either: one that was cut off while the other of two left may have stored a two, which no restart
// takes from it (a stored value rules over the configured one), and is silent until there are two.
//
// Coming back. A node that is launched again carries the quorum of those that could be up now, not
// of all that are planned: masters that wait for their first launch can not vote, and counting them
// could ask for more votes than there are (one of four planned runs, it crashes, and needs three).
//
// Removing (N to N-1). The value is lowered *after* the node's process is gone: while N may be up,
// quorum(N) stands. The one exception is N = 2 again: with two required the one that stays would
// have no master, so 1 is put in force just before the kill. For that moment the two could split.
// It is as short as it can be: drained first, then the value, then the kill in the next plan;
// Elasticsearch before 7 offers no better.
//
// A node that leaves counts until giving its place back begins: until then it may be started again
// (leaving.h). That begins only while all other masters are joined (rule masters_have_joined_first):
// one that is starting was told to expect the vote of the node that would then never come back.
//
// The first start. All masters are launched at once with quorum(N) in their configuration; as soon
// as enough have joined the same value is put in force as a persistent setting, so that one setting
// rules from then on.
//
// Bounds. A value above the number of masters that have joined is never put in force by us:
// Elasticsearch would step down at once. While masters are missing the old value stays, and no new
// master is launched.

#include <cstdint>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

constexpr std::uint32_t quorum(std::uint32_t masters) { return masters / 2 + 1; }

struct MasterCount {
  /// Could be up at once; one that waits for its first launch is not in it.
  std::uint32_t possible = 0;
  /// Are up, and listed by the fresh observation.
  std::uint32_t joined = 0;
  /// Of the nodes that do not leave.
  std::uint32_t planned = 0;
  /// `possible` and the next one; until the cluster is complete for the first time, all planned.
  std::uint32_t to_be_ready_for = 0;
  /// The value in force lies between these. They differ only while a change is on its way: what was
  /// applied last and what the newest observation shows need not be of one moment. 0: none is set.
  std::uint32_t in_force_min = 0;
  std::uint32_t in_force_max = 0;
  /// Placed, and waits for its first launch into a cluster that has formed; or null.
  const state::Node* next = nullptr;
};

MasterCount count_masters(const View& view);

/// The value for a node's own configuration at its launch.
std::uint32_t minimum_master_nodes_at_launch(const View& view, const state::Node& node);

void reconcile_minimum_master_nodes(const View& view, Draft& draft);

}  // namespace esaas::reconcile
