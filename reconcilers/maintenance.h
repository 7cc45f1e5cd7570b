#pragma once
// Whether an agent may be taken down for maintenance: the answer to an inverse offer. Accepting one moves nothing; it
// tells the operator that what runs there can be missed for the while, or can be moved in time. So each cluster with a
// node there is asked whether it could do without the node: it is known and not red, a quorum of masters is left, and
// of each shard there is another started copy, or the window begins no sooner than a drain of the node would take.
// Pure.

#include <span>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "reconcilers/reconcile.h"

namespace esaas::reconcile {

struct MaintenanceWindow {
  std::string agent_id;
  Unavailability unavailability;
};

struct MaintenanceVerdict {
  bool accepted = true;
  std::string why;  ///< when declined: which cluster, which node, and the rule's sentence
  std::string rule;
  std::vector<model::Figure> basis;
};

/// `clusters` are those with a place on the agent; all others make no difference. The first refusal is the answer.
MaintenanceVerdict judge_maintenance(const MaintenanceWindow& window, std::span<const Input> clusters);

/// How long a drain of the node may take at most: as if its volume were full.
Duration drain_at_most(const state::Node& node, const Settings& settings);

}  // namespace esaas::reconcile
