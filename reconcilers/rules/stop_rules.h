#pragma once
// When a node may be drained, stopped and given up. All of them fail closed: what is not known
// refuses. A node that never joined needs none of them: nothing of the cluster is on it.

#include <span>

#include "reconcilers/rules/rule.h"

namespace esaas::reconcile {

using NodeRule = Rule<state::Node>;

/// The names that other reconcilers hold by too.
inline constexpr std::string_view kHealthKnown = "health_unknown";
inline constexpr std::string_view kHandsVoteOver = "vote_is_handed_over";
inline constexpr std::string_view kKeepsQuorum = "keeps_quorum_of_masters";
inline constexpr std::string_view kKeepsLastCopy = "keeps_last_started_copy";
inline constexpr std::string_view kDrainWaits = "drain_waits_for_shards";

/// Before a node is told to leave because another replaces it, and before what a stopped node keeps
/// is given up.
extern const std::span<const NodeRule> kRemovalRules;
/// Before the place of a node that left is given back.
extern const std::span<const NodeRule> kReleaseRules;
/// While a data node is drained.
extern const std::span<const NodeRule> kDrainRules;
/// Before it is excluded from allocation, which begins to drain it: those, and what is known of disks only then.
extern const std::span<const NodeRule> kExclusionRules;
/// Before the task of a node that has joined is killed so that the node leaves. The last is
/// kKeepsQuorum, so that its refusal alone means: all else is ready.
extern const std::span<const NodeRule> kStopRules;
/// Before that kill is sent once more because it seems to be lost: the same, but for the turn that it has had.
extern const std::span<const NodeRule> kLateStopRules;

/// Before the task of a node that has joined is killed to be launched again at once, with its data. The last is
/// kKeepsLastCopy: some of its refusals never pass (growth.h).
extern const std::span<const NodeRule> kRestartRules;

/// Before an agent with the node is taken down for a while, after which the node comes back with its data.
extern const std::span<const NodeRule> kAbsenceRules;

/// The node holds a last started copy of some shard: while it is away, what is in it can not be had.
std::optional<Refusal> refuse_last_copy(const View& view, const state::Node& node);

/// The cluster's health must be known: a fresh answer of Elasticsearch.
std::optional<Refusal> refuse_unknown_health(const View& view);

/// The figures of a fresh observation on which a decision stood.
std::vector<model::Figure> health_basis(const View& view);

}  // namespace esaas::reconcile
