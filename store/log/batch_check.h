#pragma once
// What every EventLog refuses before it begins to write: the same for all implementations. Pure, thread-safe.

#include <cstdint>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// The longest value or key that is indexed.
inline constexpr std::size_t kIndexedBytesMax = 1024;

/// kConflict when seqs do not follow `last_seq` without a gap (rule "expected_seq"); kInvalidArgument when the batch is
/// empty, time goes back, an event has no payload, an idempotency key is empty, or a value to be indexed is too long or
/// holds a zero byte. The detail names the seq.
Result<void> check_batch(const Batch& batch, std::uint64_t last_seq, std::int64_t last_time_at_us);

}  // namespace esaas::store
