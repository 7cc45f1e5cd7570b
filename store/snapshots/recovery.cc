#include "store/snapshots/recovery.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace esaas::store {
namespace {

/// Nothing when the snapshot is another log's.
Result<std::optional<state::FleetState>> decode_if_ours(const EventLog& log, const Snapshot& snapshot,
                                                        const std::string& file, std::vector<std::string>& warnings) {
  ESAAS_TRY(const Hash hash, log.hash_of(snapshot.seq));
  if (hash != snapshot.hash) {
    warnings.push_back(file + ": not used: event " + std::to_string(snapshot.seq) +
                       " of the log is not the one it holds");
    return std::nullopt;
  }
  auto fleet = state::decode_fleet(snapshot.fleet);
  if (fleet && fleet->seq() == snapshot.seq) return std::optional(std::move(*fleet));
  warnings.push_back(
      file + ": not used: " + (fleet ? "its state is of event " + std::to_string(fleet->seq()) : fleet.error().detail));
  return std::nullopt;
}

Result<void> begin_from_snapshot(const EventLog& log, const SnapshotStore& snapshots, std::uint64_t up_to_seq,
                                 Recovered& recovered) {
  ESAAS_TRY(const auto files, snapshots.list());
  for (const auto& file : files) {
    auto snapshot = SnapshotStore::load(file);
    if (!snapshot) {
      recovered.warnings.push_back("not used: " + snapshot.error().detail);
      continue;
    }
    if (snapshot->seq > log.last_seq()) {
      return fail(ErrorCode::kDataLoss, file.string() + " is a snapshot of event " + std::to_string(snapshot->seq) +
                                            ", but the log ends at event " + std::to_string(log.last_seq()));
    }
    if (snapshot->seq > up_to_seq) continue;
    ESAAS_TRY(auto fleet, decode_if_ours(log, *snapshot, file.string(), recovered.warnings));
    if (!fleet) continue;
    recovered.fleet = std::move(*fleet);
    recovered.stats.snapshot_seq = snapshot->seq;
    recovered.stats.snapshot_bytes = snapshot->fleet.size();
    return {};
  }
  return {};
}

}  // namespace

Result<Recovered> recover(const EventLog& log, const SnapshotStore* snapshots, RecoveryOptions options) {
  constexpr auto kNewest = std::numeric_limits<std::uint64_t>::max();
  if (options.up_to_seq != kNewest && options.up_to_seq > log.last_seq()) {
    return fail(ErrorCode::kNotFound, "the log has no event " + std::to_string(options.up_to_seq) + ": it ends at " +
                                          std::to_string(log.last_seq()));
  }
  Recovered recovered;
  if (snapshots != nullptr) ESAAS_CHECK(begin_from_snapshot(log, *snapshots, options.up_to_seq, recovered));
  ESAAS_TRY(const auto cursor, log.read(recovered.fleet.seq() + 1, {.verify_chain = options.verify_chain}));
  while (recovered.fleet.seq() < options.up_to_seq) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) break;
    state::evolve(recovered.fleet, *event);
    ++recovered.stats.events_folded;
  }
  return recovered;
}

Result<Snapshot> take_snapshot(const EventLog& log, const state::FleetState& fleet) {
  Snapshot snapshot;
  snapshot.seq = fleet.seq();
  ESAAS_TRY(snapshot.hash, log.hash_of(fleet.seq()));
  snapshot.fleet = state::encode(fleet);
  return snapshot;
}

}  // namespace esaas::store
