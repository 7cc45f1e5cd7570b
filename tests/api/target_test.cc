#include "api/http/target.h"

#include <gtest/gtest.h>

namespace esaas::api::http {
namespace {

TEST(Target, TakesPathAndQueryApart) {
  const auto target = parse_target("/v1/clusters/a%2Fb?text=x+y%26z&flag&empty=");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/v1/clusters/a%2Fb");
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "clusters", "a/b"}));
  EXPECT_EQ(target->query,
            (std::vector<std::pair<std::string, std::string>>{{"text", "x y&z"}, {"flag", ""}, {"empty", ""}}));
}

TEST(Target, RootHasNoSegments) {
  const auto target = parse_target("/");
  ASSERT_TRUE(target.has_value());
  EXPECT_TRUE(target->segments.empty());
}

TEST(Target, EncodingIsUndoneByDecoding) {
  std::string all;
  for (int c = 0x20; c < 0x7f; ++c) all += static_cast<char>(c);
  all += "\xc3\xbc";
  EXPECT_EQ(percent_decode(percent_encode(all), true), all);
}

TEST(Target, SaysWhichBytesAreNoText) {
  const auto rule_of = [](std::string_view text) { return parse_target(text).error().rule; };
  for (const auto* text : {"/%ff", "/a%c3", "/%c3/%bc", "/%c0%af", "/%ed%a0%80", "/?%ff=1", "/?a=%ff"}) {
    ASSERT_FALSE(parse_target(text).has_value()) << text;
    EXPECT_EQ(rule_of(text), "utf8") << text;
  }
  for (const auto* text : {"/\xff", "/\xc3\xbc", "/?\xc3\xbc", "/?a=\xff"}) {
    ASSERT_FALSE(parse_target(text).has_value()) << text;
    EXPECT_EQ(rule_of(text), "ascii") << text;
  }
  EXPECT_EQ(parse_target("/%C3%BC").value().segments.front(), "\xc3\xbc");
}

class BadTarget : public testing::TestWithParam<std::string> {};
TEST_P(BadTarget, IsRefused) {
  const auto target = parse_target(GetParam());
  ASSERT_FALSE(target.has_value());
  EXPECT_EQ(target.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(target.error().detail.empty());
}
INSTANTIATE_TEST_SUITE_P(Target, BadTarget,
                         testing::Values("", "v1", "http://host/", "/a//b", "/a/", "/..", "/a/./b", "/%2e%2e", "/%",
                                         "/%4", "/%zz", "/a%00", "/a?b=%0a", "/?a=1&a=2", "/" + std::string(5000, 'a'),
                                         "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a",
                                         "/?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q&r&s&t&u&v&w&x&y&z&1&2&3&4&5&6&7"));

}  // namespace
}  // namespace esaas::api::http
