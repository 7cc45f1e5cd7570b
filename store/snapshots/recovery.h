#pragma once
// recover: the state of the fleet, from the newest usable snapshot and the events after it.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/state/fleet_state.h"
#include "store/log/event_log.h"
#include "store/snapshots/snapshot_store.h"

namespace esaas::store {

struct RecoveryStats {
  std::uint64_t snapshot_seq = 0;  ///< 0: no snapshot was used
  std::size_t snapshot_bytes = 0;  ///< of its state, uncompressed
  std::uint64_t events_folded = 0;
};

struct Recovered {
  state::FleetState fleet;
  RecoveryStats stats;
  /// Snapshots that were not used and why, by file: for the log of the program, never to be dropped.
  std::vector<std::string> warnings;
};

struct RecoveryOptions {
  /// The state as it was at this seq: what `?at=` asks for.
  std::uint64_t up_to_seq = std::numeric_limits<std::uint64_t>::max();
  bool verify_chain = false;
};

/// A broken snapshot, or one of another version or log, is passed over with a warning: the log is the truth.
/// Errors: whatever reading the log answers; kDataLoss when a snapshot is of an event that the log does not reach
/// (events that were acknowledged are missing); kNotFound when `up_to_seq` is given and the log does not reach it.
/// `snapshots` null: folds from the first event.
Result<Recovered> recover(const EventLog& log, const SnapshotStore* snapshots, RecoveryOptions options = {});

/// The snapshot of `fleet`, ready to be saved by any thread. kNotFound while its newest event is not durable yet.
Result<Snapshot> take_snapshot(const EventLog& log, const state::FleetState& fleet);

}  // namespace esaas::store
