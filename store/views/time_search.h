#pragma once
// From a moment to a seq. Thread-safe.

#include <cstdint>

#include "core/base/result.h"
#include "core/base/time.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// The first event of that time or later; last_seq() + 1 when there is none. A binary search: time never decreases.
Result<std::uint64_t> first_seq_at(const EventLog& log, Time time);

}  // namespace esaas::store
