#pragma once
// restore: a backup becomes the log of a data directory again.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "store/backup/backups.h"

namespace esaas::store {

/// A file in secrets that were put in place by a restore whose log was not yet: another try may replace them. A server
/// that starts on them takes it away.
inline constexpr const char* kUnfinished = "unfinished-restore";

/// Up to which event; without either: all that is there.
struct RestoreLimit {
  std::optional<std::uint64_t> seq = std::nullopt;
  std::optional<Time> time = std::nullopt;  ///< events after it are left out
};

struct Restored {
  std::uint64_t through_seq = 0;  ///< of the events that were in the backup
  std::uint64_t seq = 0;          ///< of the LogRestored behind them
};

struct RestoreTarget {
  std::filesystem::path log_directory;     ///< nothing may be there
  std::filesystem::path secret_directory;  ///< nothing may be there; made when the backup has secrets
};

/// The log appears in its place as a whole, when it is on disk with its LogRestored; what a crash leaves beside it is
/// taken away by the next try. `who` restores it, at `now`.
/// Errors: kConflict (there is a log or there are secrets already), kNotFound (the backup; or it does not reach the
/// limit), kDataLoss (the backup is broken), kInternal.
Result<Restored> restore(const Backups& backups, const Backup& backup, const RestoreLimit& limit,
                         const RestoreTarget& target, const std::string& who, Time now);

/// The same from exports (log_export.h), which follow each other and begin with the first event. What an export has
/// not: idempotency keys and secrets. Errors: kConflict (there is a log already), kDataLoss (a file is broken, ends
/// early or does not follow; its name is in the detail), kInvalidArgument (no event), kInternal.
Result<Restored> import_log(const std::vector<std::filesystem::path>& files, const std::filesystem::path& log_directory,
                            const std::string& who, Time now);

/// Whether the log was put together by a restore or an import that is no longer ago. True also while that is not known,
/// since events of an older program are not indexed yet.
Result<bool> was_restored_within(const EventLog& log, Duration span, Time now);

/// Appends what says where a log that was made anew comes from; answers its seq.
Result<std::uint64_t> note_restored(DurableLog& log, const std::string& source, std::int64_t taken_at_us,
                                    const std::string& who, Time now);

}  // namespace esaas::store
