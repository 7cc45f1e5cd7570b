#pragma once
// FaultFileSystem: a file system for RocksDB that can be full, can fail to sync or to read, and can lose what was never
// synced, as a power failure does. Thread-safe.

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace esaas::store::testing {

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FaultFileSystem"; }

  /// How many more bytes may be written before the disk is full; what does not fit is written as far as it goes.
  void set_free_bytes(std::int64_t bytes) { free_bytes_ = bytes; }
  void fail_syncs(bool fail) { fail_syncs_ = fail; }
  /// For tests that open thousands of logs and lose no power: syncs do nothing.
  void skip_syncs() { skip_syncs_ = true; }
  /// How many more reads of tables succeed; the others fail, but for those of RocksDB's own threads.
  void set_good_reads(std::int64_t reads) { good_reads_ = reads; }
  [[nodiscard]] std::int64_t good_reads() const { return good_reads_; }
  /// Cuts every file that is not closed and synced down to what was synced. Call with the database closed.
  void lose_unsynced();

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;

 private:
  friend class FaultFile;
  friend class FaultTable;
  std::atomic<std::int64_t> free_bytes_{INT64_MAX};
  std::atomic<std::int64_t> good_reads_{INT64_MAX};
  std::atomic<bool> fail_syncs_{false};
  std::atomic<bool> skip_syncs_{false};
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> synced_;  // by path: the bytes that would survive
};

/// The Env to open a log with; keeps `files` alive.
std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<FaultFileSystem>& files);

}  // namespace esaas::store::testing
