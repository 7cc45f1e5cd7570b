// What only the log on disk has: opening, versions, locks, full disks, failing syncs, lost writes.

#include "store/log/rocksdb_event_log.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/options_util.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/store/fault_file_system.h"
#include "tests/store/log_check.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using testing::check_log;
using testing::FaultFileSystem;
using testing::plain_event;
using testing::SampleEvents;

class RocksDbLog : public ::testing::Test {
 protected:
  Result<std::unique_ptr<EventLog>> open() {
    return open_rocksdb_log({.directory = directory_.path(), .env = env_.get(), .index_tail_events = tail_});
  }
  std::unique_ptr<EventLog> must_open() {
    auto log = open();
    EXPECT_TRUE(log) << log.error().detail;
    return log ? std::move(*log) : nullptr;
  }
  void fill(EventLog& log, int batches) {
    for (int i = 0; i < batches; ++i) {
      const auto appended = log.append(samples_.batch(20));
      ASSERT_TRUE(appended) << appended.error().detail;
    }
  }
  /// Writes into the closed database past the log.
  void put(const std::string& family, const std::string& key, const std::string& value) {
    rocksdb::Options options;
    std::vector<std::string> names;
    const auto path = (directory_.path() / "db").string();
    ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (const auto& name : names) descriptors.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, path, descriptors, &handles, &db).ok());
    for (auto* handle : handles) {
      if (handle->GetName() != family) continue;
      ASSERT_TRUE((value.empty() ? db->Delete({}, handle, key) : db->Put({}, handle, key, value)).ok());
    }
    for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    delete db;
  }
  static std::string key_of(std::uint64_t seq) {
    std::string key(8, '\0');
    for (std::size_t i = 8; i-- > 0; seq >>= 8U) key[i] = static_cast<char>(static_cast<unsigned char>(seq));
    return key;
  }

  testing::TempDirectory directory_;
  std::shared_ptr<FaultFileSystem> files_ = std::make_shared<FaultFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(files_);
  SampleEvents samples_;
  std::size_t tail_ = 10;
};

TEST_F(RocksDbLog, IsNotCreatedUnlessAsked) {
  const auto refused = open_rocksdb_log({.directory = directory_.path() / "none", .create_if_missing = false});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "none"));
}

TEST_F(RocksDbLog, HeldByAnotherIsUnavailable) {
  const auto log = must_open();
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << refused.error().detail;
  EXPECT_NE(refused.error().detail.find("LOCK"), std::string::npos);
}

TEST_F(RocksDbLog, OfAnotherFormatIsUnsupported) {
  fill(*must_open(), 1);
  put("default", "format", "esaas event log 3");
  const auto refused = open();
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_NE(refused.error().detail.find("esaas event log 3"), std::string::npos);
  put("default", "format", "");
  EXPECT_EQ(open().error().code, ErrorCode::kDataLoss);
}

TEST_F(RocksDbLog, WithColumnFamiliesThatItDoesNotKnowIsUnsupported) {
  must_open().reset();
  {
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const char* name : {"default", "events", "idx", "idempotency", "from_the_future"}) {
      families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    }
    rocksdb::DBOptions options;
    options.create_missing_column_families = true;
    ASSERT_TRUE(rocksdb::DB::Open(options, (directory_.path() / "db").string(), families, &handles, &db).ok());
    for (auto* handle : handles) ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    delete db;
  }
  EXPECT_EQ(open().error().code, ErrorCode::kUnsupportedVersion);
}

