#pragma once
// Backups: a folder of backups of one log. One process at a time writes to it; what a crash left half done is taken
// away with the next one. Not thread-safe. May block on the disk for long.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "store/log/rocksdb_event_log.h"
#include "store/secrets/secret_store.h"

namespace rocksdb {
class BackupEngine;
}

namespace esaas::store {

struct Backup {
  std::uint32_t id = 0;  ///< 1, 2, ... in the order in which they were taken
  std::string name;
  std::uint64_t through_seq = 0;  ///< every event up to it is in the backup; a few after it may be
  std::string chain_hash;         ///< of the record at through_seq, in hexadecimal digits
  std::int64_t taken_at_us = 0;
  std::uint64_t bytes = 0;  ///< of all files that it consists of, those that are shared with others too
  bool has_secrets = false;
};

/// 1 to 63 lower-case letters, digits and "-", beginning with a letter or a digit. kInvalidArgument, naming `name`.
Result<void> check_backup_name(const std::string& name);

/// One made of the moment, "b-20261129t143000z": the order of such names is the order of time.
std::string backup_name_at(Time time);

struct BackupsOptions {
  /// So fast a backup is written at the most; 0: as fast as the disk.
  std::uint64_t bytes_per_second_max = 0;
};

class Backups {
 public:
  /// Makes the folder when it is not there. Errors: kUnavailable (another process writes to it), kInternal.
  static Result<Backups> open(const std::filesystem::path& folder, const BackupsOptions& options = {});
  Backups(Backups&&) noexcept;
  Backups& operator=(Backups&&) noexcept;
  ~Backups();

  struct Wish {
    std::string name;
    Time now;
    SecretStore* secrets = nullptr;  ///< null: without
    std::stop_token stop = {};       ///< ends it soon, from any thread
  };
  /// Durable when it returns. Errors: kAlreadyExists (the name), kInvalidArgument (the name), kUnavailable (it was
  /// stopped; no other is taken until the folder is opened anew), kInternal.
  Result<Backup> take(const DurableLog& log, const Wish& wish);

  /// Whole ones, the oldest first. Errors: kDataLoss (one does not say what it is).
  [[nodiscard]] Result<std::vector<Backup>> list() const;
  /// Errors: kNotFound.
  [[nodiscard]] Result<Backup> find(const std::string& name) const;
  /// Whether the secrets that it has are there: not when a crash interrupted it after its log was copied.
  [[nodiscard]] bool has_what_it_says(const Backup& backup) const;
  /// Errors: kNotFound, kInternal.
  Result<void> remove(const std::string& name);
  /// Reads all of it. Errors: kNotFound, kDataLoss (a file is missing or not what was written).
  [[nodiscard]] Result<void> verify(const std::string& name) const;
  /// Deletes all but the newest `count`, at least one; answers the names of those that went.
  Result<std::vector<std::string>> keep_newest(std::size_t count);

  /// The files of the log as of the backup, into `directory`, which is not there: what acknowledge_all is for next.
  [[nodiscard]] Result<void> copy_log(const Backup& backup, const std::filesystem::path& directory) const;
  [[nodiscard]] std::filesystem::path secrets_of(const Backup& backup) const;

 private:
  Backups(std::filesystem::path folder, std::unique_ptr<rocksdb::BackupEngine> engine, int lock);

  std::filesystem::path folder_;
  std::unique_ptr<rocksdb::BackupEngine> engine_;
  int lock_ = -1;
};

}  // namespace esaas::store
