// What the tail of the index holds is what the events say, however it is asked, and goes to the store in order.

#include "store/log/index_tail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "store/log/index_codec.h"
#include "store/log/memory_event_log.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

class IndexTailTest : public ::testing::Test {
 protected:
  void add(std::size_t events) {
    auto batch = samples_.batch(events);
    ASSERT_TRUE(reference_.append(batch));
    tail_.add(std::move(batch.events));
  }
  std::vector<std::uint64_t> find(const IndexQuery& query) {
    return tail_.find(query, std::min(query.to_seq, reference_.last_seq()))->seqs;
  }
  std::vector<std::uint64_t> find_all(const IndexQuery& query) { return tail_.find(query, query.to_seq)->seqs; }

  testing::SampleEvents samples_{5, 8};
  MemoryEventLog reference_;
  IndexTail tail_{1'000};
};

TEST_F(IndexTailTest, AnswersAsALogThatIndexesAtOnce) {
  for (std::size_t i = 0; i < 60; ++i) add(i % 7 + 10);
  const auto some = *reference_.read_one(100);
  for (const auto& [kind, value] : std::map<IndexKind, std::string>{{IndexKind::kCluster, some.cluster()},
                                                                    {IndexKind::kTenant, some.tenant()},
                                                                    {IndexKind::kOperation, some.operation_id()},
                                                                    {IndexKind::kOutcomeLater, "succeeded"},
                                                                    {IndexKind::kActionWord, "v1"},
                                                                    {IndexKind::kAudit, ""}}) {
    IndexQuery query{.kind = kind, .value = value, .limit = 1'000};
    ASSERT_GT(find(query).size(), 1U) << static_cast<int>(kind);
    for (const bool newest_first : {false, true}) {
      for (const std::uint64_t from : {1U, 50U, 120U}) {
        for (const std::size_t limit : {1U, 3U, 1'000U}) {
          query = {.kind = kind,
                   .value = value,
                   .from_seq = from,
                   .to_seq = from + 60,
                   .newest_first = newest_first,
                   .limit = limit};
          EXPECT_EQ(find(query), *reference_.read_index(query))
              << static_cast<int>(kind) << ' ' << from << ' ' << limit;
        }
      }
    }
  }
  EXPECT_TRUE(find({.kind = IndexKind::kCluster, .value = "none"}).empty());
}

TEST_F(IndexTailTest, IsFullWithItsEventsAndForgetsWhatIsStored) {
  add(999);
  EXPECT_FALSE(tail_.is_full());
  add(1);
  EXPECT_TRUE(tail_.is_full());
  std::size_t stored = 0;
  tail_.for_each_posting([&](std::string_view, std::string_view) { ++stored; });
  EXPECT_GT(stored, 50U);
  tail_.forget();
  add(20);
  EXPECT_FALSE(tail_.is_full());
  EXPECT_EQ(tail_.last_seq(), 1'020U);
  for (const auto seq : find({.kind = IndexKind::kTenant, .value = "team-1"})) EXPECT_GT(seq, 1'000U);
  EXPECT_FALSE(tail_.find({.from_seq = 1'000}, 1'020)->is_after_stored);
  EXPECT_TRUE(tail_.find({.from_seq = 1'001}, 1'020)->is_after_stored);
}

TEST_F(IndexTailTest, IsFullWithPostingsHoweverFewTheEvents) {
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    EXPECT_FALSE(tail_.is_full());
    std::vector<event::Event> events{testing::plain_event(seq)};
    events[0].mutable_operation_requested()->set_id("op");
    std::string reason;
    for (std::uint64_t word = 0; word < 30'000; ++word) reason += "w" + std::to_string(seq * 100'000 + word) + " ";
    events[0].mutable_operation_requested()->set_reason(reason);
    tail_.add(std::move(events));
    // Whoever asks has what waits worked out.
    EXPECT_EQ(find_all({.kind = IndexKind::kActionWord, .value = "w" + std::to_string(seq * 100'000)}).size(), 1U);
  }
  EXPECT_TRUE(tail_.is_full());
}

TEST_F(IndexTailTest, IsCompleteForReadersWhileItGrows) {
  std::atomic<std::uint64_t> last = 0;
  std::atomic<std::uint64_t> wrong = 0;
  const auto ask = [&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const std::uint64_t durable = last;
      const auto found = tail_.find({.kind = IndexKind::kCluster, .value = "all", .limit = 1'000'000}, durable);
      if (!found || found->seqs.size() != durable) ++wrong;
    }
  };
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) readers.emplace_back(ask);
    for (int i = 0; i < 200; ++i) {
      std::vector<event::Event> events;
      for (int n = 0; n < i % 60 + 1; ++n) {
        events.push_back(testing::plain_event(last + events.size() + 1));
        events.back().set_cluster("all");
      }
      const std::uint64_t newest = events.back().seq();
      tail_.add(std::move(events));
      last = newest;
    }
  }
  EXPECT_EQ(wrong, 0U);
}

TEST_F(IndexTailTest, GivesItsPostingsInTheOrderOfTheirKeys) {
  for (int i = 0; i < 10; ++i) add(90);
  std::map<std::string, std::string> postings;
  std::string before;
  tail_.for_each_posting([&](std::string_view key, std::string_view distances) {
    EXPECT_LT(before, key);
    before = key;
    postings.emplace(key, distances);
  });
  const IndexQuery query{.kind = IndexKind::kTenant, .value = "team-1", .limit = 1'000};
  const auto wanted = *reference_.read_index(query);
  ASSERT_FALSE(wanted.empty());
  std::vector<std::uint64_t> seqs;
  ASSERT_TRUE(expand_posting(wanted.front(), postings.at(posting_key(query.kind, query.value, wanted.front())), seqs));
  EXPECT_EQ(seqs, wanted);
}

}  // namespace
}  // namespace esaas::store
