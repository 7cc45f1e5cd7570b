#pragma once
// MeteringWalk: the events that say what was used, in order. All records are read one after the other, and those that
// are about something else are passed over undecoded: as long as one event in thirty is metered, this is sooner than to
// look each up by the index. One thread at a time; must not outlive the log.

#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "store/log/event_log.h"
#include "store/views/pace.h"

namespace esaas::store {

class MeteringWalk {
 public:
  /// With a pace, which must outlive it, `next` may answer with a pause.
  MeteringWalk(const EventLog& log, std::uint64_t to_seq, const Pace* pace = nullptr);

  /// The next event, or null at the end. It lives until the next call.
  Result<const event::Event*> next();

 private:
  [[nodiscard]] bool shall_pause();

  const EventLog& log_;
  std::uint64_t to_seq_;
  const Pace* pace_;
  std::uint64_t next_seq_ = 1;      // behind what the cursor reads
  std::uint64_t given_ = 0;         // events, since the clock was looked at
  std::unique_ptr<Cursor> cursor_;  // null between two stretches
};

}  // namespace esaas::store
