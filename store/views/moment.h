#pragma once
// A moment of the log as a person names it: a seq, or a time. Thread-safe; may block on the disk.

#include <cstdint>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct Moment {
  std::uint64_t seq = 0;  ///< of the last event that had happened
  Time at;                ///< the time that was asked for, or that of the event
};

/// "4711" or RFC 3339 (or a date: its midnight). A time after the newest event and not after `now` is the present.
/// kInvalidArgument, in the name of `field`: neither (rule `seq_or_time`), or a moment before the first event, after
/// the newest or in the future (rule `within_the_log`).
Result<Moment> find_moment(const EventLog& log, std::string_view text, std::string_view field, Time now);

}  // namespace esaas::store
