#pragma once
// Keys and values of the column family `idx`: a posting is one entry for all events of one batch that share an index
// value. Key: kind, value, 0x00, big-endian first seq. Value: the distances to the further seqs as varints. One entry
// per batch and not per event keeps the cost of indexes below that of the events. Pure, thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// Values hold no zero byte (batch_check.h sees to that), so that no key is a prefix of another value's.
std::string posting_prefix(IndexKind kind, std::string_view value);
std::string posting_key(IndexKind kind, std::string_view value, std::uint64_t first_seq);

/// Adds one seq to a posting's value. Precondition: seq > last.
void append_distance(std::uint64_t last, std::uint64_t seq, std::string& posting);

/// The seqs of a posting, ascending, appended to `seqs`. kDataLoss when the value is not varints, or a distance is 0.
Result<void> expand_posting(std::uint64_t first_seq, std::string_view posting, std::vector<std::uint64_t>& seqs);

}  // namespace esaas::store
