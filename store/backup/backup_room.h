#pragma once
// backup_room: whether a backup fits where it goes, before it is begun.

#include <cstdint>
#include <filesystem>

#include "core/base/result.h"
#include "store/log/free_space.h"
#include "store/log/rocksdb_event_log.h"

namespace esaas::store {

/// About how many bytes a backup of `log` would write into `folder`, which need not be there: the files that no backup
/// in it shares yet. Without secrets, which are few. May block on the disk. Errors: kInternal.
Result<std::uint64_t> bytes_to_back_up(const DurableLog& log, const std::filesystem::path& folder);

/// kResourceExhausted, with the figures and the rule "backup_free_space", when a backup would leave less than
/// `reserve_bytes` of what `probe` says is free where `folder` is; else the errors of both.
Result<void> check_backup_room(const DurableLog& log, const std::filesystem::path& folder, const SpaceProbe& probe,
                               std::uint64_t reserve_bytes);

/// The reserve that is kept free for the log (free_space.h) has to be left by a backup only when both are on one file
/// system; `folder` need not be there.
bool are_on_one_file_system(const std::filesystem::path& directory, const std::filesystem::path& folder);

/// `folder`, or what of the way to it is there.
std::filesystem::path existing_part_of(std::filesystem::path folder);

}  // namespace esaas::store
