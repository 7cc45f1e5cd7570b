#pragma once
// RocksDbStore: the open database with its column families, and how RocksDB's answers become ours. Private to the log.
// Thread-safe as RocksDB is; closes when destroyed.

#include <rocksdb/db.h>

#include <memory>
#include <string>

#include "core/base/result.h"
#include "store/log/rocksdb_event_log.h"

namespace esaas::store {

class RocksDbStore {
 public:
  /// Opens `directory`/db. `fresh`: a log is to be created; otherwise one must be there. Errors as open_rocksdb_log.
  static Result<std::unique_ptr<RocksDbStore>> open(const RocksDbLogOptions& options, bool fresh);
  /// Opens one that is there, for reading alone: nothing of it is changed, and another process may hold it.
  static Result<std::unique_ptr<RocksDbStore>> open_to_read(const RocksDbLogOptions& options);

  RocksDbStore(const RocksDbStore&) = delete;
  RocksDbStore& operator=(const RocksDbStore&) = delete;
  ~RocksDbStore();

  [[nodiscard]] rocksdb::DB& db() const { return *db_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* meta() const { return meta_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* events() const { return events_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* index() const { return index_; }
  [[nodiscard]] rocksdb::ColumnFamilyHandle* idempotency() const { return idempotency_; }

  /// The log is of format 1 (format.md): all of its events have their index entries, as far as their program knew any.
  [[nodiscard]] bool is_of_format_before() const { return is_of_format_before_; }
  /// Makes it one of this program's format, which older programs refuse; durable when it returns. Errors: kInternal.
  Result<void> write_format();

 private:
  RocksDbStore() = default;
  enum class Way : std::uint8_t { kFresh, kExisting, kToRead };
  static Result<std::unique_ptr<RocksDbStore>> open_in(const RocksDbLogOptions& options, Way way);
  Result<void> check_format(bool fresh);

  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;
  rocksdb::ColumnFamilyHandle* events_ = nullptr;
  rocksdb::ColumnFamilyHandle* index_ = nullptr;
  rocksdb::ColumnFamilyHandle* idempotency_ = nullptr;
  bool is_of_format_before_ = false;
};

/// What RocksDB said, as ours; `what` begins the sentence ("cannot append events 5 to 9").
Error to_error(const rocksdb::Status& status, const std::string& what);

/// Where the database is within the log's directory, and the file that watermark.h keeps beside it.
std::filesystem::path database_path(const RocksDbLogOptions& options);
std::filesystem::path watermark_path(const RocksDbLogOptions& options);

}  // namespace esaas::store
