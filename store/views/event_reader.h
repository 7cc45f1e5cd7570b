#pragma once
// Reads the log forward for one reader, a bounded piece at a time, with a filter: what event streams and sinks stand
// on.
//
// For a reader that is far behind, the index of its cluster or tenant is read, so that what is not for it costs it next
// to nothing; near the end of the log the events themselves are looked at. Both say the same, so a reader may be served
// now by the one, now by the other. Thread-safe; may block on the disk.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// Empty fields do not filter.
struct EventFilter {
  std::string tenant = {};
  std::string cluster = {};
};

/// Is given the matches in order of seq. False: it wants no more behind this one.
using TakeEvent = std::function<bool(const event::Event&)>;

/// Gives `take` the matches behind `after_seq`, and answers how far it came: whatever is not behind that seq was given
/// or does not match. `after_seq` itself when the log does not go on. Precondition: `looked_at_max`, of events that the
/// filter is held against, is not 0.
Result<std::uint64_t> read_events(const EventLog& log, std::uint64_t after_seq, const EventFilter& filter,
                                  std::size_t looked_at_max, const TakeEvent& take);

}  // namespace esaas::store
