#pragma once
// Truncated exponential back-off with jitter from a seed, so that a test or a simulation sees the
// same waits each time. Not thread-safe; asks no clock.

#include <cstdint>

#include "core/base/time.h"

namespace esaas::mesos {

class Backoff {
 public:
  /// Waits grow from `first` by doubling up to `longest`; both must be positive.
  Backoff(Duration first, Duration longest, std::uint64_t seed);

  /// The next wait: between half of the current step and the whole of it.
  Duration next();

  /// Begins again at `first`. The jitter goes on.
  void reset() { step_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration step_;
  std::uint64_t random_;
};

}  // namespace esaas::mesos
