#pragma once
// Reads the log forward for one reader, a bounded batch at a time, with a filter. What the event stream and the event
// list of the API stand on. Thread-safe; may block on the disk.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// Empty fields do not filter.
struct EventFilter {
  std::string tenant = {};
  std::string cluster = {};
  std::string operation_id = {};
};

struct EventPage {
  std::vector<event::Event> events;
  std::uint64_t next_seq = 0;  ///< where to read on: all before it were given or did not match
  bool at_end = false;         ///< the log ended at next_seq - 1 when it was looked at
};

/// The matching events from `from_seq` on (0 means 1), at the most `limit` of them and kViewPageMax. With a filter the
/// index is read, and what does not match costs nothing unless two filters have to agree; then at the most kViewScanMax
/// events are looked at.
Result<EventPage> read_events(const EventLog& log, std::uint64_t from_seq, const EventFilter& filter,
                              std::size_t limit);

}  // namespace esaas::store
