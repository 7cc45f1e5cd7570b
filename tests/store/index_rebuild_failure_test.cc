// When the events that lack index entries can not be read for a while: that is told, and tried again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "store/log/index_entries.h"
#include "store/log/rocksdb_event_log.h"
#include "tests/store/closed_database.h"
#include "tests/store/fault_file_system.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr int kBatches = 400;
constexpr std::size_t kBatch = 50;

class IndexRebuildFailureTest : public ::testing::Test {
 protected:
  IndexRebuildFailureTest() {
    options_.directory = directory_.path();
    options_.env = env_.get();
    options_.index_retry = 10ms;
    options_.on_index_failure = [this](const Error& why) {
      const std::lock_guard lock(mutex_);
      ++failures_;
      why_ = why.detail;
    };
    {
      const auto log = *open_rocksdb_log(options_);
      testing::SampleEvents samples;
      for (int i = 0; i < kBatches; ++i) EXPECT_TRUE(log->append(samples.batch(kBatch)));
    }
    files_->set_good_reads(INT64_MAX);
    EXPECT_TRUE(open_rocksdb_log(options_));
    reads_of_opening_ = INT64_MAX - files_->good_reads();
    forget_index();
  }

  /// As a program that did not know of it leaves the closed log; and nothing of it is in memory only.
  void forget_index() {
    testing::change_closed_log(directory_.path(), [](rocksdb::DB& db, auto* meta, auto*) {
      ASSERT_TRUE(db.Put({}, meta, "format", "esaas event log 1").ok());
      for (const char* key : {"index", "index_through"}) ASSERT_TRUE(db.Delete({}, meta, key).ok());
    });
  }

  /// A log that could be opened and whose events can not be read from then on.
  std::unique_ptr<DurableLog> open_until_reads_fail() {
    for (std::int64_t reads = std::max<std::int64_t>(reads_of_opening_ / 2, 1); reads < reads_of_opening_ + 100;
         ++reads) {
      files_->set_good_reads(reads);
      auto log = open_rocksdb_log(options_);
      if (log) return std::move(*log);
    }
    return nullptr;
  }
  int failures() {
    const std::lock_guard lock(mutex_);
    return failures_;
  }

  testing::TempDirectory directory_;
  std::shared_ptr<testing::FaultFileSystem> files_ = std::make_shared<testing::FaultFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(files_);
  RocksDbLogOptions options_;
  std::mutex mutex_;
  int failures_ = 0;
  std::string why_;
  std::int64_t reads_of_opening_ = 0;  // as RocksDB does it
};

TEST_F(IndexRebuildFailureTest, IsToldAndTriedAgainUntilItSucceeds) {
  const auto log = open_until_reads_fail();
  ASSERT_NE(log, nullptr);
  for (int i = 0; i < 3'000 && failures() < 3; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_GE(failures(), 3);
  const auto failure = log->index_failure();
  ASSERT_TRUE(failure);
  EXPECT_THAT(failure->detail, HasSubstr("a read that the test lets fail"));
  EXPECT_EQ(why_, failure->detail);
  EXPECT_GT(log->events_to_index(), 0U);
  files_->set_good_reads(INT64_MAX);
  for (int i = 0; i < 6'000 && log->events_to_index() > 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(log->events_to_index(), 0U);
  EXPECT_FALSE(log->index_failure());
  EXPECT_FALSE(log->read_index({.kind = IndexKind::kActionAudit, .value = "create"})->empty());
}

TEST_F(IndexRebuildFailureTest, AStopDoesNotWaitForTheNextTry) {
  options_.index_retry = 1h;
  auto log = open_until_reads_fail();
  ASSERT_NE(log, nullptr);
  for (int i = 0; i < 3'000 && failures() < 1; ++i) std::this_thread::sleep_for(10ms);
  ASSERT_EQ(failures(), 1);
  const auto begin = std::chrono::steady_clock::now();
  log.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

}  // namespace
}  // namespace esaas::store
