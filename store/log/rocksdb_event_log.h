#pragma once
// RocksDbEventLog: the event log on disk. One process at a time holds the directory. See store/log/format.md for what
// is in it and for what each kind of damage looks like.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace rocksdb {
class DB;
class Env;
}  // namespace rocksdb

namespace esaas::store {

/// Enough that a value costs next to nothing an event; collected anew in some 50 ms when the log is opened.
inline constexpr std::size_t kIndexTailEvents = 16'384;

struct RocksDbLogOptions {
  std::filesystem::path directory;
  /// Off: a directory without a log is an error instead of a new log.
  bool create_if_missing = true;
  /// For tests of faults; must outlive the log. Null: the real file system.
  rocksdb::Env* env = nullptr;
  /// The index entries of so many of the newest events are kept in memory before they are stored (IndexTail).
  std::size_t index_tail_events = kIndexTailEvents;
  /// Told each time that events which lack index entries could not be given them (IndexRebuild), on a thread of the
  /// log.
  std::function<void(const Error& why)> on_index_failure = nullptr;
  /// After so long that is tried again.
  std::chrono::milliseconds index_retry{60'000};
};

/// The event log on disk, and what only that one can do.
class DurableLog : public EventLog {
 public:
  /// Appends what another log stored, byte for byte, from the event after last_seq() on, with the idempotency keys of
  /// those events; durable when it returns. Only for a log that nobody else appends to. Errors as of `append`, and
  /// kDataLoss: they are no records, or do not follow; nothing of them is there then.
  virtual Result<void> append_records(std::span<const std::string> records,
                                      std::vector<IdempotencyEntry> idempotency) = 0;

  /// The keys that have not expired at the newest event, in the order of their time.
  [[nodiscard]] virtual Result<std::vector<IdempotencyEntry>> idempotency_entries() const = 0;

  /// Why the last try to index what lacks entries (events_to_index) came to nothing; nothing while it goes on, or is
  /// done. Any thread.
  [[nodiscard]] virtual std::optional<Error> index_failure() const = 0;

  /// For a copy that is taken while appends go on (store/backup).
  [[nodiscard]] virtual rocksdb::DB& database() const = 0;
};

/// Opens or creates. What was acknowledged is all there, or this fails.
/// Errors: kUnavailable (another process holds the directory), kUnsupportedVersion (format of another version),
/// kDataLoss (broken, shortened or missing files; the detail names the file or seq), kNotFound (nothing there and not
/// to be created), kInternal (I/O, disk full).
Result<std::unique_ptr<DurableLog>> open_rocksdb_log(const RocksDbLogOptions& options);

/// Says of a log that was put in place as a whole, by a copy of its files, that all of it was acknowledged. `directory`
/// is the log's, which nobody holds. Errors: kDataLoss (its newest record is none), kInternal.
Result<void> acknowledge_all(const std::filesystem::path& directory);

}  // namespace esaas::store
