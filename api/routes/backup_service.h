#pragma once
// BackupService: takes the backups that the log says are intended, one at a time, beside everything else. Thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "store/backup/backups.h"

namespace esaas::api {

struct BackupStatus {
  std::vector<store::Backup> backups;  ///< whole ones, the oldest first
  std::string under_way;               ///< the name; empty: none
  std::uint64_t under_way_seq = 0;     ///< of its BackupIntended
  std::int64_t since_us = 0;           ///< of the one under way
  std::string failed;                  ///< the name of the newest that came to nothing since the last that was taken
  std::uint64_t failed_seq = 0;        ///< of its BackupIntended
  std::string why;
};

class BackupService {
 public:
  virtual ~BackupService() = default;

  /// Whether one of this name may be begun. May block on the disk. Errors: kConflict (rule
  /// "backup_directory": no folder is configured), kAlreadyExists, kResourceExhausted (rule "backup_free_space"),
  /// kInternal.
  [[nodiscard]] virtual Result<void> check(const std::string& name) const = 0;
  /// One may be intended now.
  virtual void look() = 0;
  [[nodiscard]] virtual BackupStatus status() const = 0;
};

}  // namespace esaas::api
