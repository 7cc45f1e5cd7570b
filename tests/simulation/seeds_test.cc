// A thousand installations, and one that nobody has seen before. A failure prints the seed and the command.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "tests/simulation/seed_runner.h"

namespace esaas::simulation {
namespace {

unsigned threads() { return std::max(1U, std::thread::hardware_concurrency()); }

TEST(Seeds, AThousandFixedOnesHoldAllInvariants) {
  const SeedSummary summary = run_seeds({.first = 1, .count = 1000, .jobs = threads(), .options = {}});
  std::printf("%s", summary.text.c_str());
  EXPECT_EQ(summary.failed, 0U);
  // Places grow where they are, to the end and not; votes are handed over, versions change, proxies are told.
  for (const char* kind : {"place_grown", "volume_growth_intended", "place_growth_release_intended",
                           "place_growth_failed", "voting_exclusions_applied", "cluster_version_changed",
                           "full_restart_ended", "servers_applied", "node_shielded"}) {
    const auto counted = summary.event_counts.find(kind);
    EXPECT_TRUE(counted != summary.event_counts.end() && counted->second > 0) << kind;
  }
}

TEST(Seeds, FreshOnesHoldAllInvariants) {
  const auto since_epoch = std::chrono::steady_clock::now().time_since_epoch().count();
  const std::uint64_t first =
      test::Prng(static_cast<std::uint64_t>(since_epoch) ^ static_cast<std::uint64_t>(::getpid())).below(1'000'000'000);
  std::printf("fresh seeds from %llu\n", static_cast<unsigned long long>(first));
  const SeedSummary summary = run_seeds({.first = first, .count = 20, .jobs = threads(), .options = {}});
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
