// Events that a program without the newer indexes wrote get their entries while the log is in use, however often it is
// stopped meanwhile.

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <set>
#include <thread>

#include "store/log/index_codec.h"
#include "store/log/index_coverage.h"
#include "store/log/index_entries.h"
#include "store/log/memory_event_log.h"
#include "store/log/posting_table.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/closed_database.h"
#include "tests/store/killed_writer.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatches = 300;
constexpr std::size_t kBatch = 50;

class IndexRebuildTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto log = open();
    for (std::size_t i = 0; i < kBatches; ++i) append(*log);
  }

  std::unique_ptr<EventLog> open() {
    auto log = open_rocksdb_log({.directory = directory_.path()});
    EXPECT_TRUE(log) << log.error().detail;
    return log ? std::move(*log) : nullptr;
  }

  void append(EventLog& log) {
    const Batch batch = samples_.batch(kBatch);
    ASSERT_TRUE(reference_.append(batch));
    const auto appended = log.append(batch);
    ASSERT_TRUE(appended) << appended.error().detail;
  }

  /// Into the closed database, as an older program leaves it.
  template <typename Change>
  void change(Change&& change) {
    testing::change_closed_log(directory_.path(), change);
  }

  /// As format 1 has it.
  void store_entries_with_their_events(rocksdb::DB& db, auto* meta, auto* index) {
    ASSERT_TRUE(db.Put({}, meta, "format", "esaas event log 1").ok());
    ASSERT_TRUE(db.DeleteRange({}, index, std::string(1, '\0'), std::string(1, '\xff')).ok());
    PostingTable table;
    for (std::uint64_t first = 1; first <= reference_.last_seq(); first += kBatch) {
      std::vector<event::Event> events;
      for (std::uint64_t seq = first; seq < first + kBatch; ++seq) events.push_back(*reference_.read_one(seq));
      table.collect(events);
      for (const auto& posting : table.postings()) {
        const auto key = posting_key(posting.kind, posting.value, posting.first_seq);
        ASSERT_TRUE(db.Put({}, index, key, posting.distances).ok());
      }
    }
  }

  void forget_all() {
    change([&](rocksdb::DB& db, auto* meta, auto* index) {
      store_entries_with_their_events(db, meta, index);
      ASSERT_TRUE(db.Delete({}, meta, "index").ok());
      ASSERT_TRUE(db.Delete({}, meta, "index_through").ok());
      const std::string first(1, static_cast<char>(kFirstRebuiltKind));
      ASSERT_TRUE(db.DeleteRange({}, index, first, std::string(1, '\xff')).ok());
    });
  }

  /// As the closed database has it.
  std::uint64_t events_missing() {
    std::uint64_t events = 0;
    change([&](rocksdb::DB& db, auto* meta, auto*) {
      std::string stored;
      ASSERT_TRUE(db.Get({}, meta, "index", &stored).ok());
      const auto coverage = IndexCoverage::decode(stored);
      ASSERT_TRUE(coverage) << coverage.error().detail;
      events = coverage->events_missing();
    });
    return events;
  }

  /// With what somebody else appended.
  void catch_up(const EventLog& log) {
    const auto cursor = log.read(reference_.last_seq() + 1);
    ASSERT_TRUE(cursor);
    for (;;) {
      const auto event = (*cursor)->next();
      ASSERT_TRUE(event) << event.error().detail;
      if (*event == nullptr) return;
      ASSERT_TRUE(reference_.append({.events = {**event}}));
    }
  }

  static void wait_until_complete(const EventLog& log) {
    for (int i = 0; i < 6'000 && log.events_to_index() > 0; ++i) std::this_thread::sleep_for(10ms);
    ASSERT_EQ(log.events_to_index(), 0U);
  }

  /// Every value of every kind that any event has.
  void expect_complete(const EventLog& log) {
    std::set<std::pair<IndexKind, std::string>> values;
    IndexTexts texts;
    for (std::uint64_t seq = 1; seq <= reference_.last_seq(); ++seq) {
      const auto event = reference_.read_one(seq);
      ASSERT_TRUE(event);
      for_each_index_entry(*event, texts,
                           [&](IndexKind kind, std::string_view value, std::uint64_t) { values.emplace(kind, value); });
      texts.clear();
    }
    ASSERT_GT(values.size(), 500U);
    for (const auto& [kind, value] : values) {
      const IndexQuery query{.kind = kind, .value = value, .limit = 1'000'000};
      ASSERT_EQ(*log.read_index(query), *reference_.read_index(query)) << static_cast<int>(kind) << ' ' << value;
    }
  }

  testing::TempDirectory directory_;
  testing::SampleEvents samples_{3, 12};
  MemoryEventLog reference_;
};

