#include "reconcilers/effects/mesos/master_address.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::mesos {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MasterAddress, TakesListsWithTheSchemeOnceOrEverywhere) {
  for (const char* text : {"a:1,b:2", "http://a:1,b:2", "http://a:1,http://b:2", " http://a:1/ , http://b:2/"}) {
    const auto address = parse_master_address(text);
    ASSERT_TRUE(address) << address.error().detail;
    EXPECT_THAT(address->masters, ElementsAre(Endpoint{"a", 1}, Endpoint{"b", 2})) << text;
    EXPECT_FALSE(address->tls) << text;
    EXPECT_FALSE(address->in_zookeeper);
  }
  const auto tls = parse_master_address("https://a:1,https://b:2");
  ASSERT_TRUE(tls) << tls.error().detail;
  EXPECT_TRUE(tls->tls);
}

TEST(MasterAddress, TakesAGroupInZookeeper) {
  const auto address = parse_master_address("zk://h1:2181,[::1]:2182,h3:2181/mesos/blue");
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_TRUE(address->in_zookeeper);
  EXPECT_THAT(address->masters, ElementsAre());
  const ZookeeperGroup& group = address->zookeeper;
  EXPECT_THAT(group.servers, ElementsAre(Endpoint{"h1", 2181}, Endpoint{"::1", 2182}, Endpoint{"h3", 2181}));
  EXPECT_EQ(group.path, "/mesos/blue");
  EXPECT_EQ(group.user, "");
  EXPECT_EQ(group.to_string(), "zk://h1:2181,[::1]:2182,h3:2181/mesos/blue");
}

TEST(MasterAddress, NamesAUserAndNeverShowsItsPassword) {
  const auto group = parse_zookeeper_group("zk://esaas:p:w@rd@h1:2181/mesos");
  ASSERT_TRUE(group) << group.error().detail;
  EXPECT_EQ(group->user, "esaas");
  EXPECT_EQ(group->password, "p:w@rd");
  EXPECT_EQ(group->to_string(), "zk://esaas@h1:2181/mesos");
  const auto without = parse_zookeeper_group("zk://esaas@h1:2181/mesos");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->user, "esaas");
  EXPECT_EQ(without->password, "");
}

struct Case {
  std::string name;
  std::string text;
  std::string want;
};
class BadMasterAddress : public ::testing::TestWithParam<Case> {};

TEST_P(BadMasterAddress, SaysWhatIsWrongAndNoPassword) {
  const auto address = parse_master_address(GetParam().text);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(address.error().detail, HasSubstr(GetParam().want));
  EXPECT_THAT(address.error().detail, Not(HasSubstr("s3cret")));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadMasterAddress,
    ::testing::Values(
        Case{"Empty", "", "no port"}, Case{"NoPort", "http://a", "no port"},
        Case{"PortZero", "http://a:0", "1 to 65535"}, Case{"Twice", "http://a:1,http://a:1", "named twice"},
        Case{"OtherScheme", "ftp://a:1", "none of http://, https:// and zk://"},
        Case{"MixedSchemes", "http://a:1,https://b:2", "different schemes"},
        Case{"LateScheme", "a:1,http://b:2", "different schemes"},
        Case{"ListThenZookeeper", "http://a:1,zk://b:2181/m", "none of http://, https:// and zk://"},
        Case{"PathInAList", "http://a:1/mesos", "1 to 65535"},
        Case{"CredentialsInAList", "http://esaas:s3cret@a:1", "credentials do not belong there"},
        Case{"ZkNoServers", "zk:///mesos", "ZooKeeper: master address"}, Case{"ZkNoPort", "zk://h1/mesos", "no port"},
        Case{"ZkBadPort", "zk://h1:2181x/mesos", "1 to 65535"},
        Case{"ZkPortTooLarge", "zk://h1:70000/mesos", "1 to 65535"}, Case{"ZkNoPath", "zk://h1:2181", "has no path"},
        Case{"ZkRoot", "zk://h1:2181/", "has no path"}, Case{"ZkPathEnds", "zk://h1:2181/mesos/", "ends in /"},
        Case{"ZkPathDouble", "zk://h1:2181/a//b", "an empty"}, Case{"ZkPathUp", "zk://h1:2181/a/../b", "an empty"},
        Case{"ZkPathSpace", "zk://h1:2181/a b", "does not belong"},
        Case{"ZkQuery", "zk://h1:2181/a?b", "does not belong"},
        Case{"ZkNoUser", "zk://:s3cret@h1:2181/mesos", "no user"},
        Case{"ZkSlashInPassword", "zk://esaas:s3cret/x@h1:2181/mesos", "after its first /"},
        Case{"ZkPasswordAndBadServer", "zk://esaas:s3cret@h1/mesos", "no port"}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace esaas::mesos
