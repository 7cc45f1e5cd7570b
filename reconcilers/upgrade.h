#pragma once
// What an upgrade does before the first node is touched. There is no way back from it, so each step fails closed:
//
//   a fresh, complete observation in which no index was made by a version that the target can not open; else the
//   operation fails and names one
//   a snapshot of everything, when a repository was given, that is done and whole
//   ClusterVersionChanged, and with it FullRestartBegan when the versions do not work together
//
// From there on it is a rollout (rollout.h) or a full restart (full_restart.h) like any other.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_upgrade(const View& view, Draft& draft);

/// Elasticsearch's own id of a version as people write it: 2030399 is "2.3.3".
std::string version_of_id(std::uint32_t id);

/// A cluster of version `target` opens an index that was made by the version with this id.
bool can_open(std::string_view target, std::uint32_t created_version);

}  // namespace esaas::reconcile
