#include "tests/store/fault_file_system.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

namespace esaas::store::testing {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FaultFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultFile(FaultFileSystem& files, std::string name, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), files_(files), name_(std::move(name)) {
    mark_synced(0);
  }

  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const std::int64_t before = files_.free_bytes_.fetch_sub(static_cast<std::int64_t>(data.size()));
    if (before >= static_cast<std::int64_t>(data.size())) {
      written_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    const auto fits = static_cast<std::size_t>(std::max<std::int64_t>(before, 0));
    written_ += fits;
    const auto status = FSWritableFileOwnerWrapper::Append(Slice(data.data(), fits), options, debug);
    return status.ok() ? IOStatus::NoSpace("no space left on the device that the test pretends") : status;
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    if (files_.fail_syncs_) return IOStatus::IOError("a sync that the test lets fail");
    mark_synced(written_);
    if (files_.skip_syncs_) return IOStatus::OK();
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (files_.fail_syncs_) return IOStatus::IOError("a sync that the test lets fail");
    mark_synced(written_);
    if (files_.skip_syncs_) return IOStatus::OK();
    return FSWritableFileOwnerWrapper::Fsync(options, debug);
  }

 private:
  void mark_synced(std::uint64_t bytes) {
    const std::lock_guard lock(files_.mutex_);
    files_.synced_[name_] = bytes;
  }

  FaultFileSystem& files_;
  std::string name_;
  std::uint64_t written_ = 0;
};

/// What RocksDB reads at any place.
class FaultTable final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  FaultTable(FaultFileSystem& files, std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : FSRandomAccessFileOwnerWrapper(std::move(file)), files_(files) {}

  IOStatus Read(std::uint64_t offset, std::size_t count, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) const override {
    if (!may_read()) return IOStatus::IOError("a read that the test lets fail");
    return FSRandomAccessFileOwnerWrapper::Read(offset, count, options, result, scratch, debug);
  }
  IOStatus MultiRead(rocksdb::FSReadRequest* requests, std::size_t count, const IOOptions& options,
                     IODebugContext* debug) override {
    if (!may_read()) return IOStatus::IOError("a read that the test lets fail");
    return FSRandomAccessFileOwnerWrapper::MultiRead(requests, count, options, debug);
  }
  IOStatus Prefetch(std::uint64_t, std::size_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("so that each read is seen");
  }

 private:
  [[nodiscard]] bool may_read() const { return is_thread_of_rocksdb() || files_.good_reads_.fetch_sub(1) > 0; }
  /// A compaction that fails waits a second, and fails the database.
  static bool is_thread_of_rocksdb() {
    std::array<char, 16> name{};
    return ::pthread_getname_np(::pthread_self(), name.data(), name.size()) == 0 &&
           std::string_view(name.data()).starts_with("rocksdb:");
  }

  FaultFileSystem& files_;
};

class UnsyncedDirectory final : public rocksdb::FSDirectory {
 public:
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
};

IOStatus FaultFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) {
  if (!skip_syncs_) return FileSystemWrapper::NewDirectory(name, options, result, debug);
  *result = std::make_unique<UnsyncedDirectory>();
  return IOStatus::OK();
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const auto status = FileSystemWrapper::NewWritableFile(name, options, &file, debug);
  if (status.ok()) *result = std::make_unique<FaultFile>(*this, name, std::move(file));
  return status;
}

IOStatus FaultFileSystem::NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                              IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSRandomAccessFile> file;
  const auto status = FileSystemWrapper::NewRandomAccessFile(name, options, &file, debug);
  if (status.ok()) *result = std::make_unique<FaultTable>(*this, std::move(file));
  return status;
}

void FaultFileSystem::lose_unsynced() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, bytes] : synced_) {
    std::error_code error;
    const auto size = std::filesystem::file_size(name, error);  // a file that was renamed or removed is not ours to cut
    if (!error && size > bytes) std::filesystem::resize_file(name, bytes);
  }
  synced_.clear();
}

std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<FaultFileSystem>& files) {
  return rocksdb::NewCompositeEnv(files);
}

}  // namespace esaas::store::testing
