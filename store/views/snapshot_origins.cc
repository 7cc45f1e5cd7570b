#include "store/views/snapshot_origins.h"

#include "store/views/index_walk.h"
#include "store/views/operation_view.h"

namespace esaas::store {
namespace {

/// The request makes what its subject names.
bool makes(std::string_view purpose) {
  return purpose == "take_snapshot" || purpose == "policy_take_snapshot" || purpose == "register_repository";
}

}  // namespace

Result<std::map<std::string, SnapshotOrigin>> snapshot_origins(const EventLog& log, std::string_view cluster,
                                                               std::set<std::string> subjects) {
  std::map<std::string, SnapshotOrigin> origins;
  std::set<std::uint64_t> refused;  // an answer comes after its request, and so is met before it
  IndexQuery index{.kind = IndexKind::kCluster, .value = std::string(cluster)};
  index.newest_first = true;
  IndexWalk walk(log, index);
  for (std::size_t scanned = 0; scanned < kViewScanMax && !subjects.empty(); ++scanned) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) break;
    if (event->has_elasticsearch_request_answered() && !event->elasticsearch_request_answered().accepted()) {
      refused.insert(event->elasticsearch_request_answered().request_seq());
    }
    if (!event->has_elasticsearch_request_intended() || refused.contains(event->seq())) continue;
    const auto& intent = event->elasticsearch_request_intended();
    if (!makes(intent.purpose()) || subjects.erase(intent.subject()) == 0) continue;
    origins.emplace(intent.subject(),
                    SnapshotOrigin{.operation_id = event->operation_id(), .seq = event->seq(), .body = intent.body()});
  }
  return origins;
}

}  // namespace esaas::store
