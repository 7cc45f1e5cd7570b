#include "store/log/free_space.h"

#include <gtest/gtest.h>

namespace esaas::store {
namespace {

TEST(FreeSpace, BelowTheReserveIsRefusedByName) {
  const SpaceProbe probe = [] { return Result<std::uint64_t>(99); };
  const auto refused = check_reserve(probe, 100);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(refused.error().rule, "free_space_reserve");
  EXPECT_NE(refused.error().detail.find("99"), std::string::npos);
  EXPECT_TRUE(check_reserve(probe, 99));
}

TEST(FreeSpace, ProbeThatCannotTellIsAnErrorAndNotAYes) {
  const auto refused = check_reserve(probe_file_system("/nowhere/at/all"), 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_NE(refused.error().detail.find("/nowhere"), std::string::npos);
}

TEST(FreeSpace, ReadsTheRealFileSystem) {
  const auto free_bytes = probe_file_system("/tmp")();
  ASSERT_TRUE(free_bytes);
  EXPECT_GT(*free_bytes, 0U);
}

}  // namespace
}  // namespace esaas::store
