#pragma once
// MeteringWalk: the events that say what was used, in order. While the log still lacks the index of them, every event
// is looked at. One thread at a time; must not outlive the log.

#include <cstdint>
#include <memory>

#include "core/base/result.h"
#include "store/log/event_log.h"
#include "store/views/index_walk.h"

namespace esaas::store {

class MeteringWalk {
 public:
  MeteringWalk(const EventLog& log, std::uint64_t to_seq)
      : log_(log), to_seq_(to_seq), indexed_(log, {.kind = IndexKind::kMetering, .to_seq = to_seq}) {}

  /// The next event, or null at the end. It lives until the next call.
  Result<const event::Event*> next();

 private:
  const EventLog& log_;
  std::uint64_t to_seq_;
  IndexWalk indexed_;
  bool begun_ = false;
  std::unique_ptr<Cursor> all_;  // null: by the index
};

}  // namespace esaas::store
