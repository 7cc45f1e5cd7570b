// A filtered reader gets what the filter leaves of the whole log: from wherever it starts, in whatever pieces, whether
// the index is read for it or the log, and while more is written.

#include "store/views/event_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "store/log/memory_event_log.h"
#include "tests/store/forwarding_log.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

/// Counts what a reader costs.
class CountingLog final : public testing::ForwardingLog {
 public:
  using ForwardingLog::ForwardingLog;
  [[nodiscard]] Result<std::unique_ptr<Cursor>> read(std::uint64_t from_seq, ReadOptions options) const override {
    ++cursors;
    return ForwardingLog::read(from_seq, options);
  }
  [[nodiscard]] Result<event::Event> read_one(std::uint64_t seq) const override {
    ++reads;
    return ForwardingLog::read_one(seq);
  }
  [[nodiscard]] Result<std::vector<std::uint64_t>> read_index(const IndexQuery& query) const override {
    ++index_reads;
    return ForwardingLog::read_index(query);
  }

  mutable std::size_t cursors = 0;
  mutable std::size_t reads = 0;
  mutable std::size_t index_reads = 0;
};

class EventReader : public ::testing::Test {
 protected:
  void append(const std::string& tenant, const std::string& cluster) {
    auto event = testing::plain_event(log_.last_seq() + 1);
    event.set_tenant(tenant);
    event.set_cluster(cluster);
    ASSERT_TRUE(log_.append({{event}, {}}));
  }
  std::vector<std::uint64_t> wanted(std::uint64_t after_seq, const EventFilter& filter) {
    std::vector<std::uint64_t> seqs;
    const auto cursor = log_.read(after_seq + 1);
    while (const event::Event* event = *(*cursor)->next()) {
      const bool is_of_tenant = filter.tenant.empty() || event->tenant() == filter.tenant;
      if (is_of_tenant && (filter.cluster.empty() || event->cluster() == filter.cluster)) seqs.push_back(event->seq());
    }
    return seqs;
  }

  MemoryEventLog log_;
  CountingLog counted_{log_};
};

TEST_F(EventReader, GivesWhatTheFilterLeavesOfTheWholeLog) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
    // From rare to frequent, alone and in runs, so that each way of reading is taken.
    const std::uint32_t run = 1 + below(40);
    const auto grow = [&](std::uint32_t count) {
      std::string tenant;
      std::string cluster;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (below(run) == 0) {
          tenant = below(4) == 0 ? "" : "tenant-" + std::to_string(below(4));
          cluster = tenant.empty() || below(4) == 0 ? "" : "cluster-" + std::to_string(below(5));
        }
        append(tenant, cluster);
      }
    };
    grow(1 + below(150));
    EventFilter filter;
    if (below(3) != 0) filter.tenant = "tenant-" + std::to_string(below(4));
    if (below(3) == 0) filter.cluster = "cluster-" + std::to_string(below(5));
    const std::size_t looked_at_max = 1 + below(30);
    const std::size_t given_max = 1 + below(8);
    const std::uint64_t begin =
        log_.last_seq() - below(static_cast<std::uint32_t>(std::min<std::uint64_t>(log_.last_seq(), 300)) + 1);
    std::vector<std::uint64_t> got;
    int growths = 3;
    for (std::uint64_t after_seq = begin;;) {
      std::size_t given = 0;
      const auto through = read_events(counted_, after_seq, filter, looked_at_max, [&](const event::Event& event) {
        got.push_back(event.seq());
        return ++given < given_max;
      });
      ASSERT_TRUE(through);
      ASSERT_LE(given, std::min(given_max, looked_at_max)) << "seed " << seed;
      ASSERT_LE(*through, log_.last_seq());
      ASSERT_GE(*through, got.empty() ? 0 : got.back());
      if (*through == after_seq) {
        if (growths-- == 0) break;
        grow(below(60));  // it has come to the end, and goes on
        continue;
      }
      after_seq = *through;
      if (below(3) == 0 && growths > 0) {
        --growths;
        grow(below(60));  // it is still on its way
      }
    }
    ASSERT_EQ(got, wanted(begin, filter)) << "seed " << seed;
  }
  EXPECT_GT(counted_.reads, 100U);
  EXPECT_GT(counted_.index_reads, 100U);
  EXPECT_GT(counted_.cursors, 100U);
}

TEST_F(EventReader, WhatIsNotForItCostsItNothingWhileItIsFarBehind) {
  for (int i = 0; i < 5'000; ++i) append("other", "");
  append("shop", "search");
  for (int i = 0; i < 5'000; ++i) append("other", "");
  append("shop", "search");
  const auto all = [](const event::Event&) { return true; };
  for (const EventFilter& filter : {EventFilter{.tenant = "shop"}, EventFilter{.cluster = "search"}}) {
    counted_.reads = counted_.cursors = counted_.index_reads = 0;
    const auto through = read_events(counted_, 0, filter, 512, all);
    ASSERT_TRUE(through);
    EXPECT_EQ(*through, log_.last_seq()) << "at once";
    EXPECT_EQ(counted_.reads, 2U);
    EXPECT_EQ(counted_.cursors, 0U);
    EXPECT_EQ(counted_.index_reads, 1U);
  }
  EXPECT_EQ(*read_events(counted_, 0, {.tenant = "nobody"}, 512, all), log_.last_seq());
}

TEST_F(EventReader, NearTheEndOnlyTheEventsAreLookedAt) {
  for (int i = 0; i < 1'000; ++i) append(i % 3 == 0 ? "shop" : "other", "");
  std::size_t given = 0;
  const auto through = read_events(counted_, 900, {.tenant = "shop"}, 512, [&given](const event::Event&) {
    ++given;
    return true;
  });
  EXPECT_EQ(*through, 1'000U);
  EXPECT_EQ(given, wanted(900, {.tenant = "shop"}).size());
  EXPECT_EQ(counted_.index_reads, 0U);
  EXPECT_EQ(*read_events(counted_, 1'000, {.tenant = "shop"}, 512, [](const event::Event&) { return true; }), 1'000U);
}

}  // namespace
}  // namespace esaas::store
