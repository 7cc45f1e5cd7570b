#include "core/base/time.h"

#include <gtest/gtest.h>

namespace esaas {
namespace {

TEST(Time, IsShownAsRfc3339InUtcWithMicroseconds) {
  EXPECT_EQ(to_rfc3339(from_us(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(from_us(1'476'016'080'000'001)), "2016-10-09T12:28:00.000001Z");
  EXPECT_EQ(to_rfc3339(from_us(-1)), "1969-12-31T23:59:59.999999Z");
}

struct Good {
  const char* text;
  const char* same_as;
};

class ParseRfc3339 : public testing::TestWithParam<Good> {};

TEST_P(ParseRfc3339, ReadsTheMoment) {
  const auto time = parse_rfc3339(GetParam().text);
  ASSERT_TRUE(time) << time.error().detail;
  EXPECT_EQ(to_rfc3339(*time), GetParam().same_as);
}

INSTANTIATE_TEST_SUITE_P(Forms, ParseRfc3339,
                         testing::Values(Good{"2016-10-09T12:28:00Z", "2016-10-09T12:28:00.000000Z"},
                                         Good{"2016-10-09t12:28:00z", "2016-10-09T12:28:00.000000Z"},
                                         Good{"2016-10-09 12:28:00.5Z", "2016-10-09T12:28:00.500000Z"},
                                         Good{"2016-10-09T20:28:00+08:00", "2016-10-09T12:28:00.000000Z"},
                                         Good{"2016-10-09T06:58:00.000001-05:30", "2016-10-09T12:28:00.000001Z"},
                                         Good{"2016-02-29", "2016-02-29T00:00:00.000000Z"}));

class ParseRfc3339Refuses : public testing::TestWithParam<const char*> {};

TEST_P(ParseRfc3339Refuses, WithAnExampleOfTheRightForm) {
  const auto time = parse_rfc3339(GetParam());
  ASSERT_FALSE(time) << to_rfc3339(*time);
  EXPECT_EQ(time.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(time.error().detail.find("2016-10-09T12:28:00Z"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Forms, ParseRfc3339Refuses,
                         testing::Values("", "now", "2016", "2016-13-01", "2016-02-30", "2017-02-29", "2016-10-09T",
                                         "2016-10-09T24:00:00Z", "2016-10-09T12:60:00Z", "2016-10-09T12:28:60Z",
                                         "2016-10-09T12:28:00", "2016-10-09T12:28:00.Z", "2016-10-09T12:28:00.1234567Z",
                                         "2016-10-09T12:28:00+8:00", "2016-10-09T12:28:00+24:00",
                                         "2016-10-09T12:28:00Zx", "+016-10-09", "2016-1-09", "1476016080"));

TEST(ParseRfc3339, ShortensWhatItRepeats) {
  const auto time = parse_rfc3339(std::string(10'000, '9'));
  ASSERT_FALSE(time);
  EXPECT_LT(time.error().detail.size(), 200U);
}

TEST(DurationText, HasTwoUnitsAtTheMost) {
  using namespace std::chrono_literals;
  EXPECT_EQ(to_text(Duration{12}), "12us");
  EXPECT_EQ(to_text(12ms), "12ms");
  EXPECT_EQ(to_text(4200ms), "4.2s");
  EXPECT_EQ(to_text(65s), "1m5s");
  EXPECT_EQ(to_text(65min), "1h5m");
  EXPECT_EQ(to_text(50h), "2d2h");
  EXPECT_EQ(to_text(-65s), "-1m5s");
}

}  // namespace
}  // namespace esaas
