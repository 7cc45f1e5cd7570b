#pragma once
// Progress: how far a sink is now, ahead of what the log says of it.

#include <cstdint>
#include <string>

namespace esaas::sinks {

struct Progress {
  std::uint64_t through_seq = 0;
  std::uint32_t failures = 0;  ///< in a row
  std::string last_error;      ///< of the last one; empty when the last delivery was taken
};

}  // namespace esaas::sinks
