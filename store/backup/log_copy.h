#pragma once
// log_copy: records of one log into another, byte for byte, so that what was said of their hashes stays true.

#include <cstdint>
#include <string>

#include "core/base/result.h"
#include "store/log/rocksdb_event_log.h"
#include "store/log/stored_records.h"

namespace esaas::store {

/// Gathers records and appends them by the thousand.
class RecordAppender {
 public:
  /// `log` outlives it, and nobody else appends to it.
  explicit RecordAppender(DurableLog& log) : log_(log) {}

  /// Errors as of DurableLog::append_records, maybe of records that were added before.
  Result<void> add(std::string_view record);
  /// To be called at the end: what was gathered becomes durable.
  Result<void> finish();

 private:
  DurableLog& log_;
  std::vector<std::string> records_;
  std::size_t bytes_ = 0;
};

/// Everything up to and with `to_seq`, and the idempotency keys that led to it, into a log that is empty.
/// Errors: kDataLoss (a record is missing or broken), and those of both logs.
Result<void> copy_log(const StoredRecords& from, std::uint64_t to_seq, std::vector<IdempotencyEntry> idempotency,
                      DurableLog& to);

}  // namespace esaas::store
