// One suite for every EventLog: what the interface promises holds in memory and on disk.

#include <gtest/gtest.h>

#include <memory>

#include "store/log/event_log.h"
#include "store/log/memory_event_log.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using testing::plain_event;
using testing::SampleEvents;

constexpr std::int64_t kDayUs = 24LL * 3600 * 1'000'000;

struct InMemory {
  std::unique_ptr<EventLog> log = std::make_unique<MemoryEventLog>();
  /// As a new process would find it.
  void restart() { static_cast<MemoryEventLog&>(*log).reopen(); }
};

/// `kTail` events wait in memory for their index entries to be stored.
template <std::size_t kTail>
struct OnDiskWith {
  testing::TempDirectory directory;
  std::unique_ptr<EventLog> log = open();
  std::unique_ptr<EventLog> open() {
    auto opened = open_rocksdb_log({.directory = directory.path(), .index_tail_events = kTail});
    if (!opened) ADD_FAILURE() << opened.error().detail;
    return opened ? std::move(*opened) : nullptr;
  }
  void restart() {
    log.reset();
    log = open();
  }
};

template <typename Kind>
class EventLogSuite : public ::testing::Test {
 protected:
  EventLog& log() { return *kind_.log; }
  void restart() { kind_.restart(); }

  void append(Batch batch) {
    const auto appended = log().append(std::move(batch));
    ASSERT_TRUE(appended) << appended.error().detail;
  }
  void append_plain(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) append({{plain_event(log().last_seq() + 1)}, {}});
  }

  std::vector<event::Event> read_all(std::uint64_t from_seq = 1, ReadOptions options = {}) {
    std::vector<event::Event> events;
    auto cursor = log().read(from_seq, options);
    EXPECT_TRUE(cursor);
    for (;;) {
      const auto event = (*cursor)->next();
      if (!event) {
        ADD_FAILURE() << event.error().detail;
        return events;
      }
      if (*event == nullptr) return events;
      events.push_back(**event);
    }
  }
  std::vector<std::uint64_t> index(const IndexQuery& query) {
    const auto seqs = log().read_index(query);
    EXPECT_TRUE(seqs) << seqs.error().detail;
    return seqs.value_or(std::vector<std::uint64_t>{});
  }

 private:
  Kind kind_;
};

using OnDisk = OnDiskWith<kIndexTailEvents>;
/// Index entries are stored with the next append, or after some, and not only long after what the tests append.
using OnDiskAtOnce = OnDiskWith<1>;
using OnDiskSoon = OnDiskWith<100>;

using Kinds = ::testing::Types<InMemory, OnDisk, OnDiskAtOnce, OnDiskSoon>;
TYPED_TEST_SUITE(EventLogSuite, Kinds);

TYPED_TEST(EventLogSuite, IsEmptyAtFirst) {
  EXPECT_EQ(this->log().last_seq(), 0U);
  EXPECT_EQ(this->log().last_time_at_us(), 0);
  EXPECT_TRUE(this->read_all().empty());
  EXPECT_EQ(this->log().hash_of(0), Hash{});
  EXPECT_EQ(this->log().read_one(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->log().hash_of(1).error().code, ErrorCode::kNotFound);
}

TYPED_TEST(EventLogSuite, GivesBackWhatWasAppendedInOrder) {
  SampleEvents samples;
  const auto events = samples.take(500);
  for (std::size_t i = 0; i < 500; i += 100) {
    this->append({{events.begin() + static_cast<long>(i), events.begin() + static_cast<long>(i) + 100}, {}});
  }
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(this->log().last_seq(), 500U);
    EXPECT_EQ(this->log().last_time_at_us(), events.back().time_at_us());
    auto stored = this->read_all();
    ASSERT_EQ(stored.size(), 500U);
    for (std::size_t i = 0; i < 500; ++i) {
      EXPECT_EQ(stored[i].prev_hash().size(), 32U);
      stored[i].clear_prev_hash();
      EXPECT_EQ(stored[i].SerializeAsString(), events[i].SerializeAsString()) << "event " << i + 1;
    }
    this->restart();
  }
}

