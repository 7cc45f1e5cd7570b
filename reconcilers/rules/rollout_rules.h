#pragma once
// When a node may be restarted because it does not run as it is wanted (rollout.h). All fail closed: what is not known
// refuses. What each protects is in its `why`; together they are at least what ECK asks of a restart, without two of
// its mistakes: a copy that is moving away counts as in sync, and a shard that has all its copies is always as safe as
// it can be.

#include <span>

#include "reconcilers/rules/rule.h"

namespace esaas::reconcile {

using NodeRule = Rule<state::Node>;

inline constexpr std::string_view kShardsAssigned = "shards_are_assigned_again";

/// Before the restart of a member begins.
extern const std::span<const NodeRule> kRolloutRules;
/// Again, just before its task is killed: without those that only say whether it is time for another restart.
extern const std::span<const NodeRule> kRolloutStopRules;
/// Of a node that runs and is no member: nothing is lost with it, and it may be what keeps the cluster from being well.
extern const std::span<const NodeRule> kStrangerRules;
/// Of a proxy or Kibana.
extern const std::span<const NodeRule> kCompanionRules;
/// Before a proxy that is joined stops for good.
extern const std::span<const NodeRule> kCompanionStopRules;
/// Before all nodes are stopped at once.
extern const std::span<const NodeRule> kFullRestartRules;

/// Some copy is on its way, or is not assigned although some node could take it: the cluster is not as well again as it
/// can be. A copy that no node may hold (too few nodes, or all others of an older version) is no reason to wait.
std::optional<Refusal> refuse_unassigned_shards(const View& view);

/// The same, as long as there is hope: what keeps a copy unassigned for very long (a filter, a disk that is full) is
/// not over soon, and each shard of the node has to have another copy anyway.
std::optional<Refusal> shards_assigned_again(const View& view, const state::Node& node);
/// The rule of it, for a restart and for a growth.
inline constexpr NodeRule kAssignedRule{kShardsAssigned, "Between two restarts the cluster becomes as well as it was.",
                                        shards_assigned_again};

/// The version that the node's task runs; what is wanted when nobody wrote it down.
const std::string& running_version(const state::Cluster& cluster, const state::Node& node);

}  // namespace esaas::reconcile
