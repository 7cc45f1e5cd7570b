#include "store/log/memory_event_log.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "core/base/assert.h"
#include "store/log/batch_check.h"
#include "store/log/idempotency_codec.h"
#include "store/log/index_entries.h"
#include "store/log/record_codec.h"

namespace esaas::store {

/// What readers and the appender share. A deque, because its elements stay where they are when it grows.
struct MemoryEventLog::Shared {
  mutable std::mutex mutex;
  std::deque<std::string> records;
  std::map<std::pair<IndexKind, std::string>, std::vector<std::uint64_t>> index;
  std::map<std::string, IdempotencyEntry, std::less<>> idempotency;

  [[nodiscard]] const std::string* record(std::uint64_t seq) const {
    const std::lock_guard lock(mutex);
    return seq >= 1 && seq <= records.size() ? &records[seq - 1] : nullptr;
  }
};

class MemoryEventLog::MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const Shared& shared, RecordReader reader, std::uint64_t last_seq, const PayloadSet& payloads)
      : shared_(shared), reader_(std::move(reader)), last_seq_(last_seq), payloads_(payloads) {}

  Result<const event::Event*> next() override {
    for (;;) {
      const std::uint64_t seq = reader_.next_seq();
      if (seq > last_seq_) return reader_.end(last_seq_);
      const std::string& record = *shared_.record(seq);
      if (payloads_.any() && reader_.skip(seq, record, payloads_)) continue;
      return reader_.read(seq, record);
    }
  }

 private:
  const Shared& shared_;
  RecordReader reader_;
  std::uint64_t last_seq_;
  PayloadSet payloads_;
};

MemoryEventLog::MemoryEventLog() : shared_(std::make_unique<Shared>()) {}
MemoryEventLog::~MemoryEventLog() = default;

std::uint64_t MemoryEventLog::last_seq() const { return last_seq_.load(std::memory_order_acquire); }
std::int64_t MemoryEventLog::last_time_at_us() const { return last_time_at_us_.load(std::memory_order_acquire); }
Tail& MemoryEventLog::tail() { return tail_; }

Result<MemoryEventLog::Encoded> MemoryEventLog::encode(Batch batch) const {
  Encoded encoded;
  ESAAS_TRY(Hash hash, hash_of(last_seq()));
  for (auto& event : batch.events) {
    event.set_prev_hash(to_bytes(hash));
    ESAAS_CHECK(encode_record(event, encoded.records.emplace_back()));
    hash = blake2b_256(encoded.records.back());
  }
  encoded.batch = std::move(batch);
  return encoded;
}

Result<void> MemoryEventLog::append(Batch batch) {
  if (poison_) return std::unexpected(*poison_);
  ESAAS_CHECK(check_batch(batch, last_seq(), last_time_at_us()));
  ESAAS_TRY(Encoded encoded, encode(std::move(batch)));
  const Fault fault = std::exchange(fault_, Fault::kNone);
  if (fault != Fault::kNone) {
    poison_ = fault_error_;
    if (fault == Fault::kAfterWrite) written_unseen_ = std::move(encoded);
    return std::unexpected(*poison_);
  }
  keep(std::move(encoded));
  tail_.notify(last_seq());
  return {};
}

void MemoryEventLog::keep(Encoded encoded) {
  const auto& newest = encoded.batch.events.back();
  {
    const std::lock_guard lock(shared_->mutex);
    for (auto& record : encoded.records) shared_->records.push_back(std::move(record));
    IndexTexts texts;
    for (const auto& event : encoded.batch.events) {
      for_each_index_entry(event, texts, [&](IndexKind kind, std::string_view value, std::uint64_t seq) {
        auto& seqs = shared_->index[{kind, std::string(value)}];
        const auto at = std::ranges::lower_bound(seqs, seq);
        if (at == seqs.end() || *at != seq) seqs.insert(at, seq);
      });
    }
    for (auto& entry : encoded.batch.idempotency) {
      std::string key = entry.key;
      shared_->idempotency.insert_or_assign(std::move(key), std::move(entry));
    }
    std::erase_if(shared_->idempotency,
                  [&](const auto& item) { return has_expired(item.second.at_us, newest.time_at_us()); });
  }
  last_time_at_us_.store(newest.time_at_us(), std::memory_order_release);
  last_seq_.store(newest.seq(), std::memory_order_release);
}

Result<std::optional<IdempotencyEntry>> MemoryEventLog::find_idempotency(std::string_view key) const {
  const std::lock_guard lock(shared_->mutex);
  const auto found = shared_->idempotency.find(key);
  if (found == shared_->idempotency.end()) return std::nullopt;
  return found->second;
}

Result<std::unique_ptr<Cursor>> MemoryEventLog::read(std::uint64_t from_seq, ReadOptions options) const {
  const std::uint64_t first = std::max<std::uint64_t>(from_seq, 1);
  const std::uint64_t last = std::min(last_seq(), options.to_seq);
  std::optional<Hash> hash_before;
  if (options.verify_chain && first <= last) {
    ESAAS_TRY(hash_before, hash_of(first - 1));
  }
  return std::make_unique<MemoryCursor>(*shared_, RecordReader(first, hash_before), last, options.payloads);
}

Result<event::Event> MemoryEventLog::read_one(std::uint64_t seq) const {
  const std::string* record = shared_->record(seq);
  if (record == nullptr) {
    return fail(ErrorCode::kNotFound, "the log has no event " + std::to_string(seq));
  }
  event::Event event;
  ESAAS_CHECK(decode_record(*record, seq, event));
  return event;
}

Result<Hash> MemoryEventLog::hash_of(std::uint64_t seq) const {
  if (seq == 0) return Hash{};
  const std::string* record = shared_->record(seq);
  if (record == nullptr) {
    return fail(ErrorCode::kNotFound, "the log has no event " + std::to_string(seq));
  }
  return blake2b_256(*record);
}

Result<std::vector<std::uint64_t>> MemoryEventLog::read_index(const IndexQuery& query) const {
  const std::lock_guard lock(shared_->mutex);
  std::vector<std::uint64_t> seqs;
  const auto found = shared_->index.find({query.kind, query.value});
  if (found == shared_->index.end()) return seqs;
  std::ranges::copy_if(found->second, std::back_inserter(seqs),
                       [&](std::uint64_t seq) { return seq >= query.from_seq && seq <= query.to_seq; });
  if (query.newest_first) std::ranges::reverse(seqs);
  if (seqs.size() > query.limit) seqs.resize(query.limit);
  return seqs;
}

void MemoryEventLog::fail_next_append(Error error) {
  fault_ = Fault::kBeforeWrite;
  fault_error_ = std::move(error);
}

void MemoryEventLog::fail_next_append_after_write(Error error) {
  fault_ = Fault::kAfterWrite;
  fault_error_ = std::move(error);
}

void MemoryEventLog::reopen() {
  poison_.reset();
  if (!written_unseen_) return;
  keep(*std::exchange(written_unseen_, std::nullopt));
  tail_.notify(last_seq());
}

std::string& MemoryEventLog::stored_bytes(std::uint64_t seq) {
  ESAAS_ASSERT(seq >= 1 && seq <= last_seq(), "no such event");
  const std::lock_guard lock(shared_->mutex);
  return shared_->records[seq - 1];
}

}  // namespace esaas::store
