#pragma once
// Prng: the only source of chance in tests. Our own, so that a seed means the same on every machine and with every
// standard library; integers only. A value; one thread.

#include <cstdint>
#include <vector>

#include "core/base/assert.h"
#include "core/base/time.h"

namespace esaas::test {

class Prng {
 public:
  explicit Prng(std::uint64_t seed) {
    for (std::uint64_t& word : state_) word = split(seed);
  }

  /// xoshiro256**.
  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// 0 <= result < bound. The bias of a plain remainder is far below what a test could see.
  std::uint64_t below(std::uint64_t bound) {
    ESAAS_ASSERT(bound > 0, "nothing is below zero");
    return next() % bound;
  }

  /// Both ends included.
  std::uint64_t between(std::uint64_t least, std::uint64_t most) { return least + below(most - least + 1); }
  Duration between(Duration least, Duration most) {
    return least + Duration{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count()) + 1))};
  }

  /// True in `hits` of `of` cases.
  bool chance(std::uint64_t hits, std::uint64_t of) { return below(of) < hits; }

  template <typename Item>
  const Item& pick(const std::vector<Item>& items) {
    return items[below(items.size())];
  }

  /// A stream of its own: what one part draws does not shift what another one gets.
  Prng fork() { return Prng(next()); }

 private:
  static std::uint64_t rotate(std::uint64_t word, unsigned by) { return (word << by) | (word >> (64U - by)); }

  static std::uint64_t split(std::uint64_t& seed) {
    std::uint64_t word = seed += 0x9E3779B97F4A7C15ULL;
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
    return word ^ (word >> 31U);
  }

  std::uint64_t state_[4] = {};
};

}  // namespace esaas::test
