#include "tests/simulation/seed_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

namespace esaas::simulation {
namespace {

constexpr std::uint64_t kFailuresShown = 5;

/// The commit that this was built from, if it can be told.
std::string commit() {
  const std::string command = "git -C '" ESAAS_SOURCE_DIR "' rev-parse --short HEAD 2>/dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "unknown";
  char buffer[64] = {};
  const bool read = std::fgets(buffer, sizeof buffer, pipe) != nullptr;
  ::pclose(pipe);
  std::string text(buffer);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return read ? text : "unknown";
}

std::string describe_failure(std::uint64_t seed, const SimulationReport& report, const SimulationOptions& options) {
  std::string text = fmt::format("\n==== seed {} failed at step {} (commit {}) ====\n", seed, report.steps, commit());
  for (const std::string& note : report.notes) text += "  " + note.substr(0, 400) + "\n";
  for (const std::string& violation : report.violations) text += "violated: " + violation + "\n";
  return text + fmt::format("repeat: esaas_simulation --seed {} --minutes {} --verbose\n", seed,
                            std::chrono::duration_cast<std::chrono::minutes>(options.active).count());
}

void add(std::map<std::string, std::uint64_t>& sums, const std::map<std::string, std::uint64_t>& more) {
  for (const auto& [name, count] : more) sums[name] += count;
}

std::string in_line(const std::string& title, const std::map<std::string, std::uint64_t>& sums) {
  std::string text = title;
  for (const auto& [name, count] : sums) text += fmt::format(" {}={}", name, count);
  return text + "\n";
}

/// What the threads write to, behind one lock.
struct Totals {
  std::mutex mutex;
  SeedSummary summary;
  std::map<std::uint64_t, std::string> failed;             // the first violation, by seed
  std::map<std::string, std::vector<std::uint64_t>> held;  // some seeds, by rule
  SimulationReport sums;

  void take(std::uint64_t seed, const SimulationReport& report, const SimulationOptions& options) {
    const std::lock_guard lock(mutex);
    if (!report.violations.empty()) {
      if (failed.size() < kFailuresShown) summary.text += describe_failure(seed, report, options);
      failed[seed] = report.violations.front();
    }
    for (const auto& [rule, count] : report.holds_at_the_end) {
      if (held.try_emplace(rule).first->second.size() < kFailuresShown) held[rule].push_back(seed);
    }
    sums.events += report.events;
    sums.documents += report.documents;
    sums.operations += report.operations;
    sums.steps += report.steps;
    sums.virtual_time += report.virtual_time;
    add(sums.faults, report.faults);
    add(sums.event_counts, report.event_counts);
    add(sums.holds_at_the_end, report.holds_at_the_end);
  }
};

void work(const SeedRange& range, std::atomic<std::uint64_t>& next, Totals& totals) {
  for (std::uint64_t index = next++; index < range.count; index = next++) {
    SimulationOptions options = range.options;
    options.seed = range.first + index;
    Simulation simulation(options);
    totals.take(options.seed, simulation.run(), options);
  }
}

}  // namespace

SeedSummary run_seeds(const SeedRange& range) {
  Totals totals;
  std::atomic<std::uint64_t> next{0};
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < range.jobs; ++i) threads.emplace_back([&] { work(range, next, totals); });
  work(range, next, totals);
  threads.clear();
  totals.summary.failed = totals.failed.size();
  for (const auto& [seed, violation] : totals.failed) {
    totals.summary.text += fmt::format("failed: --seed {}  {}\n", seed, violation);
  }
  totals.summary.text +=
      fmt::format("{} seeds from {}, {} failed: {} of virtual time, {} steps, {} events, {} operations, {} documents\n",
                  range.count, range.first, totals.summary.failed, to_text(totals.sums.virtual_time), totals.sums.steps,
                  totals.sums.events, totals.sums.operations, totals.sums.documents);
  totals.summary.text += in_line("faults:", totals.sums.faults);
  totals.summary.text += in_line("held at the end:", totals.sums.holds_at_the_end);
  for (const auto& [rule, seeds] : totals.held) {
    totals.summary.text += fmt::format("  {} in seeds {}\n", rule, fmt::join(seeds, ", "));
  }
  totals.summary.text += in_line("events:", totals.sums.event_counts);
  totals.summary.event_counts = totals.sums.event_counts;
  return std::move(totals.summary);
}

}  // namespace esaas::simulation
