// Backups of a log on disk, and the way back from them.

#include "store/backup/backups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <stop_token>
#include <thread>

#include "core/base/text.h"
#include "store/backup/backup_room.h"
#include "store/backup/restore.h"
#include "tests/store/log_without_indexes.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class BackupsTest : public ::testing::Test {
 protected:
  BackupsTest() {
    log_ = open(home_.path() / "log");
    append(20);
  }

  static std::unique_ptr<DurableLog> open(const fs::path& directory, bool create = true) {
    auto log = open_rocksdb_log({.directory = directory, .create_if_missing = create, .env = nullptr});
    EXPECT_TRUE(log) << log.error().detail;
    return log ? std::move(*log) : nullptr;
  }

  /// Batches of 50, each with an idempotency key of its first event.
  void append(int batches) {
    for (int i = 0; i < batches; ++i) {
      Batch batch = samples_.batch(50);
      const event::Event& first = batch.events.front();
      batch.idempotency.push_back({.key = "key-" + std::to_string(first.seq()),
                                   .body_hash = "hash",
                                   .operation_id = "op-1",
                                   .seq = first.seq(),
                                   .revision = 1,
                                   .at_us = first.time_at_us()});
      ASSERT_TRUE(log_->append(std::move(batch)));
    }
  }

  Backups backups() {
    auto opened = Backups::open(home_.path() / "backups");
    EXPECT_TRUE(opened) << opened.error().detail;
    return std::move(*opened);
  }
  Backup take(const std::string& name, SecretStore* secrets = nullptr) {
    auto taken = backups().take(*log_, {.name = name, .now = kNow, .secrets = secrets});
    EXPECT_TRUE(taken) << taken.error().detail;
    return taken.value_or(Backup{});
  }
  [[nodiscard]] RestoreTarget target(const std::string& name = "restored") const {
    return {.log_directory = home_.path() / name / "log", .secret_directory = home_.path() / name / "secrets"};
  }
  Result<Restored> restore_to(const std::string& name, const std::string& backup, RestoreLimit limit = {}) {
    fs::create_directories(home_.path() / name);
    Backups from = backups();
    ESAAS_TRY(const Backup found, from.find(backup));
    return restore(from, found, limit, target(name), "jin", kNow);
  }

  /// The events up to `last` are those of the first log, bytes and all, and a LogRestored is behind them.
  void expect_same(const DurableLog& restored, std::uint64_t last) {
    ASSERT_EQ(restored.last_seq(), last + 1);
    for (std::uint64_t seq = 0; seq <= last; ++seq) ASSERT_EQ(*restored.hash_of(seq), *log_->hash_of(seq)) << seq;
    const auto event = restored.read_one(last + 1);
    ASSERT_TRUE(event) << event.error().detail;
    EXPECT_EQ(event->log_restored().through_seq(), last);
    EXPECT_EQ(event->actor().name(), "jin");
    EXPECT_GE(event->time_at_us(), log_->read_one(last)->time_at_us());
    for (const auto& [kind, value] : {std::pair(IndexKind::kAudit, ""), std::pair(IndexKind::kTenant, "team-2")}) {
      const IndexQuery query{.kind = kind, .value = value, .to_seq = last, .limit = 100'000};
      EXPECT_EQ(*restored.read_index(query), *log_->read_index(query));
    }
    EXPECT_EQ(restored.events_to_index(), 0U);
  }

  static constexpr Time kNow = from_us(1'476'230'400'000'000);
  testing::TempDirectory home_;
  testing::SampleEvents samples_{5, 20};
  std::unique_ptr<DurableLog> log_;
};

TEST_F(BackupsTest, AreTheSameLogWhenTheyAreRestored) {
  const Backup taken = take("first");
  EXPECT_EQ(taken.through_seq, 1'000U);
  EXPECT_GT(taken.bytes, 10'000U);
  const auto restored = restore_to("restored", "first");
  ASSERT_TRUE(restored) << restored.error().detail;
  EXPECT_EQ(restored->through_seq, 1'000U);
  EXPECT_EQ(restored->seq, 1'001U);
  const auto log = open(target().log_directory, false);
  expect_same(*log, 1'000);
  EXPECT_EQ(log->idempotency_entries()->size(), log_->idempotency_entries()->size());
  EXPECT_EQ((*log->find_idempotency("key-951"))->seq, 951U);
  const auto restored_event = *log->read_one(1'001);
  EXPECT_EQ(restored_event.log_restored().source(), "first");
  EXPECT_EQ(restored_event.log_restored().taken_at_us(), to_us(kNow));
}

TEST_F(BackupsTest, EndAtAnyEventOrMomentThatIsAskedFor) {
  take("first");
  for (const std::uint64_t seq : {1UL, 2UL, 499UL, 500UL, 999UL}) {
    const std::string name = "at-" + std::to_string(seq);
    const auto restored = restore_to(name, "first", {.seq = seq});
    ASSERT_TRUE(restored) << restored.error().detail;
    const auto log = open(target(name).log_directory, false);
    expect_same(*log, seq);
    EXPECT_EQ(log->find_idempotency("key-" + std::to_string((seq - 1) / 50 * 50 + 1))->has_value(), true);
    EXPECT_EQ(log->find_idempotency("key-951")->has_value(), seq >= 951);
  }
  const event::Event at = *log_->read_one(700);
  ASSERT_TRUE(restore_to("by-time", "first", {.time = from_us(at.time_at_us())}));
  const auto log = open(target("by-time").log_directory, false);
  const std::uint64_t last = log->last_seq() - 1;
  EXPECT_GE(last, 700U);
  EXPECT_EQ(log->read_one(last)->time_at_us(), at.time_at_us());
  EXPECT_GT(log_->read_one(last + 1)->time_at_us(), at.time_at_us());
}

TEST_F(BackupsTest, DoNotReachBeyondTheirEndOrBeforeTheirBeginning) {
  take("first");
  EXPECT_EQ(restore_to("r", "first", {.seq = 1'001}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(restore_to("r", "first", {.time = from_us(1)}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(restore_to("r", "second").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(restore_to("r", "first")) << "what failed left nothing behind";
}

TEST_F(BackupsTest, AreTakenWhileEventsAreAppended) {
  std::atomic<bool> ends = false;
  std::thread appends([&] {
    while (!ends) append(1);
  });
  std::vector<Backup> taken;
  for (int i = 0; i < 5; ++i) taken.push_back(take("b" + std::to_string(i)));
  ends = true;
  appends.join();
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto restored = restore_to("r" + std::to_string(i), taken[i].name);
    ASSERT_TRUE(restored) << restored.error().detail;
    EXPECT_GE(restored->through_seq, taken[i].through_seq);
    expect_same(*open(target("r" + std::to_string(i)).log_directory, false), restored->through_seq);
  }
}

TEST_F(BackupsTest, AreNeverPutOverALog) {
  take("first");
  ASSERT_TRUE(restore_to("r", "first"));
  const auto again = restore_to("r", "first");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_THAT(again.error().detail, HasSubstr((home_.path() / "r" / "log").string()));
}

TEST_F(BackupsTest, HaveNamesOfTheirOwn) {
  take("first");
  EXPECT_EQ(backups().take(*log_, {.name = "first", .now = kNow}).error().code, ErrorCode::kAlreadyExists);
  for (const char* name : {"", "-a", "A", "a/b", "..", "a b"}) {
    EXPECT_EQ(backups().take(*log_, {.name = name, .now = kNow}).error().field, "name") << name;
  }
  const Backups holds = backups();
  EXPECT_EQ(Backups::open(home_.path() / "backups").error().code, ErrorCode::kUnavailable);
}

TEST_F(BackupsTest, OfOldAreDeletedAndTheOthersStayWhole) {
  for (const char* name : {"a", "b", "c"}) {
    append(5);
    take(name);
  }
  EXPECT_THAT(*backups().keep_newest(2), ElementsAre("a"));
  EXPECT_THAT(*backups().list(), SizeIs(2));
  EXPECT_TRUE(backups().verify("b"));
  EXPECT_EQ(backups().verify("a").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(restore_to("r", "b"));
  expect_same(*open(target("r").log_directory, false), 1'500);
  EXPECT_THAT(*backups().keep_newest(0), ElementsAre("b")) << "the newest always stays";
}

TEST_F(BackupsTest, ThatAreBrokenAreFoundOut) {
  take("first");
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(home_.path() / "backups" / "log")) {
    const bool holds_data = entry.path().string().find("private") != std::string::npos ||
                            entry.path().string().find("shared") != std::string::npos;
    if (entry.is_regular_file() && holds_data && entry.file_size() > 0) files.push_back(entry.path());
  }
  ASSERT_THAT(files, SizeIs(::testing::Ge(3U)));
  for (const fs::path& file : files) {
    const auto size = fs::file_size(file);
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(size / 2));
    const char byte = static_cast<char>(stream.get());
    const auto put = [&](char c) {
      stream.seekp(static_cast<std::streamoff>(size / 2));
      stream.put(c);
      stream.flush();
    };
    put(static_cast<char>(byte ^ 0x10));
    const auto verified = backups().verify("first");
    EXPECT_FALSE(verified) << file;
    EXPECT_FALSE(restore_to("r", "first")) << file;
    EXPECT_FALSE(fs::exists(target("r").log_directory));
    put(byte);
  }
  EXPECT_TRUE(backups().verify("first"));
}

TEST_F(BackupsTest, HaveSecretsOnlyWhenTheyAreAskedFor) {
  auto secrets = *open_secret_store(home_.path() / "secrets");
  ASSERT_TRUE(secrets->put("signing-key", "very secret"));
  take("without");
  take("with", secrets.get());
  ASSERT_TRUE(secrets->erase_unless([](std::string_view, std::uint32_t) { return false; }));
  ASSERT_TRUE(restore_to("r1", "without"));
  EXPECT_FALSE(fs::exists(target("r1").secret_directory));
  ASSERT_TRUE(restore_to("r2", "with"));
  EXPECT_EQ(*(*open_secret_store(target("r2").secret_directory))->get("signing-key", 1), "very secret");
  EXPECT_EQ(fs::status(home_.path() / "backups/secrets/with").permissions(), fs::perms::owner_all);
}

TEST_F(BackupsTest, HaveEverySecretThatTheirLogMayReferTo) {
  auto secrets = *open_secret_store(home_.path() / "secrets");
  ASSERT_TRUE(secrets->put("a", "one"));
  const auto held = secrets->hold_erasures();
  EXPECT_EQ(*secrets->erase_unless([](std::string_view, std::uint32_t) { return false; }), 0U);
  EXPECT_EQ(*secrets->get("a", 1), "one") << "somebody copies what refers to it";
}

TEST_F(BackupsTest, TellWhetherALogWasRestoredLately) {
  take("first");
  EXPECT_FALSE(*was_restored_within(*log_, std::chrono::hours(1), kNow));
  ASSERT_TRUE(restore_to("r", "first"));
  const auto log = open(target("r").log_directory, false);
  EXPECT_TRUE(*was_restored_within(*log, std::chrono::hours(1), kNow + std::chrono::minutes(59)));
  EXPECT_FALSE(*was_restored_within(*log, std::chrono::hours(1), kNow + std::chrono::minutes(61)));
  const testing::LogWithoutIndexes unknown(*log_);
  EXPECT_TRUE(*was_restored_within(unknown, std::chrono::hours(1), kNow)) << "what it would not find";
}

TEST_F(BackupsTest, ThatWereRestoredHalfwayAreRestoredAnew) {
  auto secrets = *open_secret_store(home_.path() / "secrets");
  ASSERT_TRUE(secrets->put("signing-key", "very secret"));
  take("with", secrets.get());
  // As a crash leaves it: the secrets are in place, and the log is not.
  ASSERT_TRUE(restore_to("r", "with"));
  std::ofstream(target("r").secret_directory / "unfinished-restore");
  fs::rename(target("r").log_directory, target("r").log_directory.string() + ".restoring");
  const auto again = restore_to("r", "with");
  ASSERT_TRUE(again) << again.error().detail;
  expect_same(*open(target("r").log_directory, false), 1'000);
  EXPECT_FALSE(fs::exists(target("r").secret_directory / "unfinished-restore"));
  EXPECT_EQ(restore_to("r", "with").error().code, ErrorCode::kConflict);
}

TEST_F(BackupsTest, AStopEndsOneThatIsUnderWaySoonAndLeavesNothing) {
  using Clock = std::chrono::steady_clock;
  {
    Backups slow = *Backups::open(home_.path() / "backups", {.bytes_per_second_max = 2'000});
    std::stop_source stop;
    const std::jthread stops([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      stop.request_stop();
    });
    const auto begin = Clock::now();
    const auto taken = slow.take(*log_, {.name = "a", .now = kNow, .stop = stop.get_token()});
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(*slow.list(), SizeIs(0));
  }
  const Backup again = take("a");
  EXPECT_GT(again.bytes, 100'000U) << "at that speed it would have taken 50 s";
  EXPECT_TRUE(backups().verify("a"));
}

TEST_F(BackupsTest, SaysWhetherTheSecretsAreThere) {
  const auto secrets = *open_secret_store(home_.path() / "secrets");
  ASSERT_TRUE(secrets->put("id", "value"));
  const Backup with = take("with", &*secrets);
  const Backup without = take("without");
  EXPECT_TRUE(backups().has_what_it_says(with));
  EXPECT_TRUE(backups().has_what_it_says(without));
  fs::remove_all(backups().secrets_of(with));
  EXPECT_FALSE(backups().has_what_it_says(with)) << "a crash came between";
  EXPECT_TRUE(backups().remove("with"));
  EXPECT_FALSE(backups().find("with"));
  EXPECT_EQ(backups().remove("with").error().code, ErrorCode::kNotFound);
}

TEST_F(BackupsTest, NeedsRoomForWhatItDoesNotShareWithOthers) {
  const fs::path folder = home_.path() / "backups" / "below";
  EXPECT_EQ(existing_part_of(folder), home_.path());
  EXPECT_TRUE(are_on_one_file_system(home_.path(), folder));
  EXPECT_FALSE(are_on_one_file_system("/proc", folder));
  log_.reset();
  log_ = open(home_.path() / "log");  // what was in the write-ahead log is in tables now
  const std::uint64_t first = *bytes_to_back_up(*log_, home_.path() / "backups");
  const Backup taken = take("a");
  EXPECT_GE(first, taken.bytes);
  EXPECT_LT(first, taken.bytes + 100'000);
  const std::uint64_t second = *bytes_to_back_up(*log_, home_.path() / "backups");
  EXPECT_LT(second, first / 2) << "tables are shared";
  const auto check = [&](std::uint64_t free_bytes, std::uint64_t reserve) {
    return check_backup_room(*log_, home_.path() / "backups", [free_bytes] { return free_bytes; }, reserve);
  };
  EXPECT_TRUE(check(second, 0));
  EXPECT_TRUE(check(second + 1'000, 1'000));
  const auto refused = check(second + 999, 1'000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(refused.error().rule, "backup_free_space");
  EXPECT_THAT(refused.error().detail, HasSubstr(std::to_string(second)));
}

}  // namespace
}  // namespace esaas::store
