// Breaks the files of a log in every way that a disk or a person might, and opens it again: the answer is a clear
// error, or all events that were acknowledged are there. Never anything in between.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>

#include "store/log/rocksdb_event_log.h"
#include "store/snapshots/durable_file.h"
#include "tests/store/fault_file_system.h"
#include "tests/store/log_check.h"
#include "tests/store/sample_events.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

namespace fs = std::filesystem;
using testing::check_log;
using testing::SampleEvents;

constexpr std::uint64_t kEvents = 300;

class Damage : public ::testing::TestWithParam<bool> {
 protected:
  /// With the parameter the log has been opened anew, so that its older events are in sorted tables.
  void SetUp() override {
    file_system_->skip_syncs();
    SampleEvents samples(2, 5);
    for (int part = 0; part < 3; ++part) {
      auto log = open_rocksdb_log({.directory = whole_, .env = env_.get(), .index_tail_events = 40});
      ASSERT_TRUE(log) << log.error().detail;
      for (std::uint64_t i = 0; i < kEvents / 3; i += 10) ASSERT_TRUE((*log)->append(samples.batch(10)));
      if (!GetParam()) {
        for (std::uint64_t i = 0; i < 2 * kEvents / 3; i += 10) ASSERT_TRUE((*log)->append(samples.batch(10)));
        break;
      }
    }
  }

  std::vector<fs::path> files(std::string_view kind) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(whole_)) {
      const std::string name = entry.path().filename().string();
      const bool has_bytes = entry.is_regular_file() && entry.file_size() > 0;
      if (has_bytes && (name.ends_with(kind) || name.starts_with(kind)))
        found.push_back(fs::relative(entry.path(), whole_));
    }
    std::ranges::sort(found);
    return found;
  }

  /// Breaks a copy of the log and reads all of it. The error, or nothing when all is there.
  std::optional<Error> outcome(const fs::path& file, const std::function<void(std::string&)>& harm) {
    const fs::path copy = directory_.path() / "copy";
    fs::remove_all(copy);
    fs::copy(whole_, copy, fs::copy_options::recursive);
    std::string bytes = *read_whole(copy / file);
    harm(bytes);
    std::ofstream(copy / file, std::ios::binary | std::ios::trunc) << bytes;
    const auto log = open_rocksdb_log({.directory = copy, .env = env_.get()});
    if (!log) return log.error();
    const auto checked = check_log(**log);
    if (!checked) return checked.error();
    EXPECT_EQ(*checked, kEvents) << "silent loss after harm to " << file;
    return std::nullopt;
  }

  /// Positions spread over a file, its ends included.
  static std::vector<std::size_t> positions(std::size_t size, std::size_t count) {
    std::set<std::size_t> chosen = {0, size - 1, size / 2};
    for (std::size_t i = 0; i < count; ++i) chosen.insert(i * size / count);
    for (std::size_t i = 0; i < 6 && i < size; ++i) chosen.insert(i), chosen.insert(size - 1 - i);
    return {chosen.begin(), chosen.end()};
  }

  /// Every harm to the files of a kind leads to an error or to all events; the share of errors is answered.
  void expect_loud(std::string_view kind, std::size_t count, bool must_be_found) {
    std::size_t errors = 0;
    std::size_t harms = 0;
    const auto note = [&](const std::optional<Error>& error) {
      ++harms;
      if (!error) return;
      ++errors;
      EXPECT_FALSE(error->detail.empty());
    };
    const auto found = files(kind);
    ASSERT_FALSE(found.empty()) << kind;
    for (const auto& file : found) {
      const std::size_t size = fs::file_size(whole_ / file);
      for (const std::size_t at : positions(size, count)) {
        SCOPED_TRACE(file.string() + " at byte " + std::to_string(at));
        note(outcome(file, [&](std::string& bytes) { bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8))); }));
        note(outcome(file, [&](std::string& bytes) { bytes.resize(at); }));
      }
    }
    if (must_be_found) {
      EXPECT_EQ(errors, harms) << kind;
    }
    EXPECT_GT(errors, 0U) << kind;
  }

  std::shared_ptr<testing::FaultFileSystem> file_system_ = std::make_shared<testing::FaultFileSystem>();
  std::unique_ptr<rocksdb::Env> env_ = testing::make_env(file_system_);
  testing::TempDirectory directory_;
  fs::path whole_ = directory_.path() / "whole";
};

TEST_P(Damage, ToTheWriteAheadLogIsLoud) { expect_loud(".log", 24, !GetParam()); }
TEST_P(Damage, ToTheManifestIsLoud) { expect_loud("MANIFEST", 16, false); }
TEST_P(Damage, ToTheWatermarkIsLoudOrHarmless) {
  EXPECT_TRUE(outcome("ACKNOWLEDGED", [](std::string& bytes) { bytes.clear(); }));
  for (const std::size_t slot : {0U, 4096U}) {
    // One slot may be torn by a power failure: the other one stands.
    EXPECT_FALSE(outcome("ACKNOWLEDGED", [&](std::string& bytes) { bytes[slot + 20] = '~'; }));
  }
  const auto both = outcome("ACKNOWLEDGED", [](std::string& bytes) { bytes[20] = bytes[4096 + 20] = '~'; });
  ASSERT_TRUE(both);
  EXPECT_EQ(both->code, ErrorCode::kDataLoss);
  EXPECT_NE(both->detail.find("ACKNOWLEDGED"), std::string::npos);
}
class TableDamage : public Damage {};
TEST_P(TableDamage, IsLoud) { expect_loud(".sst", 6, false); }

TEST_P(Damage, RemovingAFileIsLoud) {
  for (const char* kind : {".log", ".sst", "MANIFEST", "CURRENT"}) {
    for (const auto& file : files(kind)) {
      const fs::path copy = directory_.path() / "copy";
      fs::remove_all(copy);
      fs::copy(whole_, copy, fs::copy_options::recursive);
      fs::remove(copy / file);
      const auto log = open_rocksdb_log({.directory = copy, .env = env_.get()});
      if (log) {
        EXPECT_EQ(*check_log(**log), kEvents) << "silent loss without " << file;
      } else {
        EXPECT_FALSE(log.error().detail.empty());
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fresh, Damage, ::testing::Values(false, true), [](const auto& instance) {
  return instance.param ? std::string("OpenedAnew") : std::string("NeverClosed");
});

// There are no tables before a log is opened anew.
INSTANTIATE_TEST_SUITE_P(OpenedAnew, TableDamage, ::testing::Values(true));

}  // namespace
}  // namespace esaas::store
