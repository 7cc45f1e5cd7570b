#include "store/views/metering_walk.h"

#include <algorithm>

#include "store/log/index_entries.h"

namespace esaas::store {
namespace {

/// What is read without a look at the clock though none of it is metered; a fraction of a second.
constexpr std::uint64_t kStretch = 500'000;
/// Metered events between two looks at the clock.
constexpr std::uint64_t kLook = 64;

}  // namespace

MeteringWalk::MeteringWalk(const EventLog& log, std::uint64_t to_seq, const Pace* pace)
    : log_(log), to_seq_(std::min(to_seq, log.last_seq())), pace_(pace) {}

/// Not twice without an event or a stretch in between, so that even the shortest time brings a reader on.
bool MeteringWalk::shall_pause() {
  if (pace_ == nullptr || given_ < kLook) return false;
  given_ = 0;
  return pace_->is_over();
}

Result<const event::Event*> MeteringWalk::next() {
  for (;;) {
    if (shall_pause()) return pause();
    if (!cursor_) {
      if (next_seq_ > to_seq_) return nullptr;
      const std::uint64_t end = std::min(to_seq_, next_seq_ + kStretch - 1);
      ESAAS_TRY(cursor_, log_.read(next_seq_, {.to_seq = end, .payloads = metering_payloads()}));
      next_seq_ = end + 1;
    }
    ESAAS_TRY(const event::Event* event, cursor_->next());
    if (event != nullptr) {
      ++given_;
      return event;
    }
    cursor_.reset();
    given_ = kLook;
  }
}

}  // namespace esaas::store
