#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <array>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "store/log/rocksdb_store.h"

namespace esaas::store {
namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "esaas event log 2";
/// Of programs that stored the index entries of each event with it.
constexpr std::string_view kFormatBefore = "esaas event log 1";
/// In this order everywhere.
constexpr std::array<const char*, 3> kFamilies = {"events", "idx", "idempotency"};

rocksdb::DBOptions database_options(const RocksDbLogOptions& options, bool fresh) {
  rocksdb::DBOptions db;
  db.env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  db.create_if_missing = fresh;
  db.create_missing_column_families = fresh;
  // A torn tail is a write that never finished and was never acknowledged; anything else stops the opening.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.track_and_verify_wals_in_manifest = true;
  db.paranoid_checks = true;
  // A failed write ends the process (law 2): RocksDB shall not resume behind our back.
  db.max_bgerror_resume_count = 0;
  db.max_total_wal_size = 64U << 20U;
  db.max_background_jobs = 2;
  db.allow_concurrent_memtable_write = false;  // there is one appender
  db.enable_write_thread_adaptive_yield = false;
  db.keep_log_file_num = 3;
  db.max_log_file_size = 4U << 20U;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  return db;
}

/// For what is kept for good and read seldom. Entries are small and alike, so that a block alone has little to learn
/// from: each table has a dictionary that is trained on its own samples. Samples of a hundred times the dictionary, as
/// zstd's manual has it, take longer than all the rest, and save nothing more.
rocksdb::CompressionOptions cold_compression() {
  constexpr std::uint32_t kDictionaryBytes = 64U << 10U;
  rocksdb::CompressionOptions cold;
  cold.enabled = true;
  cold.level = 6;
  cold.max_dict_bytes = kDictionaryBytes;
  cold.zstd_max_train_bytes = 16 * kDictionaryBytes;
  return cold;
}

/// A page of the audit reads some hundred blocks here and there: with RocksDB's 8 MiB the next page evicts them.
constexpr std::size_t kBlockCacheBytes = 64U << 20U;

using Cache = std::shared_ptr<rocksdb::Cache>;

rocksdb::ColumnFamilyOptions family_options(std::size_t write_buffer_bytes, std::size_t block_bytes,
                                            const Cache& cache) {
  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = write_buffer_bytes;
  family.compression = rocksdb::kLZ4Compression;
  family.bottommost_compression = rocksdb::kZSTD;
  family.bottommost_compression_opts = cold_compression();
  rocksdb::BlockBasedTableOptions table;
  table.block_size = block_bytes;
  table.block_cache = cache;
  table.format_version = 5;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

rocksdb::ColumnFamilyOptions events_options(const Cache& cache) {
  // Small blocks: an event that is read alone costs a whole one, and with its dictionary a small one compresses as
  // well.
  auto family = family_options(32U << 20U, 8U << 10U, cache);
  // Keys only grow, so that tables never overlap: each is written once more, to be compressed for good, as soon as it
  // is there, and then lies on the first level for ever, which is as deep as any need to be.
  family.level0_file_num_compaction_trigger = 1;
  family.max_bytes_for_level_base = std::uint64_t{1} << 50U;
  // RocksDB takes all of that level for what a table has to be merged with, and would hold up appends to a large log
  // whenever there is a new one.
  family.soft_pending_compaction_bytes_limit = 0;
  family.hard_pending_compaction_bytes_limit = 0;
  // By level, because a table that is the only one counts as the deepest, and would only be moved.
  family.compression_per_level = {rocksdb::kLZ4Compression, rocksdb::kZSTD};
  family.compression_opts = cold_compression();
  family.bottommost_compression = rocksdb::kDisableCompressionOption;
  family.bottommost_compression_opts = {};
  return family;
}

rocksdb::ColumnFamilyOptions index_options(const Cache& cache) {
  auto family = family_options(8U << 20U, 8U << 10U, cache);
  // Every table of the first level costs each question a look; there is so little to write that they may be few.
  family.level0_file_num_compaction_trigger = 2;
  return family;
}

rocksdb::ColumnFamilyOptions idempotency_options(const Cache& cache) {
  // Nearly every key that is asked for is new: the filter answers for it.
  auto family = family_options(4U << 20U, 4U << 10U, cache);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families() {
  const Cache cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  return {{rocksdb::kDefaultColumnFamilyName, family_options(1U << 20U, 4U << 10U, cache)},
          {kFamilies[0], events_options(cache)},
          {kFamilies[1], index_options(cache)},
          {kFamilies[2], idempotency_options(cache)}};
}

/// What is not a database must not become one while the remains of one lie there.
Result<void> check_remains(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  if (error) return {};  // nothing there
  for (; entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto extension = entry->path().extension();
    const bool holds_data = extension == ".sst" || (extension == ".log" && entry->file_size(error) > 0);
    if (holds_data) {
      return fail(ErrorCode::kDataLoss, (path / "CURRENT").string() + " is missing, and " +
                                            entry->path().filename().string() + " shows that a log was here");
    }
  }
  return {};
}

}  // namespace

std::filesystem::path database_path(const RocksDbLogOptions& options) { return options.directory / "db"; }
std::filesystem::path watermark_path(const RocksDbLogOptions& options) { return options.directory / "ACKNOWLEDGED"; }

Error to_error(const rocksdb::Status& status, const std::string& what) {
  const std::string detail = what + ": " + status.ToString();
  if (status.IsCorruption()) return {ErrorCode::kDataLoss, detail};
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace) {
    return {ErrorCode::kInternal, "the disk is full: " + detail};
  }
  if (status.IsPathNotFound()) return {ErrorCode::kDataLoss, "a file is missing: " + detail};
  if (status.IsIOError() && (detail.find("lock") != std::string::npos) && detail.find("LOCK") != std::string::npos) {
    return {ErrorCode::kUnavailable, "another process holds the log: " + detail};
  }
  return {ErrorCode::kInternal, detail};
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::open(const RocksDbLogOptions& options, bool fresh) {
  return open_in(options, fresh ? Way::kFresh : Way::kExisting);
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::open_to_read(const RocksDbLogOptions& options) {
  return open_in(options, Way::kToRead);
}

Result<std::unique_ptr<RocksDbStore>> RocksDbStore::open_in(const RocksDbLogOptions& options, Way way) {
  const bool fresh = way == Way::kFresh;
  const auto path = database_path(options);
  const std::string what = "cannot open the event log in " + path.string();
  if (!std::filesystem::exists(path / "CURRENT")) {
    if (!fresh) {
      return fail(ErrorCode::kDataLoss, what + ": " + (path / "CURRENT").string() + " is missing");
    }
    ESAAS_CHECK(check_remains(path));
  }
  std::unique_ptr<RocksDbStore> store(new RocksDbStore);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto settings = database_options(options, fresh);
  const auto status = way == Way::kToRead
                          ? rocksdb::DB::OpenForReadOnly(settings, path.string(), families(), &handles, &db)
                          : rocksdb::DB::Open(settings, path.string(), families(), &handles, &db);
  if (status.IsInvalidArgument()) {
    return fail(ErrorCode::kUnsupportedVersion,
                what + ": its column families are not those that this program knows: " + status.ToString());
  }
  if (!status.ok()) return std::unexpected(to_error(status, what));
  store->db_.reset(db);
  store->meta_ = handles[0];
  store->events_ = handles[1];
  store->index_ = handles[2];
  store->idempotency_ = handles[3];
  ESAAS_CHECK(store->check_format(fresh));
  return store;
}

Result<void> RocksDbStore::check_format(bool fresh) {
  std::string format;
  const rocksdb::Slice key(kFormatKey.data(), kFormatKey.size());
  const auto status = db_->Get(rocksdb::ReadOptions(), meta_, key, &format);
  if (status.ok()) {
    is_of_format_before_ = format == kFormatBefore;
    if (format == kFormat || is_of_format_before_) return {};
    return fail(ErrorCode::kUnsupportedVersion, "the event log in " + db_->GetName() + " is of format \"" + format +
                                                    "\"; this program knows \"" + std::string(kFormat) +
                                                    "\" and the one before");
  }
  if (!status.IsNotFound()) return std::unexpected(to_error(status, "cannot read the log's format"));
  if (!fresh) return fail(ErrorCode::kDataLoss, db_->GetName() + " does not say its format: it is no event log");
  return write_format();
}

Result<void> RocksDbStore::write_format() {
  rocksdb::WriteOptions options;
  options.sync = true;
  const rocksdb::Slice key(kFormatKey.data(), kFormatKey.size());
  const auto written = db_->Put(options, meta_, key, rocksdb::Slice(kFormat.data(), kFormat.size()));
  if (!written.ok()) return std::unexpected(to_error(written, "cannot write the log's format"));
  is_of_format_before_ = false;
  return {};
}

RocksDbStore::~RocksDbStore() {
  for (auto* handle : {meta_, events_, index_, idempotency_}) {
    if (handle != nullptr) db_->DestroyColumnFamilyHandle(handle);
  }
}

}  // namespace esaas::store
