#include "reconcilers/effects/elasticsearch/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::es {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kSha = "76594f9a9b8e4e9cc5d2b5b1c0b2e8f3a1d4c6b8e0f2a4c6d8eaf0b2c4d6e8f0";

LaunchInput input() {
  LaunchInput made;
  made.cluster = "search";
  made.node = "data-0";
  made.version = "2.3.3";
  made.master_eligible = true;
  made.holds_data = true;
  made.resources.set_mem_mib(512);
  made.place.set_hostname("127.0.1.1");
  made.place.set_http_port(31000);
  made.place.set_transport_port(31001);
  made.seed_hosts = {"127.0.1.1:31001", "127.0.1.2:31001", "127.0.1.3:31001"};
  made.minimum_master_nodes = 2;
  return made;
}

Catalogue catalogue() {
  Catalogue made;
  made.artifacts["2.3.3"].uri = "file:///cache/elasticsearch-2.3.3.tar.gz";
  made.artifacts["7.17.28"].uri = "file:///cache/elasticsearch-7.17.28.tar.gz";
  return made;
}

std::string environment_of(const model::LaunchSpec& spec, std::string_view name) {
  for (const auto& variable : spec.environment()) {
    if (variable.name() == name) return variable.value();
  }
  return "(not set)";
}

TEST(LaunchText, SaysEverythingThatANodeOf2xNeeds) {
  const auto spec = render_launch(input(), catalogue());
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->command(),
            "volume=$(readlink -f data) && home=$(readlink -f 'elasticsearch-2.3.3') && "
            "mkdir -p conf logs plugins tmp && cp \"$home\"/config/logging.yml conf/ && "
            ": > conf/elasticsearch.yml && export ES_JAVA_OPTS=\"$ES_JAVA_OPTS "
            "-Djava.io.tmpdir=$PWD/tmp\" && "
            "exec \"$home\"/bin/elasticsearch"
            " -Des.cluster.name='search' -Des.node.name='data-0' -Des.network.host='127.0.1.1'"
            " -Des.http.port='31000' -Des.path.data=\"$volume\" -Des.path.logs=\"$PWD\"'/logs'"
            " -Des.path.conf=\"$PWD\"'/conf' -Des.path.plugins=\"$PWD\"'/plugins' -Des.transport.tcp.port='31001' "
            "-Des.node.master='true'"
            " -Des.node.data='true' -Des.node.max_local_storage_nodes='1'"
            " -Des.discovery.zen.ping.multicast.enabled='false'"
            " -Des.discovery.zen.ping.unicast.hosts='127.0.1.1:31001,127.0.1.2:31001,127.0.1.3:31001'"
            " -Des.discovery.zen.minimum_master_nodes='2'");
  EXPECT_EQ(environment_of(*spec, "ES_HEAP_SIZE"), "256m");
  EXPECT_EQ(environment_of(*spec, "ES_GC_OPTS"), "-XX:+UseG1GC");
  ASSERT_EQ(spec->uris_size(), 1);
  EXPECT_TRUE(spec->uris(0).extract());
  EXPECT_GT(spec->kill_grace_ms(), 0U);
}

TEST(LaunchText, NamesTheZoneAndGoesByZonesWhenAllNodesHaveOne) {
  LaunchInput in_a_zone = input();
  in_a_zone.place.set_zone("it's east");
  auto spec = render_launch(in_a_zone, catalogue());
  ASSERT_TRUE(spec.has_value());
  EXPECT_THAT(spec->command(), HasSubstr(" -Des.node.zone='it'\\''s east'"));
  EXPECT_THAT(spec->command(), Not(HasSubstr("awareness")));
  in_a_zone.zone_aware = true;
  spec = render_launch(in_a_zone, catalogue());
  EXPECT_THAT(spec->command(), HasSubstr(" -Des.cluster.routing.allocation.awareness.attributes='zone'"));
  in_a_zone.place.clear_zone();
  spec = render_launch(in_a_zone, catalogue());
  EXPECT_THAT(spec->command(), Not(HasSubstr("zone")));
}

