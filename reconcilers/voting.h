#pragma once
// Who elects the master from Elasticsearch 7 on. minimum_master_nodes (minimum_master_nodes.h) does not exist there:
// the cluster keeps the list of its voters itself, and shrinks it only when it is told that a voter leaves for good. So
// a master that leaves is put on the list of voting exclusions before it is stopped (its vote has gone to others when
// the observed voting configuration lacks it: rule vote_is_handed_over), and the list is cleared once it has left.
// Without that, two of three masters that leave one after the other would take the majority with them.
//
// A voter that was lost with its machine never was on that list, and where fewer than three masters are left
// Elasticsearch counts its vote for ever. From 7.8 on it is excluded by its id, once nobody who may come back can have
// that id, and the list is cleared when the vote is seen to be gone. Before 7.8 nobody can be excluded who is not
// there; the next master that joins is given the vote.
//
// A restart excludes nobody: the voter comes back.
//
// The list is ours alone. An exclusion that nobody wants is taken away whoever made it: a request of ours that was long
// on its way may have come last, and a node without a vote would cost the majority one day with nobody knowing why. It
// is noted as in force (observe.cc), and taken away again.

#include <cstdint>
#include <string_view>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// From 7.0 on Elasticsearch keeps its voting configuration itself.
bool keeps_voting_configuration(std::string_view version);
/// By the version that the cluster shall run.
bool keeps_voting_configuration(const View& view);

struct VoteCount {
  std::uint32_t others = 0;  ///< voters that are members, without the node
  std::uint32_t needed = 0;  ///< for an election; 0: not known
};

/// By the observed voting configuration where there is one, else by minimum_master_nodes.
VoteCount count_votes(const View& view, const state::Node& node);

/// The node has a vote that counts, or it is not known whether it has: only of a cluster that keeps its voting
/// configuration itself.
bool may_have_vote(const View& view, const state::Node& node);

void reconcile_voting(const View& view, Draft& draft);

}  // namespace esaas::reconcile
