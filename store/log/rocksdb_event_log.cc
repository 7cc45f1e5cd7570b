#include "store/log/rocksdb_event_log.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <optional>
#include <system_error>
#include <utility>

#include "store/log/batch_check.h"
#include "store/log/big_endian.h"
#include "store/log/idempotency_codec.h"
#include "store/log/index_codec.h"
#include "store/log/index_rebuild.h"
#include "store/log/index_tail.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_cursor.h"
#include "store/log/rocksdb_store.h"
#include "store/log/small_tables.h"
#include "store/log/watermark.h"

namespace esaas::store {
namespace {

/// Expired idempotency keys that one append takes away: more than it can bring, so that they never pile up.
constexpr std::size_t kPurgedPerAppendMin = 64;
/// Events whose index entries are collected at a time when the log is opened.
constexpr std::size_t kRecoveredAtATime = 2'048;

std::string seq_key(std::uint64_t seq) {
  std::string key;
  append_big_endian(seq, key);
  return key;
}

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

class RocksDbEventLog final : public DurableLog {
 public:
  RocksDbEventLog(std::unique_ptr<RocksDbStore> store, std::unique_ptr<Watermark> watermark,
                  const RocksDbLogOptions& options)
      : store_(std::move(store)),
        watermark_(std::move(watermark)),
        index_tail_(options.index_tail_events),
        rebuild_(*store_, options.on_index_failure, options.index_retry) {}

  /// Finds the end of the log and compares it with the watermark.
  Result<void> recover();
  Result<void> keep_tables_few() { return merge_small_tables(*store_); }

  Result<void> append(Batch batch) override;
  Result<void> append_records(std::span<const std::string> records, std::vector<IdempotencyEntry> idempotency) override;
  [[nodiscard]] Result<std::vector<IdempotencyEntry>> idempotency_entries() const override;
  [[nodiscard]] std::optional<Error> index_failure() const override { return rebuild_.failure(); }
  [[nodiscard]] rocksdb::DB& database() const override { return store_->db(); }
  [[nodiscard]] std::uint64_t last_seq() const override { return last_seq_.load(std::memory_order_acquire); }
  [[nodiscard]] std::int64_t last_time_at_us() const override {
    return last_time_at_us_.load(std::memory_order_acquire);
  }
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> find_idempotency(std::string_view key) const override;
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq, ReadOptions options) const override;
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override;
  [[nodiscard]] Result<Hash> hash_of(std::uint64_t seq) const override;
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override;
  [[nodiscard]] std::uint64_t events_to_index() const override { return rebuild_.events_missing(); }
  [[nodiscard]] Tail& tail() override { return tail_; }

 private:
  Result<void> commit(Batch& batch, const Hash& hash);
  Result<Hash> put_events(Batch& batch);
  Result<Hash> put_records(std::span<const std::string> records, Batch& batch);
  void put_index_tail();
  void put_idempotency(const Batch& batch);
  Result<void> purge_idempotency(std::int64_t newest_us, std::size_t limit);
  Result<void> recover_expiry();
  Result<void> recover_index();
  Result<void> write(std::uint64_t first, std::uint64_t last, const Hash& hash);
  std::unexpected<Error> poisoned(Error error);
  /// The stored entry, expired or not.
  [[nodiscard]] Result<std::optional<IdempotencyEntry>> get_idempotency(std::string_view key) const;
  [[nodiscard]] Result<void> get_record(std::uint64_t seq, std::string& record) const;
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_stored_index(const IndexQuery& query, std::uint64_t last) const;

  std::unique_ptr<RocksDbStore> store_;
  std::unique_ptr<Watermark> watermark_;
  Tail tail_;
  std::atomic<std::uint64_t> last_seq_{0};
  std::atomic<std::int64_t> last_time_at_us_{0};

  // The appender's own:
  Hash last_hash_{};
  std::optional<Error> poison_;
  std::optional<std::int64_t> oldest_expiry_us_;  // no stored idempotency key is older
  rocksdb::WriteBatch write_batch_;
  std::string record_;