TYPED_TEST(EventLogSuite, ReadsFromAnySeqAndOne) {
  this->append_plain(20);
  const auto events = this->read_all(15);
  ASSERT_EQ(events.size(), 6U);
  EXPECT_EQ(events.front().seq(), 15U);
  EXPECT_EQ(this->read_all(0).size(), 20U);
  EXPECT_TRUE(this->read_all(21).empty());
  EXPECT_TRUE(this->read_all(1'000).empty());
  EXPECT_EQ(this->log().read_one(7)->seq(), 7U);
}

TYPED_TEST(EventLogSuite, ReadsOfSomePayloadsAlone) {
  SampleEvents samples;
  this->append({samples.take(2'000), {}});
  PayloadSet payloads;
  payloads.set(event::Event::kTaskStatusChanged);
  payloads.set(event::Event::kClusterCreated);
  std::vector<std::string> wanted;
  for (const auto& event : this->read_all(300, {.to_seq = 1'800})) {
    if (event.has_task_status_changed() || event.has_cluster_created()) wanted.push_back(event.SerializeAsString());
  }
  ASSERT_GT(wanted.size(), 100U);
  std::vector<std::string> got;
  for (const auto& event : this->read_all(300, {.to_seq = 1'800, .payloads = payloads})) {
    got.push_back(event.SerializeAsString());
  }
  EXPECT_EQ(got, wanted);
  payloads.reset();
  payloads.set(event::Event::kFrameworkStopped);
  EXPECT_TRUE(this->read_all(1, {.payloads = payloads}).empty());
}

TYPED_TEST(EventLogSuite, BindsEachEventToTheBytesBeforeIt) {
  this->append_plain(3);
  const auto events = this->read_all(1, {.verify_chain = true});
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].prev_hash(), std::string(32, '\0'));
  EXPECT_EQ(events[1].prev_hash(), to_bytes(*this->log().hash_of(1)));
  EXPECT_EQ(events[2].prev_hash(), to_bytes(*this->log().hash_of(2)));
  EXPECT_EQ(this->read_all(3, {.verify_chain = true}).size(), 1U);
}

TYPED_TEST(EventLogSuite, ContinuesTheChainAfterARestart) {
  this->append_plain(3);
  this->restart();
  this->append_plain(3);
  EXPECT_EQ(this->read_all(1, {.verify_chain = true}).size(), 6U);
}

TYPED_TEST(EventLogSuite, RefusesSeqsThatDoNotFollowAndStaysUsable) {
  this->append_plain(2);
  for (const std::uint64_t seq : {1U, 2U, 4U}) {
    const auto refused = this->log().append({{plain_event(seq)}, {}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_EQ(refused.error().rule, "expected_seq");
  }
  const auto gap = this->log().append({{plain_event(3), plain_event(5)}, {}});
  EXPECT_EQ(gap.error().code, ErrorCode::kConflict);
  this->append_plain(1);
  EXPECT_EQ(this->log().last_seq(), 3U);
}

TYPED_TEST(EventLogSuite, RefusesBadBatchesAndStaysUsable) {
  this->append({{plain_event(1, 100)}, {}});
  auto no_payload = plain_event(2, 100);
  no_payload.clear_payload();
  auto zero_byte = plain_event(2, 100);
  zero_byte.set_cluster(std::string("a\0b", 3));
  auto long_name = plain_event(2, 100);
  long_name.set_tenant(std::string(2000, 'x'));
  auto huge = plain_event(2, 100);
  huge.mutable_controller_started()->set_version(std::string(5U << 20U, 'x'));
  const std::vector<Batch> bad = {
      {},
      {{plain_event(2, 99)}, {}},
      {{no_payload}, {}},
      {{zero_byte}, {}},
      {{long_name}, {}},
      {{huge}, {}},
      {{plain_event(2, 100)}, {{.key = ""}}},
      {{plain_event(2, 100)}, {{.key = "k", .at_us = 101}}},
  };
  for (const auto& batch : bad) {
    const auto refused = this->log().append(batch);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument) << refused.error().detail;
  }
  this->append({{plain_event(2, 100)}, {}});
  EXPECT_EQ(this->log().last_seq(), 2U);
}

TYPED_TEST(EventLogSuite, CursorSeesTheSnapshotItWasMadeOn) {
  this->append_plain(5);
  auto cursor = this->log().read(1);
  ASSERT_TRUE(cursor);
  this->append_plain(5);
  for (std::uint64_t seq = 1; seq <= 5; ++seq) EXPECT_EQ((**(*cursor)->next()).seq(), seq);
  EXPECT_EQ(*(*cursor)->next(), nullptr);
  EXPECT_EQ(*(*cursor)->next(), nullptr);
}

TYPED_TEST(EventLogSuite, FindsEventsByEveryIndex) {
  SampleEvents samples(3, 6);
  std::vector<event::Event> events = samples.take(600);
  for (std::size_t at = 0, size = 1; at < events.size(); at += size, size = size % 97 + 13) {
    const std::size_t end = std::min(at + size, events.size());
    this->append({{events.begin() + static_cast<long>(at), events.begin() + static_cast<long>(end)}, {}});
  }
  const auto matching = [&](auto predicate) {
    std::vector<std::uint64_t> seqs;
    for (const auto& event : events) {
      if (predicate(event)) seqs.push_back(event.seq());
    }
    return seqs;
  };
  const auto cluster = events[300].cluster();
  const auto operation = events[300].operation_id();
  constexpr std::size_t kAll = 10'000;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(this->index({.kind = IndexKind::kCluster, .value = cluster, .limit = kAll}),
              matching([&](const auto& event) { return event.cluster() == cluster; }));
    EXPECT_EQ(this->index({.kind = IndexKind::kOperation, .value = operation, .limit = kAll}),
              matching([&](const auto& event) { return event.operation_id() == operation; }));
    EXPECT_EQ(this->index({.kind = IndexKind::kTenant, .value = "team-2", .limit = kAll}),
              matching([&](const auto& event) { return event.tenant() == "team-2"; }));
    const auto requested = matching([](const auto& event) { return event.has_operation_requested(); });
    EXPECT_FALSE(requested.empty());
    EXPECT_EQ(this->index({.kind = IndexKind::kAudit, .limit = kAll}), requested);
    EXPECT_EQ(this->index({.kind = IndexKind::kUserAudit, .value = "token-1", .limit = kAll}),
              matching([](const auto& event) {
                return event.has_operation_requested() && event.actor().name() == "token-1";
              }));
    EXPECT_EQ(
        this->index({.kind = IndexKind::kClusterAudit, .value = cluster, .limit = kAll}),
        matching([&](const auto& event) { return event.has_operation_requested() && event.cluster() == cluster; }));
    this->restart();
  }
}

TYPED_TEST(EventLogSuite, NeverMixesValuesThatBeginAlike) {
  std::vector<event::Event> events;
  for (const char* cluster : {"a", "ab", "a", "abc"}) {
    events.push_back(plain_event(events.size() + 1));
    events.back().set_cluster(cluster);
  }
  this->append({events, {}});
  EXPECT_EQ(this->index({.kind = IndexKind::kCluster, .value = "a"}), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(this->index({.kind = IndexKind::kCluster, .value = "ab"}), (std::vector<std::uint64_t>{2}));
  EXPECT_TRUE(this->index({.kind = IndexKind::kCluster, .value = "b"}).empty());
  EXPECT_TRUE(this->index({.kind = IndexKind::kTenant, .value = "a"}).empty());
}

TYPED_TEST(EventLogSuite, PagesThroughAnIndexBothWays) {
  for (int batch = 0; batch < 10; ++batch) {
    std::vector<event::Event> events;
    for (int i = 0; i < 7; ++i) {
      events.push_back(plain_event(this->log().last_seq() + events.size() + 1));
      events.back().set_cluster(i % 2 == 0 ? "even" : "odd");
    }
    this->append({events, {}});
  }
  const auto all = this->index({.kind = IndexKind::kCluster, .value = "even", .limit = 1'000});
  ASSERT_EQ(all.size(), 40U);
  std::vector<std::uint64_t> forward;
  for (std::uint64_t from = 1;;) {
    const auto page = this->index({.kind = IndexKind::kCluster, .value = "even", .from_seq = from, .limit = 3});
    if (page.empty()) break;
    forward.insert(forward.end(), page.begin(), page.end());
    from = page.back() + 1;
  }
  EXPECT_EQ(forward, all);
  std::vector<std::uint64_t> backward;
  for (std::uint64_t to = std::numeric_limits<std::uint64_t>::max();;) {
    const auto page =
        this->index({.kind = IndexKind::kCluster, .value = "even", .to_seq = to, .newest_first = true, .limit = 3});
    if (page.empty()) break;
    backward.insert(backward.begin(), page.rbegin(), page.rend());
    to = page.back() - 1;
  }
  EXPECT_EQ(backward, all);
  EXPECT_EQ(this->index({.kind = IndexKind::kCluster, .value = "even", .from_seq = 10, .to_seq = 12}),
            (std::vector<std::uint64_t>{10, 12}));
}

TYPED_TEST(EventLogSuite, RemembersIdempotencyKeys) {
  const IdempotencyEntry entry{"team/key", "hash", "op-1", 1, 1, 0};
  this->append({{plain_event(1)}, {entry}});
  for (int round = 0; round < 2; ++round) {
    const auto found = this->log().find_idempotency("team/key");
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, entry);
    EXPECT_EQ(*this->log().find_idempotency("team/other"), std::nullopt);
    this->restart();
  }
}

TYPED_TEST(EventLogSuite, ForgetsIdempotencyKeysAfterSevenDays) {
  this->append({{plain_event(1, 0)}, {{.key = "old", .seq = 1, .at_us = 0}}});
  this->append({{plain_event(2, kDayUs)}, {{.key = "young", .seq = 2, .at_us = kDayUs}}});
  this->append({{plain_event(3, 7 * kDayUs)}, {}});
  EXPECT_TRUE(this->log().find_idempotency("old")->has_value());
  this->append({{plain_event(4, 7 * kDayUs + 1)}, {}});
  EXPECT_FALSE(this->log().find_idempotency("old")->has_value());
  EXPECT_TRUE(this->log().find_idempotency("young")->has_value());
  this->restart();
  EXPECT_FALSE(this->log().find_idempotency("old")->has_value());
  this->append({{plain_event(5, 9 * kDayUs)}, {}});
  EXPECT_FALSE(this->log().find_idempotency("young")->has_value());
}

TYPED_TEST(EventLogSuite, KeepsAKeyThatWasUsedAnew) {
  this->append({{plain_event(1, 0)}, {{.key = "key", .seq = 1, .at_us = 0}}});
  this->append({{plain_event(2, 5 * kDayUs)}, {{.key = "key", .seq = 2, .at_us = 5 * kDayUs}}});
  this->append({{plain_event(3, 8 * kDayUs)}, {}});
  this->append({{plain_event(4, 8 * kDayUs)}, {}});
  const auto found = this->log().find_idempotency("key");
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->seq, 2U);
}

TYPED_TEST(EventLogSuite, KeepsAKeyThatIsUsedAnewInTheBatchThatForgetsIt) {
  this->append({{plain_event(1, 0)}, {{.key = "key", .seq = 1, .at_us = 0}}});
  this->append({{plain_event(2, 9 * kDayUs)}, {{.key = "key", .seq = 2, .at_us = 9 * kDayUs}}});
  const auto found = this->log().find_idempotency("key");
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->seq, 2U);
}

TYPED_TEST(EventLogSuite, TellsTheTailOfEveryAppendOnceItIsVisible) {
  std::vector<std::uint64_t> told;
  {
    const auto subscription = this->log().tail().subscribe([&](std::uint64_t seq) {
      EXPECT_EQ(this->log().last_seq(), seq);
      told.push_back(seq);
    });
    this->append_plain(2);
    SampleEvents samples;
    this->append({{plain_event(3), plain_event(4)}, {}});
  }
  this->append_plain(1);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 2, 4}));
}

}  // namespace
}  // namespace esaas::store
