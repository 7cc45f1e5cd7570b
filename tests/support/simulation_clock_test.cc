#include "tests/support/simulation_clock.h"

#include <gtest/gtest.h>

#include <string>

namespace esaas::test {
namespace {

using namespace std::chrono_literals;

TEST(SimulationClock, RunsInOrderOfDeadlineAndThenOfAsking) {
  SimulationClock clock;
  std::string order;
  clock.after(2s, [&] { order += 'c'; });
  clock.after(1s, [&] { order += 'a'; });
  clock.after(1s, [&] { order += 'b'; });
  clock.run_until(clock.now() + 5s);
  EXPECT_EQ(order, "abc");
}

TEST(SimulationClock, JumpsToTheDeadlineAndEndsAtTheLimit) {
  SimulationClock clock;
  const Time start = clock.now();
  Time seen;
  clock.after(90s, [&] { seen = clock.now(); });
  clock.run_until(start + 100s);
  EXPECT_EQ(seen, start + 90s);
  EXPECT_EQ(clock.now(), start + 100s);
}

TEST(SimulationClock, RunsWhatACallbackAsksForWhenItIsDueInTheSameRun) {
  SimulationClock clock;
  int runs = 0;
  clock.after(1s, [&] { clock.after(1s, [&] { ++runs; }); });
  clock.run_until(clock.now() + 2s);
  EXPECT_EQ(runs, 1);
}

TEST(SimulationClock, NeverRunsWhatWasCancelled) {
  SimulationClock clock;
  int runs = 0;
  const auto ticket = clock.after(1s, [&] { ++runs; });
  clock.cancel(ticket);
  clock.cancel(ticket);
  clock.run_until(clock.now() + 2s);
  EXPECT_EQ(runs, 0);
}

TEST(SimulationClock, TakesADeadlineInThePastAsNow) {
  SimulationClock clock;
  const Time start = clock.now();
  clock.at(start - 5s, [] {});
  EXPECT_TRUE(clock.run_one(start));
  EXPECT_EQ(clock.now(), start);
}

}  // namespace
}  // namespace esaas::test