TEST_F(IndexRebuildTest, ANewLogLacksNothing) {
  const auto log = open();
  EXPECT_EQ(log->events_to_index(), 0U);
  expect_complete(*log);
}

TEST_F(IndexRebuildTest, ALogOfTheFormatBeforeIsCarriedOn) {
  change([&](rocksdb::DB& db, auto* meta, auto* index) {
    store_entries_with_their_events(db, meta, index);
    std::string through(8, '\0');
    for (std::size_t i = 8, rest = reference_.last_seq(); i-- > 0; rest >>= 8U) {
      through[i] = static_cast<char>(rest & 0xffU);
    }
    ASSERT_TRUE(db.Put({}, meta, "index_through", through).ok());
  });
  for (int round = 0; round < 3; ++round) {
    const auto log = open();
    EXPECT_EQ(log->events_to_index(), 0U);
    for (int i = 0; i < 5; ++i) append(*log);
    expect_complete(*log);
  }
  change([](rocksdb::DB& db, auto* meta, auto*) {
    std::string format;
    ASSERT_TRUE(db.Get({}, meta, "format", &format).ok());
    EXPECT_EQ(format, "esaas event log 2") << "which the program before refuses: it does not know of a tail";
  });
}

TEST_F(IndexRebuildTest, AnOlderLogIsIndexedWhileItIsAppendedTo) {
  forget_all();
  const auto log = open();
  EXPECT_GT(log->events_to_index(), 0U);
  for (int i = 0; i < 50; ++i) append(*log);
  wait_until_complete(*log);
  expect_complete(*log);
}

TEST_F(IndexRebuildTest, GoesOnWhereItWasStopped) {
  forget_all();
  std::set<std::uint64_t> missing;
  for (int i = 0; i < 200; ++i) {
    const auto log = open();
    append(*log);
    missing.insert(log->events_to_index());
    if (log->events_to_index() == 0) break;
  }
  EXPECT_GT(missing.size(), 2U) << "it was never stopped in the middle";
  const auto log = open();
  wait_until_complete(*log);
  expect_complete(*log);
}

TEST_F(IndexRebuildTest, GoesOnWhereItWasKilled) {
  forget_all();
  std::set<std::uint64_t> missing;
  for (int round = 0; round < 12; ++round) {
    testing::KilledWriter writer(directory_.path(), round);
    writer.wait_for_first();
    writer.listen(std::chrono::milliseconds(round * 4));
    writer.kill();
    missing.insert(events_missing());
  }
  const auto is_some = [](std::uint64_t events) { return events > 0 && events < kBatches * kBatch; };
  EXPECT_TRUE(std::ranges::any_of(missing, is_some)) << "it was not killed in the middle";
  const auto log = open();
  wait_until_complete(*log);
  catch_up(*log);
  expect_complete(*log);
}

TEST_F(IndexRebuildTest, WhatAnOlderProgramAppendedMeanwhileIsIndexedToo) {
  const std::uint64_t known = reference_.last_seq();
  {
    const auto log = open();
    for (int i = 0; i < 20; ++i) append(*log);
  }
  change([&](rocksdb::DB& db, auto* meta, auto* index) {
    store_entries_with_their_events(db, meta, index);
    std::string through(8, '\0');
    for (std::size_t i = 8, rest = known; i-- > 0; rest >>= 8U) through[i] = static_cast<char>(rest & 0xffU);
    ASSERT_TRUE(db.Put({}, meta, "index_through", through).ok());
    const std::unique_ptr<rocksdb::Iterator> entry(db.NewIterator({}, index));
    for (entry->SeekToFirst(); entry->Valid(); entry->Next()) {
      const bool is_newer =
          static_cast<unsigned char>(entry->key()[0]) >= static_cast<unsigned char>(kFirstRebuiltKind);
      const std::string written = entry->key().ToString().substr(entry->key().size() - 8);
      if (!is_newer || written <= through) continue;
      ASSERT_TRUE(db.Delete({}, index, entry->key()).ok());
    }
  });
  const auto log = open();
  EXPECT_EQ(log->events_to_index(), 20 * kBatch);
  wait_until_complete(*log);
  expect_complete(*log);
}

TEST_F(IndexRebuildTest, ABrokenRecordOfWhatIsIndexedIsToldWhenTheLogIsOpened) {
  change([](rocksdb::DB& db, auto* meta, auto*) { ASSERT_TRUE(db.Put({}, meta, "index", "2 7-3").ok()); });
  const auto log = open_rocksdb_log({.directory = directory_.path()});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(log.error().detail.find("2 7-3"), std::string::npos);
}

}  // namespace
}  // namespace esaas::store
