#include "core/base/text.h"

#include <gtest/gtest.h>

namespace esaas {
namespace {

struct Case {
  const char* name;
  std::string given;
  std::string want;
};

class Utf8 : public testing::TestWithParam<Case> {};

TEST_P(Utf8, IsMendedByteByByte) {
  EXPECT_EQ(to_valid_utf8(GetParam().given), GetParam().want);
  EXPECT_EQ(is_valid_utf8(GetParam().given), GetParam().given == GetParam().want);
  EXPECT_TRUE(is_valid_utf8(GetParam().want));
}

const std::string kBad = "\xEF\xBF\xBD";

INSTANTIATE_TEST_SUITE_P(
    Forms, Utf8,
    testing::Values(
        Case{"Empty", "", ""}, Case{"Ascii", "a/b?c", "a/b?c"}, Case{"TwoBytes", "\xC3\xB6", "\xC3\xB6"},
        Case{"ThreeBytes", "\xE2\x82\xAC", "\xE2\x82\xAC"}, Case{"FourBytes", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        Case{"LastCodePoint", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"}, Case{"Latin1", "s\xF6k", "s" + kBad + "k"},
        Case{"CutOff", "a\xE2\x82", "a" + kBad + kBad}, Case{"LoneContinuation", "\x80", kBad},
        Case{"OverlongSlash", "\xC0\xAF", kBad + kBad}, Case{"OverlongThree", "\xE0\x80\xAF", kBad + kBad + kBad},
        Case{"Surrogate", "\xED\xA0\x80", kBad + kBad + kBad},
        Case{"BeyondUnicode", "\xF4\x90\x80\x80", kBad + kBad + kBad + kBad}, Case{"NeverAByte", "\xFF", kBad}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace esaas
