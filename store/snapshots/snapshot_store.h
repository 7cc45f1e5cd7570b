#pragma once
// SnapshotStore: the directory of snapshots, newest and the one before it. Snapshots only make starts quick: every one
// of them may be deleted at any time. One thread at a time.

#include <filesystem>
#include <vector>

#include "core/base/result.h"
#include "store/snapshots/snapshot_codec.h"

namespace esaas::store {

class SnapshotStore {
 public:
  /// So that a broken newest one costs little.
  static constexpr std::size_t kKept = 2;

  /// Creates the directory when it is not there. kInternal when that fails.
  static Result<SnapshotStore> open(std::filesystem::path directory);

  /// Durable when it returns; then deletes all but the newest kKept. Precondition: the event at `seq` is durable.
  Result<void> save(const Snapshot& snapshot);

  /// Newest first, whole or broken.
  [[nodiscard]] Result<std::vector<std::filesystem::path>> list() const;

  /// As decode_snapshot; the detail names the file.
  static Result<Snapshot> load(const std::filesystem::path& file);

 private:
  explicit SnapshotStore(std::filesystem::path directory) : directory_(std::move(directory)) {}

  std::filesystem::path directory_;
};

}  // namespace esaas::store
