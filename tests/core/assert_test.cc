#include "core/base/assert.h"

#include <gtest/gtest.h>

#include <set>

#include "core/base/result.h"

namespace esaas {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return fail(ErrorCode::kInvalidArgument, "odd", "number", "even");
  return number / 2;
}

Result<int> quarter(int number) {
  ESAAS_TRY(const int once, half(number));
  ESAAS_TRY(const int twice, half(once));
  return twice;
}

Result<void> must_be_even(int number) {
  ESAAS_CHECK(half(number));
  return {};
}

TEST(Result, TryBindsTheValueOrHandsTheErrorOn) {
  EXPECT_EQ(quarter(12), 3);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error(), (Error{ErrorCode::kInvalidArgument, "odd", "number", "even"}));
}

TEST(Result, CheckReturnsOnlyErrors) {
  EXPECT_TRUE(must_be_even(2));
  EXPECT_EQ(must_be_even(3).error().rule, "even");
}

TEST(ErrorCode, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  const int last = static_cast<int>(ErrorCode::kInternal);
  for (int code = 0; code <= last; ++code) names.insert(name_of(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last) + 1);
}

TEST(AssertDeathTest, SaysWhatAndWhere) {
  EXPECT_DEATH(ESAAS_ASSERT(1 + 1 == 3, "arithmetic holds"), "1 \\+ 1 == 3: arithmetic holds .*assert_test.cc");
}

TEST(Assert, ATrueConditionGoesOn) { ESAAS_ASSERT(1 + 1 == 2, "arithmetic holds"); }

}  // namespace
}  // namespace esaas
