// esaas_simulation: runs seeds, prints what went wrong and how to see it again.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdlib>

#include "tests/simulation/seed_runner.h"
#include "tests/store/log_fixture.h"

namespace {

int keep_log(const esaas::simulation::SeedRange& range, const std::string& folder) {
  auto options = range.options;
  options.seed = range.first;
  esaas::simulation::Simulation simulation(options);
  simulation.run();
  const auto fixture = esaas::store::testing::capture(simulation.log());
  const auto saved = fixture ? esaas::store::testing::save(*fixture, folder) : std::unexpected(fixture.error());
  if (saved) return EXIT_SUCCESS;
  fmt::print(stderr, "{}\n", saved.error().detail);
  return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs the whole controller in virtual time, one installation per seed"};
  std::uint64_t first = 1;
  std::uint64_t count = 100;
  std::uint64_t seed = 0;
  std::int64_t minutes = 6;
  unsigned jobs = 1;
  bool verbose = false;
  app.add_option("--from", first, "the first seed")->capture_default_str();
  app.add_option("--seeds", count, "how many seeds")->capture_default_str();
  auto* one = app.add_option("--seed", seed, "only this one");
  app.add_option("--minutes", minutes, "of virtual time with faults")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--jobs", jobs, "threads")->check(CLI::Range(1U, 64U))->capture_default_str();
  std::string save_log;
  app.add_option("--save-log", save_log, "keeps the log of --seed in this folder (tests/store/log_fixture.h)")
      ->needs(one);
  app.add_flag("--verbose", verbose, "prints every event, fault and request");
  CLI11_PARSE(app, argc, argv);
  esaas::simulation::SeedRange range;
  range.first = one->count() > 0 ? seed : first;
  range.count = one->count() > 0 ? 1 : count;
  range.jobs = jobs;
  range.options.active = std::chrono::minutes{minutes};
  range.options.verbose = verbose;
  if (!save_log.empty()) return keep_log(range, save_log);
  const auto summary = esaas::simulation::run_seeds(range);
  std::fputs(summary.text.c_str(), stdout);
  return summary.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
