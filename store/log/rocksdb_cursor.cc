#include "store/log/rocksdb_cursor.h"

#include <utility>

#include "store/log/big_endian.h"

namespace esaas::store {
namespace {

/// A cursor over more events than this is a replay, which reads ahead and leaves the block cache to others.
constexpr std::uint64_t kBulkEvents = 10'000;
constexpr std::size_t kReadaheadBytes = 2U << 20U;

}  // namespace

RocksDbCursor::RocksDbCursor(const RocksDbStore& store, RecordReader reader, std::uint64_t last_seq,
                             const PayloadSet& payloads)
    : reader_(std::move(reader)), last_seq_(last_seq), payloads_(payloads), takes_all_(payloads.none()) {
  if (reader_.next_seq() > last_seq_) return;
  rocksdb::ReadOptions options;
  if (last_seq_ - reader_.next_seq() > kBulkEvents) {
    options.readahead_size = kReadaheadBytes;
    options.fill_cache = false;
  }
  iterator_.reset(store.db().NewIterator(options, store.events()));
  std::string key;
  append_big_endian(reader_.next_seq(), key);
  iterator_->Seek(key);
}

Result<const event::Event*> RocksDbCursor::next() {
  for (;; iterator_->Next()) {
    if (reader_.next_seq() > last_seq_) return reader_.end(last_seq_);
    if (!iterator_->Valid()) {
      if (!iterator_->status().ok()) {
        return std::unexpected(
            to_error(iterator_->status(), "cannot read event " + std::to_string(reader_.next_seq()) + " from the log"));
      }
      return reader_.end(last_seq_);
    }
    const auto key = iterator_->key();
    if (key.size() != kBigEndianBytes) {
      return fail(ErrorCode::kDataLoss, "a key in `events` has " + std::to_string(key.size()) + " bytes");
    }
    const std::uint64_t seq = read_big_endian({key.data(), key.size()});
    const auto value = iterator_->value();
    if (!takes_all_ && reader_.skip(seq, {value.data(), value.size()}, payloads_)) continue;
    auto event = reader_.read(seq, {value.data(), value.size()});
    if (event) iterator_->Next();
    return event;
  }
}

}  // namespace esaas::store
