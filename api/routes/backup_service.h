#pragma once
// BackupService: takes backups one at a time, beside everything else. Thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/commands/decide.h"
#include "store/backup/backups.h"

namespace esaas::api {

struct BackupStatus {
  std::vector<store::Backup> backups;  ///< whole ones, the oldest first
  std::string under_way;               ///< the name; empty: none
  std::int64_t since_us = 0;           ///< of the one under way
  std::string failed;                  ///< the name of the newest that came to nothing since the last that was taken
  std::string why;
};

class BackupService {
 public:
  virtual ~BackupService() = default;

  /// Begins one and returns. An empty name: one is made of the moment. Answers the name. Errors: kConflict (one is
  /// under way), kAlreadyExists, kInvalidArgument (the name), kUnavailable (the folder can not be used).
  virtual Result<std::string> begin(const std::string& name, bool with_secrets, const command::Caller& caller) = 0;
  [[nodiscard]] virtual BackupStatus status() const = 0;
};

}  // namespace esaas::api