TEST(LaunchText, FollowsTheRolesOfTheGroup) {
  LaunchInput dedicated = input();
  dedicated.holds_data = false;
  const auto spec = render_launch(dedicated, catalogue());
  ASSERT_TRUE(spec.has_value());
  EXPECT_THAT(spec->command(), HasSubstr("-Des.node.master='true' -Des.node.data='false'"));
}

TEST(LaunchText, TunesSmallNodesByProfile) {
  Catalogue small = catalogue();
  small.artifacts["2.3.3"].profile = Profile::kSmall;
  small.artifacts["2.3.3"].java_home = "/usr/lib/jvm/java-17";
  const auto spec = render_launch(input(), small);
  ASSERT_TRUE(spec.has_value());
  EXPECT_THAT(spec->command(), HasSubstr("-Des.discovery.zen.ping_timeout='500ms'"));
  EXPECT_EQ(environment_of(*spec, "ES_GC_OPTS"), "-XX:+UseSerialGC");
  EXPECT_EQ(environment_of(*spec, "ES_JAVA_OPTS"), "-XX:TieredStopAtLevel=1");
  EXPECT_EQ(environment_of(*spec, "JAVA_HOME"), "/usr/lib/jvm/java-17");
}

TEST(LaunchText, NeverAllowsRootUnlessTheCatalogueDoes) {
  Catalogue root = catalogue();
  EXPECT_THAT(render_launch(input(), root)->command(), Not(HasSubstr("allow.root")));
  root.artifacts["2.3.3"].allow_root = true;
  EXPECT_THAT(render_launch(input(), root)->command(), HasSubstr("-Des.insecure.allow.root='true'"));
}

TEST(LaunchText, ChecksTheArchiveBeforeItIsUnpackedWhenTheCatalogueKnowsItsHash) {
  Catalogue checked = catalogue();
  checked.artifacts["2.3.3"].sha256 = kSha;
  const auto spec = render_launch(input(), checked);
  ASSERT_TRUE(spec.has_value());
  EXPECT_THAT(spec->command(), StartsWith(std::string("echo '") + kSha + "  elasticsearch.tar.gz' | sha256sum "));
  EXPECT_FALSE(spec->uris(0).extract());
  EXPECT_EQ(spec->uris(0).output_file(), "elasticsearch.tar.gz");
}

TEST(LaunchText, QuotesWhatComesFromOutside) {
  LaunchInput hostile = input();
  hostile.place.set_hostname("a'; $(touch x) `b`");
  const auto spec = render_launch(hostile, catalogue());
  ASSERT_TRUE(spec.has_value());
  EXPECT_THAT(spec->command(), HasSubstr("-Des.network.host='a'\\''; $(touch x) `b`'"));
}

TEST(LaunchText, RefusesVersionsThatCanNotBeStarted) {
  LaunchInput other = input();
  other.version = "2.4.6";
  EXPECT_EQ(render_launch(other, catalogue()).error().code, ErrorCode::kNotFound);
  other.version = "7.17.28";
  EXPECT_EQ(render_launch(other, catalogue()).error().code, ErrorCode::kUnsupportedVersion);
}

struct HeapCase {
  std::uint32_t mem_mib;
  std::uint32_t heap_mib;
};
class HeapSize : public testing::TestWithParam<HeapCase> {};
TEST_P(HeapSize, IsHalfOfTheMemoryWithinBounds) {
  model::Resources resources;
  resources.set_mem_mib(GetParam().mem_mib);
  EXPECT_EQ(heap_mib(resources), GetParam().heap_mib);
}
INSTANTIATE_TEST_SUITE_P(Sizes, HeapSize,
                         testing::Values(HeapCase{1, 64}, HeapCase{128, 64}, HeapCase{130, 65}, HeapCase{512, 256},
                                         HeapCase{62 * 1024, 31 * 1024}, HeapCase{256 * 1024, 31 * 1024}));

TEST(Catalogue, NamesItsVersions) {
  EXPECT_THAT(catalogue().versions(), testing::ElementsAre("2.3.3", "7.17.28"));
  EXPECT_EQ(catalogue().find("1.7.6"), nullptr);
}

}  // namespace
}  // namespace esaas::es
