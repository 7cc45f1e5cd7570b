#pragma once
// RocksDbCursor: a cursor over the column family `events`. One thread at a time; must not outlive the log.

#include <rocksdb/iterator.h>

#include <memory>

#include "store/log/event_log.h"
#include "store/log/record_codec.h"
#include "store/log/rocksdb_store.h"

namespace esaas::store {

class RocksDbCursor final : public Cursor {
 public:
  /// Reads up to `last_seq`, which must be durable; of `payloads` only, unless they are empty.
  RocksDbCursor(const RocksDbStore& store, RecordReader reader, std::uint64_t last_seq,
                const PayloadSet& payloads = {});

  Result<const event::Event*> next() override;

 private:
  RecordReader reader_;
  std::uint64_t last_seq_;
  PayloadSet payloads_;
  bool takes_all_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // null when there is nothing to read
};

}  // namespace esaas::store