TEST_F(RocksDbLog, MissingEventIsNamedAndNeverSkipped) {
  fill(*must_open(), 2);
  put("events", key_of(17), "");
  const auto log = must_open();
  const auto checked = check_log(*log);
  EXPECT_EQ(checked.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(checked.error().detail.find("event 17"), std::string::npos) << checked.error().detail;
  EXPECT_EQ(log->read_one(17).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(log->read(17)->get()->next().error().code, ErrorCode::kDataLoss);
}

TEST_F(RocksDbLog, ReplacedRecordIsFound) {
  fill(*must_open(), 2);
  put("events", key_of(17), "rubbish");
  EXPECT_NE(check_log(*must_open()).error().detail.find("event 17"), std::string::npos);
  put("events", key_of(40), "rubbish");
  EXPECT_NE(open().error().detail.find("event 40"), std::string::npos) << "the newest event is looked at on opening";
}

TEST_F(RocksDbLog, WhoseNewestEventsCannotBeIndexedIsRefused) {
  tail_ = 1'000;
  fill(*must_open(), 2);
  put("events", key_of(17), "rubbish");
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().detail.find("event 17"), std::string::npos) << refused.error().detail;
}

TEST_F(RocksDbLog, ThatDoesNotSayHowFarItIsIndexedIsRefused) {
  fill(*must_open(), 3);
  put("default", "index_through", key_of(61));
  EXPECT_EQ(open().error().code, ErrorCode::kDataLoss) << "beyond its end";
  put("default", "index_through", "");
  EXPECT_EQ(open().error().code, ErrorCode::kDataLoss);
}

TEST_F(RocksDbLog, FailedAppendAddsNothingToTheIndex) {
  auto log = must_open();
  fill(*log, 3);
  const IndexQuery query{.kind = IndexKind::kTenant, .value = "team-0", .limit = 1'000};
  const auto before = *log->read_index(query);
  ASSERT_FALSE(before.empty());
  files_->fail_syncs(true);
  ASSERT_FALSE(log->append(samples_.batch(500)));
  EXPECT_EQ(*log->read_index(query), before);
}

TEST_F(RocksDbLog, IndexIsWholeWhileItsTailIsStored) {
  // Some readers ask all the time while entries go from the tail to the store: nothing is missing or twice meanwhile.
  auto log = must_open();
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> asked = 0;
  std::atomic<std::uint64_t> wrong = 0;
  const auto ask = [&](bool newest_first) {
    while (!stop) {
      const std::uint64_t last = log->last_seq();
      const auto seqs = log->read_index({.kind = IndexKind::kCluster,
                                         .value = "all",
                                         .to_seq = last,
                                         .newest_first = newest_first,
                                         .limit = 100'000});
      bool is_right = seqs && seqs->size() == last;
      for (std::size_t i = 0; is_right && i < last; ++i) is_right = (*seqs)[i] == (newest_first ? last - i : i + 1);
      ++(is_right ? asked : wrong);
    }
  };
  std::jthread forward(ask, false);
  std::jthread backward(ask, true);
  for (int i = 0; i < 300 || (asked < 200 && wrong == 0); ++i) {
    Batch batch;
    for (std::uint64_t n = 1; n <= 3; ++n) {
      batch.events.push_back(plain_event(log->last_seq() + n));
      batch.events.back().set_cluster("all");
    }
    ASSERT_TRUE(log->append(std::move(batch)));
  }
  stop = true;
  EXPECT_EQ(wrong, 0U);
  EXPECT_GE(asked, 200U);
}

TEST_F(RocksDbLog, WithoutItsWatermarkIsRefused) {
  fill(*must_open(), 1);
  std::filesystem::remove(directory_.path() / "ACKNOWLEDGED");
  const auto refused = open();
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().detail.find("ACKNOWLEDGED"), std::string::npos);
}

TEST_F(RocksDbLog, WithoutItsDatabaseIsRefused) {
  fill(*must_open(), 1);
  std::filesystem::remove_all(directory_.path() / "db");
  EXPECT_EQ(open().error().code, ErrorCode::kDataLoss);
}

TEST_F(RocksDbLog, WithoutWatermarkAndCurrentButWithDataIsRefused) {
  fill(*must_open(), 1);
  std::filesystem::remove(directory_.path() / "ACKNOWLEDGED");
  std::filesystem::remove(directory_.path() / "db" / "CURRENT");
  const auto refused = open();
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().detail.find("CURRENT"), std::string::npos);
}

TEST_F(RocksDbLog, AnOlderCopyOfTheDatabaseIsRefused) {
  fill(*must_open(), 1);
  std::filesystem::copy(directory_.path() / "db", directory_.path() / "old", std::filesystem::copy_options::recursive);
  fill(*must_open(), 1);
  std::filesystem::remove_all(directory_.path() / "db");
  std::filesystem::rename(directory_.path() / "old", directory_.path() / "db");
  const auto refused = open();
  EXPECT_EQ(refused.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(refused.error().detail.find("ends at event 20"), std::string::npos) << refused.error().detail;
}

TEST_F(RocksDbLog, FullDiskFailsTheAppendKeepsTheRestAndRecovers) {
  auto log = must_open();
  fill(*log, 3);
  files_->set_free_bytes(1000);
  const auto failed = log->append(samples_.batch(20));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kInternal);
  EXPECT_NE(failed.error().detail.find("full"), std::string::npos) << failed.error().detail;
  EXPECT_NE(failed.error().detail.find("61 to 80"), std::string::npos) << failed.error().detail;
  EXPECT_EQ(log->last_seq(), 60U);
  EXPECT_EQ(*check_log(*log), 60U);
  files_->set_free_bytes(INT64_MAX);
  const auto again = log->append({{plain_event(61, log->last_time_at_us())}, {}});
  EXPECT_EQ(again.error(), failed.error()) << "poisoned, even when there is space again";
  log.reset();
  log = must_open();
  EXPECT_EQ(log->last_seq(), 60U);
  EXPECT_EQ(*check_log(*log), 60U);
  EXPECT_TRUE(log->append({{plain_event(61, log->last_time_at_us())}, {}}));
}

TEST_F(RocksDbLog, DiskThatIsFullFromTheStartIsAnErrorOfOpening) {
  files_->set_free_bytes(10);
  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  files_->set_free_bytes(INT64_MAX);
  fill(*must_open(), 1);
}

TEST_F(RocksDbLog, FailedSyncPoisonsAndTellsNobody) {
  auto log = must_open();
  fill(*log, 1);
  std::uint64_t told = 0;
  {
    const auto subscription = log->tail().subscribe([&](std::uint64_t seq) { told = seq; });
    files_->fail_syncs(true);
    const auto failed = log->append(samples_.batch(20));
    ASSERT_FALSE(failed);
    EXPECT_EQ(log->append(samples_.batch(20)).error(), failed.error());
  }
  EXPECT_EQ(told, 0U);
  EXPECT_EQ(log->last_seq(), 20U);
  EXPECT_EQ(log->read_one(21).error().code, ErrorCode::kNotFound);
  files_->fail_syncs(false);
  log.reset();
  log = must_open();
  EXPECT_TRUE(log->last_seq() == 20U || log->last_seq() == 40U) << "as a whole or not at all: " << log->last_seq();
  EXPECT_EQ(*check_log(*log), log->last_seq());
}

TEST_F(RocksDbLog, LosesNothingAcknowledgedWhenUnsyncedBytesAreLost) {
  for (int round = 0; round < 6; ++round) {
    auto log = must_open();
    ASSERT_NE(log, nullptr);
    const std::uint64_t before = log->last_seq();
    EXPECT_EQ(before, static_cast<std::uint64_t>(round) * 100);
    fill(*log, 5);
    log.reset();
    files_->lose_unsynced();
  }
  EXPECT_EQ(*check_log(*must_open()), 600U);
}

/// How many tables of events it has once those that an opening leaves are where they stay; 1,000 when they never are.
std::size_t tables_of_events(const DurableLog& log) {
  for (int attempt = 0; attempt < 5'000; ++attempt) {
    std::vector<rocksdb::LiveFileMetaData> tables;
    log.database().GetLiveFilesMetaData(&tables);
    std::erase_if(tables, [](const auto& table) { return table.column_family_name != "events"; });
    if (std::ranges::all_of(tables, [](const auto& table) { return table.level > 0; })) return tables.size();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return 1'000;
}

TEST_F(RocksDbLog, HasFewTablesHoweverOftenItIsOpened) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto log = open_rocksdb_log({.directory = directory_.path(), .env = env_.get()});
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_LE(tables_of_events(**log), 18U);
    EXPECT_EQ(*check_log(**log), i * 20);
    fill(**log, 1);
  }
}

TEST_F(RocksDbLog, IsNotHeldUpByHowMuchIsStored) {
  must_open();
  rocksdb::DBOptions options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  const auto path = (directory_.path() / "db").string();
  ASSERT_TRUE(rocksdb::LoadLatestOptions(path, rocksdb::Env::Default(), &options, &families).ok());
  const auto events = std::ranges::find(families, "events", &rocksdb::ColumnFamilyDescriptor::name);
  ASSERT_NE(events, families.end());
  EXPECT_EQ(events->options.soft_pending_compaction_bytes_limit, 0U);
  EXPECT_EQ(events->options.hard_pending_compaction_bytes_limit, 0U);
}

TEST_F(RocksDbLog, KeepsWhatIsColdInZstdWithATrainedDictionary) {
  {
    const auto log = must_open();
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(log->append(samples_.batch(1'000)));
  }
  const auto path = (directory_.path() / "db").string();
  rocksdb::DBOptions options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  ASSERT_TRUE(rocksdb::LoadLatestOptions(path, rocksdb::Env::Default(), &options, &families).ok());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, path, families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
  for (auto* handle : handles) {
    if (handle->GetName() == "events") {
      // As it comes to be in time, by itself: at the deepest level. A first table alone would only be moved there.
      rocksdb::CompactRangeOptions deepest;
      deepest.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      ASSERT_TRUE(db->CompactRange(deepest, handle, nullptr, nullptr).ok());
      rocksdb::TablePropertiesCollection tables;
      ASSERT_TRUE(db->GetPropertiesOfAllTables(handle, &tables).ok());
      ASSERT_FALSE(tables.empty());
      for (const auto& [name, table] : tables) {
        EXPECT_EQ(table->compression_name, "ZSTD") << name;
        EXPECT_NE(table->compression_options.find("max_dict_bytes=65536"), std::string::npos)
            << table->compression_options;
      }
    }
    ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  ASSERT_TRUE(db->Close().ok());
  EXPECT_EQ(*check_log(*must_open()), 20'000U);
}

}  // namespace
}  // namespace esaas::store
