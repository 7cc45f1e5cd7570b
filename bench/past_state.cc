// The state of the fleet at a random moment of the past: what ?at= costs.
//
//   past_state [--events N]     N events of a fleet at work: 10,000,000; 20,000 at smoke size
//
// Half of the questions are for any moment, in no order; half for the moment after the one before, as a person who
// steps through does. From disk, with states kept as `esaas serve` keeps them, 100 clusters at a time, fixed seed, one
// thread. Budget: p99 of a random moment under 200 ms at 10,000,000 events.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string_view>
#include <vector>

#include "bench/smoke.h"
#include "core/base/assert.h"
#include "store/log/rocksdb_event_log.h"
#include "store/snapshots/past_states.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::bench {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::uint64_t bytes_in(const std::filesystem::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

void print(const char* what, std::vector<double> ms) {
  std::ranges::sort(ms);
  std::printf("%-18s p50 %8.2f ms   p99 %8.2f ms   max %8.2f ms   (%zu)\n", what, ms[ms.size() / 2],
              ms[ms.size() * 99 / 100], ms.back(), ms.size());
}

int run(std::uint64_t events) {
  store::testing::TempDirectory directory;
  auto log = store::open_rocksdb_log({.directory = directory.path() / "log"});
  ESAAS_ASSERT(log.has_value(), log.error().detail);
  store::testing::SampleEvents samples(1, 100);
  for (std::uint64_t done = 0; done < events; done += 1'000) {
    const auto appended = (*log)->append(samples.batch(1'000));
    ESAAS_ASSERT(appended.has_value(), appended.error().detail);
  }
  store::PastStatesOptions options;
  options.directory = directory.path() / "past";
  const auto states = store::PastStates::open(**log, options);
  ESAAS_ASSERT(states.has_value(), states.error().detail);
  const auto begin = Clock::now();
  std::size_t kept = 0;
  for (;;) {
    const auto is_kept = (*states)->keep_next();
    ESAAS_ASSERT(is_kept.has_value(), is_kept.error().detail);
    if (!*is_kept) break;
    ++kept;
  }
  std::printf("%llu events, %zu states kept in %.1f s: %.2f bytes an event, beside %.1f of the log\n",
              static_cast<unsigned long long>(events), kept, ms_since(begin) / 1'000,
              static_cast<double>(bytes_in(directory.path() / "past")) / static_cast<double>(events),
              static_cast<double>(bytes_in(directory.path() / "log")) / static_cast<double>(events));
  std::mt19937_64 random(5);
  std::vector<double> anywhere;
  std::vector<double> next;
  for (std::size_t i = 0; i < size_of_run(400, 20); ++i) {
    const std::uint64_t seq = 1 + random() % (events - 1);
    for (auto* times : {&anywhere, &next}) {
      const std::uint64_t at = times == &anywhere ? seq : seq + 1;
      const auto asked = Clock::now();
      const auto state = (*states)->at(at);
      times->push_back(ms_since(asked));
      ESAAS_ASSERT(state.has_value() && (*state)->seq() == at, "another moment than was asked for");
    }
  }
  print("any moment", std::move(anywhere));
  print("the next one", std::move(next));
  return 0;
}

}  // namespace
}  // namespace esaas::bench

int main(int argc, char** argv) {
  std::uint64_t events = esaas::bench::size_of_run(10'000'000, 20'000);
  if (argc == 3 && std::string_view(argv[1]) == "--events") events = std::strtoull(argv[2], nullptr, 10);
  if (events < 1'000) {
    std::fprintf(stderr, "past_state [--events N], at least 1000\n");
    return 2;
  }
  return esaas::bench::run(events);
}
