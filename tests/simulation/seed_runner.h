#pragma once
// run_seeds: many simulations, on a few threads (each has its own), and one text about them. Thread-safe.

#include <cstdint>
#include <map>
#include <string>

#include "tests/simulation/simulation.h"

namespace esaas::simulation {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  unsigned jobs = 1;
  SimulationOptions options;  ///< the seed is replaced
};

struct SeedSummary {
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> event_counts;  ///< of all logs, by kind
  std::string text;  ///< the first failures with their last notes and the command that repeats each, then the sums
};

SeedSummary run_seeds(const SeedRange& range);

}  // namespace esaas::simulation
