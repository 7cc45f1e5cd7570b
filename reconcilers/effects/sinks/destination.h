#pragma once
// Destination: where the events of a sink go, and what one delivery holds.

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace esaas::sinks {

struct OutEvent {
  std::uint64_t seq = 0;
  std::string key;   ///< its cluster, else its tenant, else empty: events of one key stay in order
  std::string json;  ///< as the sink takes it
};

/// Never without an event.
struct Delivery {
  std::string sink;
  std::vector<OutEvent> events;  ///< in order of seq
};

/// One thread at a time.
class Destination {
 public:
  virtual ~Destination() = default;

  /// Blocks until every event was taken, `timeout` is over or a stop is asked for. An error says in a sentence why it
  /// is not known that all were taken; some may have been.
  virtual Result<void> deliver(const Delivery& delivery, Duration timeout, std::stop_token stop) = 0;

  /// How long it asked to be left alone when it refused the last delivery, as it said it; zero when it did not.
  [[nodiscard]] virtual Duration asked_to_wait() const { return Duration::zero(); }
};

}  // namespace esaas::sinks
