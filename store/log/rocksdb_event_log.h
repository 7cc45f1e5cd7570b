#pragma once
// RocksDbEventLog: the event log on disk. One process at a time holds the directory. See store/log/format.md for what
// is in it and for what each kind of damage looks like.

#include <filesystem>
#include <memory>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace rocksdb {
class Env;
}

namespace esaas::store {

struct RocksDbLogOptions {
  std::filesystem::path directory;
  /// Off: a directory without a log is an error instead of a new log.
  bool create_if_missing = true;
  /// For tests of faults; must outlive the log. Null: the real file system.
  rocksdb::Env* env = nullptr;
};

/// Opens or creates. What was acknowledged is all there, or this fails.
/// Errors: kUnavailable (another process holds the directory), kUnsupportedVersion (format of another version),
/// kDataLoss (broken, shortened or missing files; the detail names the file or seq), kNotFound (nothing there and not
/// to be created), kInternal (I/O, disk full).
Result<std::unique_ptr<EventLog>> open_rocksdb_log(const RocksDbLogOptions& options);

}  // namespace esaas::store
