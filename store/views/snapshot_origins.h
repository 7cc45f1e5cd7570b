#pragma once
// Who took which snapshot of a cluster, and who registered which repository: a fold of the log over the requests to
// Elasticsearch that made them. Thread-safe; may block on the disk.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct SnapshotOrigin {
  std::string operation_id;  ///< empty: the cluster's schedule, which is a policy
  std::uint64_t seq = 0;     ///< of the intent
  std::string body;          ///< of the request
};

/// By subject: "REPOSITORY/SNAPSHOT", or "REPOSITORY" alone for its registration; the newest of each
/// that Elasticsearch did not refuse. Looks at the
/// kViewScanMax newest events of the cluster at the most, and no further back than all of `subjects` need; one that is
/// not found was made by somebody else, or long ago.
Result<std::map<std::string, SnapshotOrigin>> snapshot_origins(const EventLog& log, std::string_view cluster,
                                                               std::set<std::string> subjects);

}  // namespace esaas::store
