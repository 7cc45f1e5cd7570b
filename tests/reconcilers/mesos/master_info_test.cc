#include "reconcilers/effects/mesos/master_info.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::mesos {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MasterZnodes, LowestSequenceComesFirst) {
  const auto znodes = order_masters({"json.info_0000000010", "log_replicas", "json.info_0000000009", "info_0000000001",
                                     "json.info_2147483647", "json.info_0000000100"});
  EXPECT_THAT(znodes.in_order, ElementsAre("json.info_0000000009", "json.info_0000000010", "json.info_0000000100",
                                           "json.info_2147483647"));
  EXPECT_THAT(znodes.odd, ElementsAre());
}

TEST(MasterZnodes, NamesThatEndInNoSequenceAreOdd) {
  const auto znodes =
      order_masters({"json.info_", "json.info_12", "json.info_-000000001", "json.info_00000000001", "json.info"});
  EXPECT_THAT(znodes.in_order, ElementsAre());
  EXPECT_THAT(znodes.odd, ElementsAre("json.info_", "json.info_-000000001", "json.info_00000000001", "json.info_12"));
}

// As a master of 1.11 writes it.
constexpr const char* kReal =
    R"({"address":{"hostname":"m1.example","ip":"10.0.0.1","port":5050},"capabilities":[{"type":"AGENT_UPDATE"}],)"
    R"("hostname":"m1.example","id":"a8a3","ip":16777226,"pid":"master@10.0.0.1:5050","port":5050,"version":"1.11.0"})";

TEST(MasterInfo, IsReadAsAMasterWritesIt) {
  const auto info = parse_master_info(kReal);
  ASSERT_TRUE(info) << info.error().detail;
  EXPECT_EQ(*info, (MasterInfo{"a8a3", "m1.example", {"10.0.0.1", 5050}, "1.11.0"}));
  EXPECT_EQ(info->endpoint(false), (Endpoint{"10.0.0.1", 5050}));
  EXPECT_EQ(info->endpoint(true), (Endpoint{"m1.example", 5050}));
}

TEST(MasterInfo, FallsBackToTheNameAndTheOlderFields) {
  const auto named = parse_master_info(R"({"address":{"hostname":"m1","port":5051}})");
  ASSERT_TRUE(named) << named.error().detail;
  EXPECT_EQ(named->address, (Endpoint{"m1", 5051}));
  const auto older = parse_master_info(R"({"hostname":"m2","port":5052})");
  ASSERT_TRUE(older) << older.error().detail;
  EXPECT_EQ(older->endpoint(true), (Endpoint{"m2", 5052}));
  const auto ipv6 = parse_master_info(R"({"address":{"ip":"::1","port":5050}})");
  ASSERT_TRUE(ipv6) << ipv6.error().detail;
  EXPECT_EQ(ipv6->endpoint(true).to_string(), "[::1]:5050");
}

TEST(MasterInfo, NameThatIsNoneIsNotUsed) {
  const auto info = parse_master_info(R"({"address":{"hostname":"a b","ip":"10.0.0.1","port":5050}})");
  ASSERT_TRUE(info) << info.error().detail;
  EXPECT_EQ(info->endpoint(true), (Endpoint{"10.0.0.1", 5050}));
}

struct Case {
  std::string name;
  std::string text;
  std::string want;
};
class BadMasterInfo : public ::testing::TestWithParam<Case> {};

TEST_P(BadMasterInfo, SaysWhatIsWrong) {
  const auto info = parse_master_info(GetParam().text);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(info.error().detail, HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadMasterInfo,
    ::testing::Values(
        Case{"Empty", "", "is not JSON"}, Case{"Protobuf", std::string("\x0a\x02id\x10", 5), "is not JSON"},
        Case{"Half", R"({"address":{"ip":"10.)", "is not JSON"}, Case{"List", "[]", "is not a JSON object"},
        Case{"Nothing", "{}", "neither address.ip nor"}, Case{"NoPort", R"({"address":{"ip":"10.0.0.1"}})", "no port"},
        Case{"PortZero", R"({"address":{"ip":"10.0.0.1","port":0}})", "no port"},
        Case{"PortLarge", R"({"address":{"ip":"10.0.0.1","port":65536}})", "no port"},
        Case{"PortText", R"({"address":{"ip":"10.0.0.1","port":"5050"}})", "no port"},
        Case{"AddressText", R"({"address":"10.0.0.1:5050"})", "neither address.ip nor"},
        Case{"HeaderInTheHost", R"({"hostname":"a\r\nX: y","port":1})", "no usable address"},
        Case{"Deep", std::string(100, '['), "is not JSON"}, Case{"Long", std::string(70'000, ' '), "has 70000 bytes"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace esaas::mesos
