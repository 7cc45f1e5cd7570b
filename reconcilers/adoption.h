#pragma once
// What Mesos holds for us and the log does not know: which of it is a node's own after all (ADR 0013). Pure.
//
// A volume's id and a task's id say whose they are, and carry the seq of the event that made them. Names of clusters
// are used again, so a name alone proves nothing: what is older than the node of that name was another node's, and its
// data another cluster's, perhaps another tenant's.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/ids.h"
#include "core/state/fleet_state.h"
#include "reconcilers/observation.h"

namespace esaas::reconcile {

/// What becomes of a reservation of ours that nothing owns.
enum class OrphanPolicy : std::uint8_t {
  kAdopt,    ///< the node that lacks it has it back; what no node lacks is given back
  kRelease,  ///< given back, its volume destroyed
  kKeep,     ///< nothing is done; the ledger shows it
};
/// "adopt", "release", "keep".
std::string_view name_of(OrphanPolicy policy);
/// Nothing: there is no such policy.
std::optional<OrphanPolicy> orphan_policy_of(std::string_view name);

/// What becomes of a live task of ours that the log does not know.
enum class UnknownTaskPolicy : std::uint8_t {
  kAdopt,   ///< it is the task of the node that lacks one; any other is reported
  kReport,  ///< nothing is done; the log says that it was seen
  kKill,    ///< as kAdopt, but any other is killed
};
/// "adopt", "report", "kill".
std::string_view name_of(UnknownTaskPolicy policy);
/// Nothing: there is no such policy.
std::optional<UnknownTaskPolicy> unknown_task_policy_of(std::string_view name);

/// The place that `part`, reserved on `agent`, is; `disk_source` is that of its volume, null for the agent's root disk.
/// Nothing when it cannot be one: it has no volume, or more disk than that, or not two ports.
std::optional<model::Place> place_of(const Offer& agent, const ReservedPart& part,
                                     const model::DiskSource* disk_source);

/// The node that lacks `place`, which is reserved under the labels of `part`: it is newer than the node, of its tenant
/// and of its size; the node has no other place and no task, and is to stay; and no other node of its cluster is on
/// that agent. Null: nobody lacks it.
const state::Node* node_that_lacks(const state::FleetState& state, const ReservedPart& part, const model::Place& place);

/// Whose an unknown live task is.
enum class TaskOwner : std::uint8_t {
  kNobody,
  kNodeWithoutPlace,  ///< a node's that has no task and no place: its place may be found yet, where the task is
  kNode,              ///< a node's that has its place there and no task
};
TaskOwner owner_of_task(const state::FleetState& state, const model::ParsedId& task, std::string_view agent_id);

}  // namespace esaas::reconcile
