#pragma once
// log_export: a stretch of a log as one file, and back (format.md). The same stretch gives the same bytes.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "store/log/rocksdb_event_log.h"
#include "store/log/stored_records.h"

namespace esaas::store {

struct ExportedLog {
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  Hash chain_hash{};  ///< of the last one's record
};

/// Gives the file's bytes to `sink` piece by piece. Every record is checked on the way. Errors: kInvalidArgument
/// (nothing is stored in that stretch), kDataLoss (a record is missing, broken or not of this chain), those of `sink`.
using ExportSink = std::function<Result<void>(std::string_view bytes)>;
Result<ExportedLog> export_log(const StoredRecords& records, std::uint64_t first_seq, std::uint64_t last_seq,
                               const ExportSink& sink);

/// Appends what is in the file to a log that ends just before it. Errors: kDataLoss (the file is broken, ends early or
/// does not follow; named), kInvalidArgument (it is no export), those of the log.
Result<ExportedLog> append_export(const std::filesystem::path& file, DurableLog& log);

}  // namespace esaas::store