  IndexTail index_tail_;
  IndexRebuild rebuild_;
};

Result<void> RocksDbEventLog::recover() {
  const std::unique_ptr<rocksdb::Iterator> newest(store_->db().NewIterator(rocksdb::ReadOptions(), store_->events()));
  newest->SeekToLast();
  if (!newest->status().ok()) {
    return std::unexpected(to_error(newest->status(), "cannot read the end of the log"));
  }
  if (newest->Valid()) {
    if (newest->key().size() != kBigEndianBytes) return fail(ErrorCode::kDataLoss, "a key in `events` is no seq");
    const std::uint64_t seq = read_big_endian(view(newest->key()));
    event::Event event;
    ESAAS_CHECK(decode_record(view(newest->value()), seq, event));
    last_hash_ = blake2b_256(view(newest->value()));
    last_seq_ = seq;
    last_time_at_us_ = event.time_at_us();
  }
  const std::uint64_t acknowledged = watermark_->seq();
  if (last_seq() < acknowledged) {
    return fail(ErrorCode::kDataLoss, "the log in " + store_->db().GetName() + " ends at event " +
                                          std::to_string(last_seq()) + ", but event " + std::to_string(acknowledged) +
                                          " was acknowledged: its newest files are shortened or missing");
  }
  ESAAS_TRY(const Hash hash, hash_of(acknowledged));
  if (hash != watermark_->hash()) {
    return fail(ErrorCode::kDataLoss, "event " + std::to_string(acknowledged) + " in " + store_->db().GetName() +
                                          " is not the one that was acknowledged");
  }
  if (last_seq() > acknowledged) ESAAS_CHECK(watermark_->advance(last_seq(), last_hash_));
  ESAAS_CHECK(recover_expiry());
  return recover_index();
}

/// Collects the entries of the events that came after those whose entries are stored.
Result<void> RocksDbEventLog::recover_index() {
  if (store_->is_of_format_before()) {
    ESAAS_CHECK(rebuild_.start(last_seq()));
    index_tail_.start_after(last_seq());
    return store_->write_format();
  }
  ESAAS_TRY(const auto through, rebuild_.stored_through());
  if (last_seq() > 0 && (!through || *through > last_seq())) {
    return fail(ErrorCode::kDataLoss, store_->db().GetName() + " does not say up to where its events are indexed");
  }
  index_tail_.start_after(through.value_or(0));
  ESAAS_CHECK(rebuild_.start(index_tail_.last_seq()));
  RocksDbCursor cursor(*store_, RecordReader(index_tail_.last_seq() + 1, std::nullopt), last_seq());
  std::vector<event::Event> events;
  while (index_tail_.last_seq() < last_seq()) {
    while (events.size() < kRecoveredAtATime && index_tail_.last_seq() + events.size() < last_seq()) {
      ESAAS_TRY(const event::Event* event, cursor.next());
      events.push_back(*event);
    }
    if (index_tail_.is_full()) {
      write_batch_.Clear();
      put_index_tail();
      const auto status = store_->db().Write(rocksdb::WriteOptions(), &write_batch_);
      if (!status.ok()) return std::unexpected(to_error(status, "cannot store index entries"));
      index_tail_.forget();
    }
    index_tail_.add(std::exchange(events, {}));
  }
  return {};
}

Result<void> RocksDbEventLog::recover_expiry() {
  const std::unique_ptr<rocksdb::Iterator> oldest(
      store_->db().NewIterator(rocksdb::ReadOptions(), store_->idempotency()));
  oldest->Seek(slice(kExpiryPrefix));
  if (oldest->Valid()) {
    ESAAS_TRY(const Expiry expiry, parse_expiry_key(view(oldest->key())));
    oldest_expiry_us_ = expiry.at_us;
  }
  if (oldest->status().ok()) return {};
  return std::unexpected(to_error(oldest->status(), "cannot read the idempotency keys"));
}

std::unexpected<Error> RocksDbEventLog::poisoned(Error error) {
  poison_ = std::move(error);
  return std::unexpected(*poison_);
}

Result<void> RocksDbEventLog::append(Batch batch) {
  if (poison_) return std::unexpected(*poison_);
  ESAAS_CHECK(check_batch(batch, last_seq(), last_time_at_us()));
  write_batch_.Clear();
  ESAAS_TRY(const Hash hash, put_events(batch));
  return commit(batch, hash);
}

Result<void> RocksDbEventLog::append_records(std::span<const std::string> records,
                                             std::vector<IdempotencyEntry> idempotency) {
  if (poison_) return std::unexpected(*poison_);
  write_batch_.Clear();
  Batch batch{.events = {}, .idempotency = std::move(idempotency)};
  ESAAS_TRY(const Hash hash, put_records(records, batch));
  ESAAS_CHECK(check_batch(batch, last_seq(), last_time_at_us()));
  return commit(batch, hash);
}

/// Makes durable what was put, with its keys, and from time to time the entries of what came before.
Result<void> RocksDbEventLog::commit(Batch& batch, const Hash& hash) {
  const bool stores_index = index_tail_.is_full();
  if (stores_index) put_index_tail();
  const std::uint64_t newest_seq = batch.events.back().seq();
  const std::int64_t newest_us = batch.events.back().time_at_us();
  // Before the new keys, or a key that is used anew on the day of its expiry would be taken away with its old entry.
  if (auto purged = purge_idempotency(newest_us, 2 * batch.idempotency.size()); !purged) {
    return poisoned(std::move(purged).error());
  }
  put_idempotency(batch);
  if (auto written = write(batch.events.front().seq(), newest_seq, hash); !written) {
    return poisoned(std::move(written).error());
  }
  if (stores_index) index_tail_.forget();
  index_tail_.add(std::move(batch.events));
  last_hash_ = hash;
  last_time_at_us_.store(newest_us, std::memory_order_release);
  last_seq_.store(newest_seq, std::memory_order_release);
  tail_.notify(newest_seq);
  return {};
}

Result<Hash> RocksDbEventLog::put_events(Batch& batch) {
  Hash hash = last_hash_;
  std::string key;
  for (auto& event : batch.events) {
    event.set_prev_hash(hash.data(), hash.size());
    ESAAS_CHECK(encode_record(event, record_));
    hash = blake2b_256(record_);
    key.clear();
    append_big_endian(event.seq(), key);
    write_batch_.Put(store_->events(), key, record_);
  }
  return hash;
}

Result<Hash> RocksDbEventLog::put_records(std::span<const std::string> records, Batch& batch) {
  Hash hash = last_hash_;
  RecordReader reader(last_seq() + 1, hash);
  std::string key;
  batch.events.reserve(records.size());
  for (const std::string& record : records) {
    const std::uint64_t seq = reader.next_seq();
    ESAAS_TRY(const event::Event* event, reader.read(seq, record));
    batch.events.push_back(*event);
    hash = blake2b_256(record);
    key.clear();
    append_big_endian(seq, key);
    write_batch_.Put(store_->events(), key, record);
  }
  return hash;
}

/// What the tail holds of the events before this batch. Sorted, because each entry then lies near the one before it.
void RocksDbEventLog::put_index_tail() {
  index_tail_.for_each_posting([&](std::string_view key, std::string_view distances) {
    write_batch_.Put(store_->index(), slice(key), slice(distances));
  });
  rebuild_.put_through(index_tail_.last_seq(), write_batch_);
}

void RocksDbEventLog::put_idempotency(const Batch& batch) {
  for (const auto& entry : batch.idempotency) {
    write_batch_.Put(store_->idempotency(), idempotency_key(entry.key), encode_idempotency(entry));
    write_batch_.Put(store_->idempotency(), expiry_key(entry.at_us, entry.key), rocksdb::Slice());
    oldest_expiry_us_ = std::min(oldest_expiry_us_.value_or(entry.at_us), entry.at_us);
  }
}

Result<void> RocksDbEventLog::purge_idempotency(std::int64_t newest_us, std::size_t limit) {
  if (!oldest_expiry_us_ || !has_expired(*oldest_expiry_us_, newest_us)) return {};
  limit = std::max(limit, kPurgedPerAppendMin);
  const std::unique_ptr<rocksdb::Iterator> oldest(
      store_->db().NewIterator(rocksdb::ReadOptions(), store_->idempotency()));
  oldest->Seek(slice(kExpiryPrefix));
  for (; oldest->Valid() && limit > 0; oldest->Next(), --limit) {
    ESAAS_TRY(const Expiry expiry, parse_expiry_key(view(oldest->key())));
    oldest_expiry_us_ = expiry.at_us;
    if (!has_expired(expiry.at_us, newest_us)) return {};
    // The key may have been used anew since; then its entry is of a later time and stays.
    ESAAS_TRY(const auto entry, get_idempotency(expiry.key));
    if (entry && entry->at_us == expiry.at_us) write_batch_.Delete(store_->idempotency(), idempotency_key(expiry.key));
    write_batch_.Delete(store_->idempotency(), oldest->key());
  }
  if (!oldest->status().ok()) {
    return std::unexpected(to_error(oldest->status(), "cannot read the idempotency keys"));
  }
  return {};
}

Result<void> RocksDbEventLog::write(std::uint64_t first, std::uint64_t last, const Hash& hash) {
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto status = store_->db().Write(options, &write_batch_);
  if (!status.ok()) {
    return std::unexpected(
        to_error(status, "cannot append events " + std::to_string(first) + " to " + std::to_string(last)));
  }
  return watermark_->advance(last, hash);
}

Result<std::optional<IdempotencyEntry>> RocksDbEventLog::get_idempotency(std::string_view key) const {
  std::string bytes;
  const auto status = store_->db().Get(rocksdb::ReadOptions(), store_->idempotency(), idempotency_key(key), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(to_error(status, "cannot look up an idempotency key"));
  ESAAS_TRY(IdempotencyEntry entry, decode_idempotency(key, bytes));
  return entry;
}

Result<std::optional<IdempotencyEntry>> RocksDbEventLog::find_idempotency(std::string_view key) const {
  ESAAS_TRY(auto entry, get_idempotency(key));
  if (entry && has_expired(entry->at_us, last_time_at_us())) entry.reset();
  return entry;
}

Result<std::vector<IdempotencyEntry>> RocksDbEventLog::idempotency_entries() const {
  std::vector<IdempotencyEntry> entries;
  const std::unique_ptr<rocksdb::Iterator> each(
      store_->db().NewIterator(rocksdb::ReadOptions(), store_->idempotency()));
  for (each->Seek(slice(kExpiryPrefix)); each->Valid(); each->Next()) {
    ESAAS_TRY(const Expiry expiry, parse_expiry_key(view(each->key())));
    ESAAS_TRY(auto entry, get_idempotency(expiry.key));
    // One that was used anew is met again at its later time.
    const bool is_live = entry && entry->at_us == expiry.at_us && !has_expired(expiry.at_us, last_time_at_us());
    if (is_live) entries.push_back(std::move(*entry));
  }
  if (each->status().ok()) return entries;
  return std::unexpected(to_error(each->status(), "cannot read the idempotency keys"));
}

Result<std::unique_ptr<Cursor>> RocksDbEventLog::read(std::uint64_t from_seq, ReadOptions options) const {
  const std::uint64_t first = std::max<std::uint64_t>(from_seq, 1);
  const std::uint64_t last = std::min(last_seq(), options.to_seq);
  std::optional<Hash> hash_before;
  if (options.verify_chain && first <= last) {
    ESAAS_TRY(hash_before, hash_of(first - 1));
  }
  return std::make_unique<RocksDbCursor>(*store_, RecordReader(first, hash_before), last, options.payloads);
}

Result<void> RocksDbEventLog::get_record(std::uint64_t seq, std::string& record) const {
  const std::string name = "event " + std::to_string(seq);
  if (seq == 0 || seq > last_seq()) return fail(ErrorCode::kNotFound, "the log has no " + name);
  const auto status = store_->db().Get(rocksdb::ReadOptions(), store_->events(), seq_key(seq), &record);
  if (status.ok()) return {};
  if (status.IsNotFound()) return fail(ErrorCode::kDataLoss, "missing from the log: " + name);
  return std::unexpected(to_error(status, "cannot read " + name));
}

Result<event::Event> RocksDbEventLog::read_one(std::uint64_t seq) const {
  std::string record;
  ESAAS_CHECK(get_record(seq, record));
  event::Event event;
  ESAAS_CHECK(decode_record(record, seq, event));
  return event;
}

Result<Hash> RocksDbEventLog::hash_of(std::uint64_t seq) const {
  if (seq == 0) return Hash{};
  std::string record;
  ESAAS_CHECK(get_record(seq, record));
  return blake2b_256(record);
}

Result<std::vector<std::uint64_t>> RocksDbEventLog::read_index(const IndexQuery& query) const {
  const std::uint64_t last = std::min(query.to_seq, last_seq());
  // The tail before the store: what leaves the tail meanwhile is in the store by then, at the worst in both.
  ESAAS_TRY(IndexTail::Found found, index_tail_.find(query, last));
  std::vector<std::uint64_t>& newest = found.seqs;
  const bool is_filed_by_event = query.kind != IndexKind::kOutcomeLater && query.kind != IndexKind::kOutcomeWord;
  const bool is_enough = found.is_after_stored || (query.newest_first && newest.size() >= query.limit);
  if (is_filed_by_event && is_enough) return std::move(newest);
  ESAAS_TRY(std::vector<std::uint64_t> stored, read_stored_index(query, last));
  if (newest.empty()) return stored;
  std::vector<std::uint64_t> seqs;
  seqs.reserve(stored.size() + newest.size());
  const auto merge = [&](auto order) { std::ranges::set_union(stored, newest, std::back_inserter(seqs), order); };
  query.newest_first ? merge(std::ranges::greater()) : merge(std::ranges::less());
  if (seqs.size() > query.limit) seqs.resize(query.limit);
  return seqs;
}

Result<std::vector<std::uint64_t>> RocksDbEventLog::read_stored_index(const IndexQuery& query,
                                                                      std::uint64_t last) const {
  const std::string prefix = posting_prefix(query.kind, query.value);
  const std::unique_ptr<rocksdb::Iterator> entry(store_->db().NewIterator(rocksdb::ReadOptions(), store_->index()));
  const auto is_ours = [&] {
    return entry->Valid() && entry->key().size() == prefix.size() + kBigEndianBytes && entry->key().starts_with(prefix);
  };
  // The posting that holds a seq is the one whose first seq is the greatest not above it.
  const bool is_from_begin = !query.newest_first && query.from_seq <= 1;
  if (!is_from_begin) entry->SeekForPrev(prefix + seq_key(query.newest_first ? query.to_seq : query.from_seq));
  if (!query.newest_first && !is_ours()) entry->Seek(prefix);
  std::vector<std::uint64_t> seqs;
  std::vector<std::uint64_t> posting;
  while (is_ours() && seqs.size() < query.limit) {
    posting.clear();
    ESAAS_CHECK(
        expand_posting(read_big_endian(view(entry->key()).substr(prefix.size())), view(entry->value()), posting));
    if (query.newest_first ? posting.back() < query.from_seq : posting.front() > last) break;
    if (query.newest_first) std::ranges::reverse(posting);
    for (const std::uint64_t seq : posting) {
      if (seq >= query.from_seq && seq <= last && seqs.size() < query.limit) seqs.push_back(seq);
    }
    query.newest_first ? entry->Prev() : entry->Next();
  }
  if (!entry->status().ok()) {
    return std::unexpected(to_error(entry->status(), "cannot read the index"));
  }
  return seqs;
}

Result<std::unique_ptr<Watermark>> open_watermark(const RocksDbLogOptions& options, bool fresh,
                                                  const RocksDbStore& store) {
  if (!fresh) return Watermark::open(watermark_path(options));
  // Only a log that was never acknowledged anything may be without the file.
  const std::unique_ptr<rocksdb::Iterator> first(store.db().NewIterator(rocksdb::ReadOptions(), store.events()));
  first->SeekToFirst();
  if (first->Valid()) {
    return fail(ErrorCode::kDataLoss, watermark_path(options).string() +
                                          " is missing: it cannot be told whether acknowledged "
                                          "events are missing too");
  }
  return Watermark::create(watermark_path(options));
}

}  // namespace

Result<std::unique_ptr<DurableLog>> open_rocksdb_log(const RocksDbLogOptions& options) {
  std::error_code error;
  const bool fresh = !std::filesystem::exists(watermark_path(options), error);
  if (fresh && !options.create_if_missing && !std::filesystem::exists(database_path(options), error)) {
    return fail(ErrorCode::kNotFound, "there is no event log in " + options.directory.string());
  }
  std::filesystem::create_directories(database_path(options), error);
  if (error) {
    return fail(ErrorCode::kInternal, "cannot create " + database_path(options).string() + ": " + error.message());
  }
  ESAAS_TRY(auto store, RocksDbStore::open(options, fresh));
  ESAAS_TRY(auto watermark, open_watermark(options, fresh, *store));
  auto log = std::make_unique<RocksDbEventLog>(std::move(store), std::move(watermark), options);
  ESAAS_CHECK(log->recover());
  ESAAS_CHECK(log->keep_tables_few());
  return log;
}

Result<void> acknowledge_all(const std::filesystem::path& directory) {
  const RocksDbLogOptions options{.directory = directory, .create_if_missing = false, .env = nullptr};
  ESAAS_TRY(const auto store, RocksDbStore::open(options, false));
  const std::unique_ptr<rocksdb::Iterator> newest(store->db().NewIterator(rocksdb::ReadOptions(), store->events()));
  newest->SeekToLast();
  if (!newest->status().ok()) return std::unexpected(to_error(newest->status(), "cannot read the end of the log"));
  ESAAS_TRY(const auto watermark, Watermark::create(watermark_path(options)));
  if (!newest->Valid()) return {};
  if (newest->key().size() != kBigEndianBytes) return fail(ErrorCode::kDataLoss, "a key in `events` is no seq");
  return watermark->advance(read_big_endian(view(newest->key())), blake2b_256(view(newest->value())));
}

}  // namespace esaas::store
