#pragma once
// One snapshot as bytes: header, zstd-compressed FleetState, checksum. Grammar in format.md. Pure, thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/result.h"

namespace esaas::store {

/// Of the file. Another one is never read.
inline constexpr std::uint32_t kSnapshotVersion = 1;
/// Of the fold: raise it whenever `evolve` or state.proto changes such that the same events give other bytes. A
/// snapshot of another version is not used, and the state is folded anew.
inline constexpr std::uint32_t kStateVersion = 2;

struct Snapshot {
  std::uint64_t seq = 0;  ///< of the last event folded
  Hash hash{};            ///< of that event's stored bytes: what binds the snapshot to its log
  std::string fleet;      ///< state::encode of the FleetState

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

std::string encode_snapshot(const Snapshot& snapshot);

/// kDataLoss when the bytes are not what encode_snapshot wrote, kUnsupportedVersion when another version did.
Result<Snapshot> decode_snapshot(std::string_view bytes);

}  // namespace esaas::store
