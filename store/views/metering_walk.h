#pragma once
// MeteringWalk: the events that say what was used, in order. All records are read one after the other, and those that
// are about something else are passed over undecoded: as long as one event in thirty is metered, this is sooner than to
// look each up by the index. One thread at a time; must not outlive the log.

#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

class MeteringWalk {
 public:
  MeteringWalk(const EventLog& log, std::uint64_t to_seq) : log_(log), to_seq_(to_seq) {}

  /// The next event, or null at the end. It lives until the next call.
  Result<const event::Event*> next();

 private:
  const EventLog& log_;
  std::uint64_t to_seq_;
  std::unique_ptr<Cursor> cursor_;  // null until the first call
};

}  // namespace esaas::store
