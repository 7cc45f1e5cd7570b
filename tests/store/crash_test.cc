// kill -9 at any moment loses nothing that was acknowledged.

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "store/log/rocksdb_event_log.h"
#include "tests/store/killed_writer.h"
#include "tests/store/log_check.h"
#include "tests/store/temp_directory.h"

namespace esaas::store {
namespace {

using testing::check_log;
using testing::KilledWriter;

TEST(Crash, KillAtAnyMomentLosesNothingAcknowledged) {
  const testing::TempDirectory directory;
  std::mt19937 random(7);
  std::uint64_t last = 0;
  for (int round = 0; round < 15; ++round) {
    std::uint64_t acknowledged = 0;
    {
      KilledWriter writer(directory.path(), round);
      writer.wait_for_first();
      writer.listen(std::chrono::milliseconds(random() % 120));
      acknowledged = writer.kill();
    }
    EXPECT_GT(acknowledged, last);
    const auto log = open_rocksdb_log({.directory = directory.path()});
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_GE((*log)->last_seq(), acknowledged) << "round " << round;
    const auto checked = check_log(**log);
    ASSERT_TRUE(checked) << checked.error().detail;
    EXPECT_EQ(*checked, (*log)->last_seq());
    last = (*log)->last_seq();
  }
}

TEST(Crash, AnotherProcessThatHoldsTheLogIsNamed) {
  const testing::TempDirectory directory;
  KilledWriter writer(directory.path(), 1);
  writer.wait_for_first();
  const auto refused = open_rocksdb_log({.directory = directory.path()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable) << refused.error().detail;
  writer.kill();
  EXPECT_TRUE(open_rocksdb_log({.directory = directory.path()}));
}

TEST(Crash, KillDuringCreationLeavesALogOrNothing) {
  for (int round = 0; round < 12; ++round) {
    const testing::TempDirectory directory;
    {
      KilledWriter writer(directory.path() / "log", round);
      writer.listen(std::chrono::milliseconds(3 * round));
      writer.kill();
    }
    const auto log = open_rocksdb_log({.directory = directory.path() / "log"});
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_EQ(*check_log(**log), (*log)->last_seq());
  }
}

}  // namespace
}  // namespace esaas::store
