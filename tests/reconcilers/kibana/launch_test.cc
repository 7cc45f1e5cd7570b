// What Kibana is started with.

#include "reconcilers/effects/kibana/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::kibana {
namespace {

using testing::HasSubstr;
using testing::Not;

Catalogue catalogue() {
  Catalogue made;
  made.artifacts["5.1.1"] = {
      .version = "5.1.1", .uri = "http://artifacts/kibana-5.1.1.tar.gz", .elasticsearch = "5.6.16"};
  made.artifacts["6.8.23"] = {.version = "6.8.23", .uri = "http://artifacts/kibana-6.8.23.tar.gz"};
  return made;
}

LaunchInput input() {
  LaunchInput made{.version = "5.1.1",
                   .cluster_version = "5.6.16",
                   .elasticsearch_address = "127.0.0.12:31000",
                   .base_path = "/_kibana"};
  made.resources.set_mem_mib(1024);
  made.place.set_hostname("127.0.0.11");
  made.place.set_http_port(31000);
  return made;
}

TEST(KibanaLaunch, ListensWhereItsPlaceIsAndAsksItsNode) {
  const auto spec = render_launch(input(), catalogue());
  ASSERT_TRUE(spec);
  for (const char* line :
       {"server.host: \"127.0.0.11\"\n", "server.port: 31000\n", "server.basePath: \"/_kibana\"\n",
        "elasticsearch.url: \"http://127.0.0.12:31000\"\n", "--max-old-space-size=768", "exec \"$home\"/bin/kibana"}) {
    EXPECT_THAT(spec->command(), HasSubstr(line));
  }
  ASSERT_EQ(spec->uris_size(), 1);
  EXPECT_TRUE(spec->uris(0).extract());
}

TEST(KibanaLaunch, TheVersionMayFollowTheClusters) {
  auto wanted = input();
  wanted.version = "";
  const auto spec = render_launch(wanted, catalogue());
  ASSERT_TRUE(spec);
  EXPECT_THAT(spec->command(), HasSubstr("kibana-5.1.1"));
  wanted.cluster_version = "7.17.28";
  const auto none = render_launch(wanted, catalogue());
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().detail, HasSubstr("7.17.28"));
}

TEST(KibanaLaunch, AnUnknownVersionIsNamed) {
  auto wanted = input();
  wanted.version = "4.0.0";
  const auto none = render_launch(wanted, catalogue());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(none.error().detail, HasSubstr("4.0.0"));
}

TEST(KibanaLaunch, WhatDoesNotWorkTogetherIsNotStarted) {
  auto wanted = input();
  wanted.version = "6.8.23";
  const auto none = render_launch(wanted, catalogue());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kConflict);
  EXPECT_EQ(none.error().detail, "Kibana 6.8.23 does not work with Elasticsearch 5.6.16.");
}

TEST(KibanaLaunch, AnArchiveWithAChecksumIsCheckedBeforeItIsUnpacked) {
  auto known = catalogue();
  known.artifacts["5.1.1"].sha256 = std::string(64, 'a');
  known.artifacts["5.1.1"].node = "node/bin/node";
  const auto spec = render_launch(input(), known);
  ASSERT_TRUE(spec);
  EXPECT_FALSE(spec->uris(0).extract());
  EXPECT_THAT(spec->command(), HasSubstr("sha256sum --check"));
  EXPECT_THAT(spec->command(), HasSubstr("exec \"$home\"/'node/bin/node'"));
  EXPECT_THAT(spec->command(), Not(HasSubstr("bin/kibana --config")));
}

}  // namespace
}  // namespace esaas::kibana
