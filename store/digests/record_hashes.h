#pragma once
// The hashes of stored records, one after the other, from a log in use. Bounded in memory.

#include <cstdint>
#include <functional>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// Calls `take` for each record from `first_seq` to `through_seq`, which are in the log, in order. Every hash is
/// computed from the bytes, and has to be the one that the next event names. Errors: those of Cursor.
Result<void> for_each_record_hash(const EventLog& log, std::uint64_t first_seq, std::uint64_t through_seq,
                                  const std::function<void(const Hash& record)>& take);

/// kDataLoss unless there are 32 bytes.
Result<Hash> to_hash(std::string_view bytes);

}  // namespace esaas::store
