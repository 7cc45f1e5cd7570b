#include "reconcilers/effects/mesos/backoff.h"

#include <algorithm>

#include "core/base/assert.h"

namespace esaas::mesos {
namespace {

// SplitMix64: spreads any seed well, and unlike <random> gives the same numbers on every standard
// library.
std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31U);
}

}  // namespace

Backoff::Backoff(Duration first, Duration longest, std::uint64_t seed)
    : first_(first), longest_(std::max(first, longest)), step_(first), random_(seed) {
  ESAAS_ASSERT(first > Duration::zero(), "a back-off needs a positive first wait");
}

Duration Backoff::next() {
  const Duration half = step_ / 2;
  const auto spread = static_cast<std::uint64_t>((step_ - half).count()) + 1;
  const Duration wait = half + Duration{static_cast<Duration::rep>(next_random(random_) % spread)};
  step_ = std::min(longest_, step_ * 2);
  return wait;
}

}  // namespace esaas::mesos
