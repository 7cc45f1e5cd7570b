#pragma once
// Whether a bench runs at smoke size: set in the environment by ctest.

#include <cstddef>
#include <cstdlib>

namespace esaas::bench {

/// `full`, or `smoke` when ESAAS_BENCH_SMOKE is set.
inline std::size_t size_of_run(std::size_t full, std::size_t smoke) {
  return std::getenv("ESAAS_BENCH_SMOKE") != nullptr ? smoke : full;
}

}  // namespace esaas::bench
