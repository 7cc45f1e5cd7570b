#pragma once
// SampleEvents: an endless, deterministic log of a fleet at work: clusters are created by users, their nodes placed,
// launched and joined, some fail and start again, some clusters are deleted, and all of it is interleaved as it would
// be. Stamped as by the sequencer. Not thread-safe.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store::testing {

/// Any event with what the sequencer stamps: the simplest thing a log takes.
event::Event plain_event(std::uint64_t seq, std::int64_t time_at_us = 0);

class SampleEvents {
 public:
  /// `clusters` live side by side; each seed gives another order.
  explicit SampleEvents(std::uint32_t seed = 1, std::uint32_t clusters = 40);

  event::Event next();
  std::vector<event::Event> take(std::size_t count);
  Batch batch(std::size_t count) { return {take(count), {}}; }

 private:
  /// One cluster's life, as events that are not stamped yet.
  struct Life {
    std::uint32_t number = 0;  // of the cluster; the next one in this place has another
    std::vector<event::Event> script;
    std::size_t position = 0;
    std::string operation;  // the id of the one that is under way
  };
  void begin(Life& life);
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

  std::mt19937_64 random_;
  std::vector<Life> lives_;
  std::uint32_t next_number_ = 0;
  std::uint64_t seq_ = 0;
  std::int64_t time_at_us_ = 1'475'971'200'000'000;  // 2016-10-09
};

}  // namespace esaas::store::testing
