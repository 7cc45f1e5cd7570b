#include "reconcilers/effects/mesos/endpoint.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::mesos {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Endpoint, ParsesAndPrints) {
  for (const char* text :
       {"master:5050", "10.0.0.1:1", "[::1]:5050", "[fe80::1%eth0]:65535", "m-1.example_x.org:5050"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->to_string(), text);
  }
}

TEST(Endpoint, ParsesAList) {
  const auto endpoints = parse_endpoints("a:1, b:2 ,[::1]:3");
  ASSERT_TRUE(endpoints) << endpoints.error().detail;
  EXPECT_THAT(*endpoints, ElementsAre(Endpoint{"a", 1}, Endpoint{"b", 2}, Endpoint{"::1", 3}));
}

struct Case {
  std::string name;
  std::string text;
  std::string want;
};
class BadEndpoints : public ::testing::TestWithParam<Case> {};

TEST_P(BadEndpoints, SayWhatIsWrong) {
  const auto endpoints = parse_endpoints(GetParam().text);
  ASSERT_FALSE(endpoints);
  EXPECT_EQ(endpoints.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(endpoints.error().detail, HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadEndpoints,
    ::testing::Values(Case{"Empty", "", "no port"}, Case{"NoPort", "master", "no port"},
                      Case{"NoHost", ":5050", "no host"}, Case{"Trailing", "a:1,", "\"\": no port"},
                      Case{"PortZero", "a:0", "1 to 65535"}, Case{"PortBig", "a:65536", "1 to 65535"},
                      Case{"PortText", "a:5050x", "1 to 65535"}, Case{"OpenBracket", "[::1:5050", "no ]"},
                      Case{"BracketNoPort", "[::1]", "no port"}, Case{"BracketedName", "[host]:1", "no IPv6 address"},
                      Case{"Scheme", "http://a:1", "1 to 65535"}, Case{"Space", "a b:1", "does not belong"},
                      Case{"Header", "a\r\nX:1", "does not belong"}, Case{"Twice", "a:1,a:1", "named twice"}),
    [](const auto& param) { return param.param.name; });

TEST(Redirect, TakesWhatMastersSend) {
  const Endpoint want{"10.0.0.2", 5050};
  EXPECT_EQ(parse_redirect("//10.0.0.2:5050/api/v1/scheduler", false), want);
  EXPECT_EQ(parse_redirect("//10.0.0.2:5050", true), want);
  EXPECT_EQ(parse_redirect("http://10.0.0.2:5050/x?y", false), want);
  EXPECT_EQ(parse_redirect("https://10.0.0.2:5050/x#z", true), want);
}

TEST(Redirect, RefusesWhatWouldLoopOrLeaveTls) {
  for (const char* location : {"", "/api/v1/scheduler", "leader:5050", "ftp://a:1/", "//leader/", "//:5050/"}) {
    EXPECT_FALSE(parse_redirect(location, false)) << location;
  }
  EXPECT_FALSE(parse_redirect("http://a:1/", true));
  EXPECT_FALSE(parse_redirect("https://a:1/", false));
}

}  // namespace
}  // namespace esaas::mesos
