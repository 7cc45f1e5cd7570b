#pragma once
// small_tables: what keeps the tables of the events few. Each opening of a log stores what lay in the write-ahead log
// as a table, and tables that do not overlap are never put together: a process that restarts again and again would
// leave one each time, and at some point could not open them all.

#include "store/log/rocksdb_store.h"

namespace esaas::store {

/// Puts the newest tables of the events together when many of them are small. Takes a fraction of a second once in a
/// while, and nothing else; may be interrupted. Errors: kDataLoss (one of them is broken), kInternal (I/O, disk full).
Result<void> merge_small_tables(const RocksDbStore& store);

}  // namespace esaas::store
