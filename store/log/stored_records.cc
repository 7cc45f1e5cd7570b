#include "store/log/stored_records.h"

#include <rocksdb/iterator.h>
#include <rocksdb/perf_level.h>

#include "store/log/big_endian.h"
#include "store/log/rocksdb_store.h"
#include "store/log/watermark.h"

namespace esaas::store {
namespace {

/// Files of a log in use go when RocksDB is done with them, also while somebody else looks for them.
constexpr int kOpenAttempts = 5;
constexpr std::size_t kScanReadaheadBytes = 1U << 20U;

std::string key_of_seq(std::uint64_t seq) {
  std::string key;
  append_big_endian(seq, key);
  return key;
}

/// 0 for a key that is no seq.
std::uint64_t seq_of_key(const rocksdb::Slice& key) {
  if (key.size() != kBigEndianBytes) return 0;
  const std::uint64_t seq = read_big_endian({key.data(), key.size()});
  return seq <= kSeqMax ? seq : 0;
}

/// RocksDB counts for each thread what it does; nobody asks, and of going from record to record it is a tenth.
class WithoutCounters {
 public:
  WithoutCounters() { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }
  ~WithoutCounters() { rocksdb::SetPerfLevel(before_); }
  WithoutCounters(const WithoutCounters&) = delete;
  WithoutCounters& operator=(const WithoutCounters&) = delete;

 private:
  rocksdb::PerfLevel before_ = rocksdb::GetPerfLevel();
};

class RocksDbRecords final : public StoredRecords {
 public:
  RocksDbRecords(std::unique_ptr<RocksDbStore> store, Result<std::pair<std::uint64_t, Hash>> acknowledged)
      : store_(std::move(store)), acknowledged_(std::move(acknowledged)) {}

  Result<void> find_end() {
    const std::unique_ptr<rocksdb::Iterator> end(store_->db().NewIterator({}, store_->events()));
    for (end->SeekToLast(); end->Valid() && seq_of_key(end->key()) == 0;) end->Prev();
    if (!end->status().ok()) return std::unexpected(to_error(end->status(), "cannot read the end of the log"));
    if (end->Valid()) last_seq_ = seq_of_key(end->key());
    return {};
  }

  [[nodiscard]] std::uint64_t last_seq() const override { return last_seq_; }
  [[nodiscard]] Result<std::uint64_t> first_seq_from(std::uint64_t seq) const override {
    const std::unique_ptr<rocksdb::Iterator> next(store_->db().NewIterator({}, store_->events()));
    for (next->Seek(key_of_seq(seq)); next->Valid() && seq_of_key(next->key()) == 0;) next->Next();
    if (next->Valid()) return seq_of_key(next->key());
    if (next->status().ok()) return 0;
    return std::unexpected(to_error(next->status(), "cannot read the log from event " + std::to_string(seq) + " on"));
  }
  [[nodiscard]] const Result<std::pair<std::uint64_t, Hash>>& acknowledged() const override { return acknowledged_; }

  [[nodiscard]] Result<void> read(std::uint64_t from_seq, std::uint64_t to_seq, const Take& take) const override {
    rocksdb::ReadOptions options;
    options.readahead_size = kScanReadaheadBytes;
    options.fill_cache = false;
    options.ignore_range_deletions = true;  // there are none
    // What begins with the last key and goes on is before the next.
    const std::string end = to_seq == UINT64_MAX ? std::string() : key_of_seq(to_seq + 1);
    const rocksdb::Slice bound(end);
    if (!end.empty()) options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> records(store_->db().NewIterator(options, store_->events()));
    const WithoutCounters faster;
    for (records->Seek(from_seq == 0 ? std::string() : key_of_seq(from_seq)); records->Valid(); records->Next()) {
      const rocksdb::Slice key = records->key();
      const rocksdb::Slice record = records->value();
      take({key.data(), key.size()}, {record.data(), record.size()});
    }
    if (records->status().ok()) return {};
    return std::unexpected(
        to_error(records->status(), "cannot read the log from event " + std::to_string(from_seq) + " on"));
  }

  [[nodiscard]] Result<std::optional<std::string>> find(std::uint64_t seq) const override {
    std::string record;
    const auto status = store_->db().Get(rocksdb::ReadOptions(), store_->events(), key_of_seq(seq), &record);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return std::unexpected(to_error(status, "cannot read event " + std::to_string(seq)));
    return std::optional(std::move(record));
  }

 private:
  std::unique_ptr<RocksDbStore> store_;
  Result<std::pair<std::uint64_t, Hash>> acknowledged_;
  std::uint64_t last_seq_ = 0;
};

}  // namespace

Result<std::unique_ptr<StoredRecords>> open_stored_records(const std::filesystem::path& directory) {
  const RocksDbLogOptions options{.directory = directory, .create_if_missing = false, .env = nullptr};
  // Before the log: what is appended meanwhile must not look as if it were missing.
  Result<std::pair<std::uint64_t, Hash>> acknowledged = fail(ErrorCode::kNotFound, "");
  if (const auto watermark = Watermark::open(watermark_path(options)); watermark) {
    acknowledged = std::pair((*watermark)->seq(), (*watermark)->hash());
  } else {
    acknowledged = std::unexpected(watermark.error());
  }
  auto opened = RocksDbStore::open_to_read(options);
  for (int attempt = 1; !opened && attempt < kOpenAttempts; ++attempt) opened = RocksDbStore::open_to_read(options);
  ESAAS_TRY(auto store, std::move(opened));
  auto records = std::make_unique<RocksDbRecords>(std::move(store), std::move(acknowledged));
  ESAAS_CHECK(records->find_end());
  return records;
}

}  // namespace esaas::store
