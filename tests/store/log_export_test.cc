// Logs as files, and back.

#include "store/backup/log_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "store/backup/restore.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::uint64_t kEvents = 12'000;  // more than one frame

class LogExportTest : public ::testing::Test {
 protected:
  LogExportTest() {
    log_ = *open_rocksdb_log({.directory = home_.path() / "log"});
    for (std::uint64_t i = 0; i < kEvents; i += 1'000) EXPECT_TRUE(log_->append(samples_.batch(1'000)));
  }

  /// The file's bytes.
  std::string exported(std::uint64_t first = 1, std::uint64_t last = kEvents) {
    const auto records = open_stored_records(home_.path() / "log");
    EXPECT_TRUE(records) << records.error().detail;
    std::string bytes;
    const auto done = export_log(**records, first, last, [&](std::string_view piece) -> Result<void> {
      bytes += piece;
      return {};
    });
    EXPECT_TRUE(done) << done.error().detail;
    return bytes;
  }
  fs::path file(const std::string& name, std::string_view bytes) {
    const fs::path path = home_.path() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  Result<Restored> import_to(const std::string& name, const std::vector<fs::path>& files) {
    return import_log(files, home_.path() / name, "jin", from_us(1'478'000'000'000'000));
  }
  void expect_same(const std::string& name, std::uint64_t last) {
    const auto log = open_rocksdb_log({.directory = home_.path() / name, .create_if_missing = false, .env = nullptr});
    ASSERT_TRUE(log) << log.error().detail;
    ASSERT_EQ((*log)->last_seq(), last + 1);
    EXPECT_EQ(*(*log)->hash_of(last), *log_->hash_of(last));
    EXPECT_EQ((*log)->read_one(last + 1)->log_restored().through_seq(), last);
    const IndexQuery all{.kind = IndexKind::kAudit, .to_seq = last, .limit = 100'000};
    EXPECT_EQ(*(*log)->read_index(all), *log_->read_index(all));
  }

  testing::TempDirectory home_;
  testing::SampleEvents samples_{11, 30};
  std::unique_ptr<DurableLog> log_;
};

TEST_F(LogExportTest, IsTheSameLogWhenItIsImported) {
  const auto imported = import_to("new", {file("all", exported())});
  ASSERT_TRUE(imported) << imported.error().detail;
  EXPECT_EQ(imported->through_seq, kEvents);
  expect_same("new", kEvents);
}

TEST_F(LogExportTest, HasTheSameBytesAgain) {
  const std::string once = exported(5, 7'000);
  ASSERT_TRUE(log_->append(samples_.batch(10)));
  EXPECT_EQ(exported(5, 7'000), once);
}

TEST_F(LogExportTest, IsPutTogetherOfPartsThatFollow) {
  const auto a = file("a", exported(1, 1));
  const auto b = file("b", exported(2, 5'000));
  const auto c = file("c", exported(5'001));
  ASSERT_TRUE(import_to("new", {a, b, c}));
  expect_same("new", kEvents);
  const auto gap = import_to("gap", {a, c});
  ASSERT_FALSE(gap);
  EXPECT_THAT(gap.error().detail, HasSubstr(c.string() + ": begins with event 5001, and event 2 is next"));
  EXPECT_THAT(import_to("late", {b}).error().detail, HasSubstr("event 1 is next"));
  EXPECT_FALSE(fs::exists(home_.path() / "gap")) << "what failed leaves nothing in its place";
}

TEST_F(LogExportTest, OfAnotherLogDoesNotFollow) {
  const auto a = file("a", exported(1, 5'000));
  samples_ = testing::SampleEvents{99, 30};
  log_.reset();
  fs::remove_all(home_.path() / "log");
  log_ = *open_rocksdb_log({.directory = home_.path() / "log"});
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(log_->append(samples_.batch(1'000)));
  EXPECT_THAT(import_to("new", {a, file("b", exported(5'001, 6'000))}).error().detail,
              HasSubstr("follows another log"));
}

TEST_F(LogExportTest, ThatWasCutOffAnywhereIsRefused) {
  const std::string whole = exported(1, 3'000);
  std::mt19937 random(3);
  std::vector<std::size_t> ends{0, 1, 4, 20, whole.size() - 1, whole.size() - 5};
  for (int i = 0; i < 40; ++i) ends.push_back(random() % whole.size());
  for (const std::size_t end : ends) {
    const auto cut = import_to("new", {file("cut", whole.substr(0, end))});
    ASSERT_FALSE(cut) << end;
    EXPECT_THAT(cut.error().detail, HasSubstr("cut")) << "it names the file";
    ASSERT_FALSE(fs::exists(home_.path() / "new")) << end;
  }
}

TEST_F(LogExportTest, WithAnyBitChangedIsRefused) {
  const std::string whole = exported(1, 3'000);
  std::mt19937 random(4);
  for (int i = 0; i < 60; ++i) {
    std::string broken = whole;
    const std::size_t at = i < 20 ? static_cast<std::size_t>(i) : random() % whole.size();
    broken[at] = static_cast<char>(broken[at] ^ (1 << random() % 8));
    const auto imported = import_to("new", {file("broken", broken)});
    // A bit of a frame's header may mean nothing; then everything is as it was.
    if (imported) {
      expect_same("new", 3'000);
      fs::remove_all(home_.path() / "new");
    } else {
      EXPECT_THAT(imported.error().detail, HasSubstr("broken")) << at;
    }
  }
}

/// It is not read into memory to its end.
TEST_F(LogExportTest, AFrameThatGoesOnAndOnIsRefused) {
  // A zstd frame of any size, and in it blocks of 128 KiB as they are, none of which says that it is the last.
  std::string endless("\x28\xB5\x2F\xFD\x00\x58", 6);
  std::string block("\x00\x00\x10", 3);
  block.append(128U << 10U, 'x');
  for (int i = 0; i < 120; ++i) endless += block;
  const auto imported = import_to("new", {file("endless", endless)});
  ASSERT_FALSE(imported);
  EXPECT_THAT(imported.error().detail, HasSubstr("a frame is longer than any that is written"));
}

TEST_F(LogExportTest, SaysWhatThereIsNot) {
  const auto records = *open_stored_records(home_.path() / "log");
  const auto nothing = [](std::string_view) -> Result<void> { return {}; };
  EXPECT_EQ(export_log(*records, kEvents + 1, kEvents + 5, nothing).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(export_log(*records, 9, 8, nothing).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(export_log(*records, 0, 8, nothing).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(import_to("new", {file("text", "hello")}).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(import_to("new", {home_.path() / "not-there"}).error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace esaas::store
