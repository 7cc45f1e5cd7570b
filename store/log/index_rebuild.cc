#include "store/log/index_rebuild.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <condition_variable>
#include <utility>
#include <vector>

#include "store/log/big_endian.h"
#include "store/log/index_codec.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_cursor.h"

namespace esaas::store {
namespace {

constexpr std::string_view kCoverageKey = "index";
constexpr std::string_view kThroughKey = "index_through";
/// One write; what a crash has to do again at the most.
constexpr std::uint64_t kEventsPerWrite = 2'000;

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

/// Empty when there is none.
Result<std::string> get_meta(const RocksDbStore& store, std::string_view key) {
  std::string value;
  const auto status = store.db().Get(rocksdb::ReadOptions(), store.meta(), slice(key), &value);
  if (status.ok() || status.IsNotFound()) return value;
  return std::unexpected(to_error(status, "cannot read what is indexed"));
}

}  // namespace

Result<std::optional<std::uint64_t>> IndexRebuild::stored_through() const {
  ESAAS_TRY(const std::string through, get_meta(store_, kThroughKey));
  if (through.empty()) return std::nullopt;
  if (through.size() == kBigEndianBytes) return read_big_endian(through);
  return fail(ErrorCode::kDataLoss, "the record of up to where events are indexed is broken");
}

Result<IndexCoverage> IndexRebuild::find_missing(std::uint64_t last_seq) {
  ESAAS_TRY(const std::string stored, get_meta(store_, kCoverageKey));
  IndexCoverage coverage(0);
  if (!stored.empty()) {
    ESAAS_TRY(coverage, IndexCoverage::decode(stored));
  }
  if (coverage.version() != kIndexVersion) {
    coverage = IndexCoverage(kIndexVersion);
    if (last_seq > 0) coverage.add_missing({1, last_seq});
    return coverage;
  }
  // A program that did not know of these kinds wrote what follows.
  ESAAS_TRY(const auto through, stored_through());
  const std::uint64_t indexed = through.value_or(0);
  if (indexed < last_seq) coverage.add_missing({indexed + 1, last_seq});
  return coverage;
}

Result<void> IndexRebuild::start(std::uint64_t last_seq) {
  ESAAS_TRY(const std::string stored, get_meta(store_, kCoverageKey));
  ESAAS_TRY(coverage_, find_missing(last_seq));
  const std::string wanted = coverage_.encode();
  if (wanted != stored) {
    rocksdb::WriteBatch batch;
    const bool begins_anew = coverage_.events_missing() == last_seq;
    if (begins_anew) {
      const std::string first(1, static_cast<char>(kFirstRebuiltKind));
      batch.DeleteRange(store_.index(), first, std::string(1, '\xff'));
    }
    batch.Put(store_.meta(), slice(kCoverageKey), wanted);
    put_through(last_seq, batch);
    rocksdb::WriteOptions options;
    options.sync = true;
    const auto status = store_.db().Write(options, &batch);
    if (!status.ok()) return std::unexpected(to_error(status, "cannot note what is to be indexed"));
  }
  events_missing_.store(coverage_.events_missing(), std::memory_order_release);
  if (events_missing() > 0) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  return {};
}

void IndexRebuild::put_through(std::uint64_t seq, rocksdb::WriteBatch& batch) const {
  std::string value;
  append_big_endian(seq, value);
  batch.Put(store_.meta(), slice(kThroughKey), value);
}

std::optional<Error> IndexRebuild::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void IndexRebuild::note(std::optional<Error> failure) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
}

void IndexRebuild::run(const std::stop_token& stop) {
  std::condition_variable_any wake;
  while (!stop.stop_requested() && events_missing() > 0) {
    const auto built = build(coverage_.next(kEventsPerWrite));
    if (built) {
      if (failure()) note(std::nullopt);
      continue;
    }
    // Questions are answered without these entries, only slower.
    note(built.error());
    if (on_failure_) on_failure_(built.error());
    std::unique_lock lock(mutex_);
    wake.wait_for(lock, stop, retry_, [] { return false; });
  }
}

Result<void> IndexRebuild::build(SeqRange range) {
  RocksDbCursor cursor(store_, RecordReader(range.first, std::nullopt), range.last);
  std::vector<event::Event> events;
  events.reserve(range.last - range.first + 1);
  for (;;) {
    ESAAS_TRY(const event::Event* event, cursor.next());
    if (event == nullptr) break;
    events.push_back(*event);
  }
  postings_.collect(events, kFirstRebuiltKind);
  rocksdb::WriteBatch batch;
  for (const auto& posting : postings_.postings()) {
    batch.Put(store_.index(), posting_key(posting.kind, posting.value, posting.first_seq), posting.distances);
  }
  IndexCoverage after = coverage_;
  after.done(range);
  batch.Put(store_.meta(), slice(kCoverageKey), after.encode());
  const auto status = store_.db().Write(rocksdb::WriteOptions(), &batch);
  if (!status.ok()) return std::unexpected(to_error(status, "cannot write index entries"));
  coverage_ = std::move(after);
  events_missing_.store(coverage_.events_missing(), std::memory_order_release);
  return {};
}

}  // namespace esaas::store
