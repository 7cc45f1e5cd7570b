// Whatever clocks do, no time is negative and none counts twice.

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "store/log/memory_event_log.h"
#include "store/views/usage_view.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

using Key = std::tuple<std::string, std::string, UsageKind>;

/// The clock stands still, jumps ahead for days, and says anything at all in `wall_at_us`; the sequencer lets time
/// stand where the clock goes back.
std::vector<event::Event> with_jumps(std::uint32_t seed, int count) {
  testing::SampleEvents samples(seed, 8);
  std::mt19937_64 random(seed);
  std::vector<event::Event> events;
  std::int64_t now = 0;
  for (int i = 0; i < count; ++i) {
    event::Event event = samples.next();
    const std::uint64_t what = random() % 10;
    if (now == 0) now = event.time_at_us();
    if (what == 0) now += static_cast<std::int64_t>(random() % 400'000'000'000);
    if (what > 5) now += static_cast<std::int64_t>(random() % 1'000'000);
    event.set_time_at_us(now);
    event.set_wall_at_us(now - 500'000'000'000 + static_cast<std::int64_t>(random() % 1'000'000'000'000));
    events.push_back(std::move(event));
  }
  return events;
}

class UsageClock : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(UsageClock, MakesNoTimeNegativeOrDouble) {
  MemoryEventLog log;
  const auto events = with_jumps(GetParam(), 3'000);
  const Time begin = from_us(events.front().time_at_us());
  ASSERT_TRUE(log.append({events, {}}));
  const Time end = from_us(log.last_time_at_us()) + std::chrono::hours{1};
  auto cursor = UsageView(log).intervals({.from = begin, .to = end, .now = end});
  ASSERT_TRUE(cursor);
  std::map<Key, std::map<std::int64_t, std::int64_t>> by_node;  // from and to of each
  int intervals = 0;
  for (;;) {
    const auto interval = cursor->next();
    ASSERT_TRUE(interval);
    if (*interval == nullptr) break;
    ++intervals;
    EXPECT_LT((*interval)->from_us, (*interval)->to_us);
    EXPECT_TRUE((*interval)->to_seq == 0 || (*interval)->to_seq > (*interval)->from_seq);
    const bool is_new = by_node[{(*interval)->cluster, (*interval)->node, (*interval)->kind}]
                            .emplace((*interval)->from_us, (*interval)->to_us)
                            .second;
    EXPECT_TRUE(is_new) << "two begin at the same moment";
  }
  EXPECT_GT(intervals, 300);
  for (const auto& [key, ranges] : by_node) {
    std::int64_t before = 0;
    for (const auto& [from, to] : ranges) {
      EXPECT_GE(from, before) << std::get<0>(key) << " " << std::get<1>(key) << " overlaps";
      before = to;
    }
  }
}

TEST_P(UsageClock, OfTheMachineCountsForNothing) {
  MemoryEventLog one;
  MemoryEventLog other;
  auto events = with_jumps(GetParam(), 1'000);
  ASSERT_TRUE(one.append({events, {}}));
  for (auto& event : events) event.set_wall_at_us(event.time_at_us());
  ASSERT_TRUE(other.append({events, {}}));
  const Time end = from_us(one.last_time_at_us());
  const UsageQuery query{.from = from_us(events.front().time_at_us()), .to = end, .now = end};
  auto left = *UsageView(one).intervals(query);
  auto right = *UsageView(other).intervals(query);
  for (;;) {
    const UsageInterval* a = *left.next();
    const UsageInterval* b = *right.next();
    ASSERT_EQ(a == nullptr, b == nullptr);
    if (a == nullptr) break;
    ASSERT_EQ(*a, *b);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, UsageClock, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace esaas::store
