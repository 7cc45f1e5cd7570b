#pragma once
// Pace: how long a reader of the log may go on before it lets others have the thread. What reads at a pace answers
// with a pause when its time is over. A pause loses nothing: who gets it asks the same again, after `begin`. One thread
// at a time.

#include <chrono>

#include "core/base/result.h"

namespace esaas::store {

class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  /// From now on for so long; without it, for ever.
  void begin(Clock::duration duration) { end_ = Clock::now() + duration; }
  [[nodiscard]] bool is_over() const { return end_ != Clock::time_point::max() && Clock::now() >= end_; }

 private:
  Clock::time_point end_ = Clock::time_point::max();
};

inline std::unexpected<Error> pause() { return fail(ErrorCode::kUnavailable, "reading was interrupted", "", "pause"); }
inline bool is_pause(const Error& error) { return error.rule == "pause"; }

}  // namespace esaas::store
