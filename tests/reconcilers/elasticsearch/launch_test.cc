#include "reconcilers/effects/elasticsearch/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

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
  made.artifacts["5.6.16"].uri = "file:///cache/elasticsearch-5.6.16.tar.gz";
  made.artifacts["6.8.23"].uri = "file:///cache/elasticsearch-6.8.23.tar.gz";
  made.artifacts["7.17.28"].uri = "file:///cache/elasticsearch-7.17.28.tar.gz";
  made.artifacts["8.10.2"].uri = "file:///cache/elasticsearch-8.10.2.tar.gz";
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
            "trap '' TERM && exec \"$home\"/bin/elasticsearch"
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
  EXPECT_EQ(spec->kill_grace_ms(), 0U) << "2.x loses acknowledged writes when it stops in good order";
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
  other.version = "8.10.2";
  EXPECT_EQ(render_launch(other, catalogue()).error().code, ErrorCode::kUnsupportedVersion);
}

std::string command_of(LaunchInput made, const std::string& version, const Catalogue& from = catalogue()) {
  made.version = version;
  const auto spec = render_launch(made, from);
  EXPECT_TRUE(spec.has_value()) << spec.error().detail;
  return spec ? spec->command() : "";
}

/// What stands behind `exec`.
std::string options_of(const std::string& command) { return command.substr(command.rfind("exec \"$home\"")); }

TEST(LaunchText, SaysEverythingThatANodeOf5xNeeds) {
  const std::string command = command_of(input(), "5.6.16");
  EXPECT_THAT(command, StartsWith("if [ \"$(id -u)\" = 0 ]; then echo 'Elasticsearch 5.6.16 never runs as root: "));
  EXPECT_THAT(command, HasSubstr("printf '%s\\n' '-Xms256m' '-Xmx256m' '-XX:+UseG1GC' "));
  EXPECT_THAT(command, HasSubstr("'--add-opens=java.base/java.nio=ALL-UNNAMED'"));
  EXPECT_THAT(command, HasSubstr("export ES_JVM_OPTIONS=\"$PWD\"/conf/jvm.options"));
  EXPECT_EQ(options_of(command),
            "exec \"$home\"/bin/elasticsearch -Ecluster.name='search' -Enode.name='data-0' "
            "-Enetwork.host='127.0.1.1' -Ehttp.port='31000' -Epath.data=\"$volume\" -Epath.logs=\"$PWD\"'/logs' "
            "-Enode.master='true' -Enode.data='true' -Epath.conf=\"$PWD\"'/conf' "
            "-Enode.max_local_storage_nodes='1' "
            "-Ediscovery.zen.ping.unicast.hosts='127.0.1.1:31001,127.0.1.2:31001,127.0.1.3:31001' "
            "-Ediscovery.zen.minimum_master_nodes='2' -Etransport.tcp.port='31001'");
}

TEST(LaunchText, Tells6xByTheEnvironmentWhereItsConfigurationIs) {
  const std::string command = command_of(input(), "6.8.23");
  EXPECT_THAT(command, HasSubstr("export ES_PATH_CONF=\"$PWD\"/conf"));
  EXPECT_THAT(options_of(command), Not(HasSubstr("path.conf")));
  EXPECT_THAT(options_of(command), HasSubstr("-Ediscovery.zen.minimum_master_nodes='2'"));
}

TEST(LaunchText, Tells7xWhoElectsTheFirstMasterOnlyWhenThereWasNone) {
  LaunchInput seven = input();
  EXPECT_EQ(options_of(command_of(seven, "7.17.28")),
            "exec \"$home\"/bin/elasticsearch -Ecluster.name='search' -Enode.name='data-0' "
            "-Enetwork.host='127.0.1.1' -Ehttp.port='31000' -Epath.data=\"$volume\" -Epath.logs=\"$PWD\"'/logs' "
            "-Enode.master='true' -Enode.data='true' "
            "-Ediscovery.seed_hosts='127.0.1.1:31001,127.0.1.2:31001,127.0.1.3:31001' -Etransport.port='31001'");
  seven.initial_master_nodes = {"data-0", "data-1", "data-2"};
  EXPECT_THAT(command_of(seven, "7.17.28"), HasSubstr(" -Ecluster.initial_master_nodes='data-0,data-1,data-2'"));
  EXPECT_THAT(command_of(seven, "6.8.23"), Not(HasSubstr("initial_master_nodes")));
}

TEST(LaunchText, TakesTheSerialCollectorOnlyWhereTheBootstrapChecksDoNotLook) {
  Catalogue small = catalogue();
  small.artifacts["7.17.28"].profile = Profile::kSmall;
  EXPECT_THAT(command_of(input(), "7.17.28", small), HasSubstr("'-XX:+UseSerialGC'"));
  LaunchInput outside = input();
  outside.place.set_hostname("10.0.0.7");
  EXPECT_THAT(command_of(outside, "7.17.28", small), Not(HasSubstr("UseSerialGC")));
}

class EachVersion : public testing::TestWithParam<const char*> {};

TEST_P(EachVersion, PutsTheGroupsSettingsInPlaceOfOurs) {
  LaunchInput with = input();
  with.place.set_zone("a");
  model::Setting& own = with.settings.emplace_back();
  own.set_key("http.port");
  own.set_value("$volume's");
  const std::string options = options_of(command_of(with, GetParam()));
  EXPECT_THAT(options, HasSubstr("'http.port=$volume'\\''s' "));
  EXPECT_THAT(options, Not(HasSubstr("31000")));
}

TEST_P(EachVersion, NeverEndsInWhatWouldPutItIntoTheBackground) {
  LaunchInput with = input();
  with.place.set_zone("zone-d");
  model::Setting& own = with.settings.emplace_back();
  own.set_key("x");
  own.set_value("-d");
  with.cluster = "search-d";
  EXPECT_THAT(options_of(command_of(with, GetParam())), testing::EndsWith("'"));
  EXPECT_THAT(options_of(command_of(with, GetParam())), Not(testing::EndsWith("-d'")));
}

TEST_P(EachVersion, NamesTheFolderOfTheTenantsRepositories) {
  LaunchInput of_shop = input();
  of_shop.tenant = "shop";
  Catalogue with = catalogue();
  EXPECT_THAT(command_of(of_shop, GetParam(), with), Not(HasSubstr("path.repo")));
  with.artifacts[GetParam()].repository_root = "/snapshots";
  EXPECT_THAT(command_of(of_shop, GetParam(), with), HasSubstr("path.repo='/snapshots/shop'"));
}

TEST_P(EachVersion, InstallsPluginsBeforeItStarts) {
  LaunchInput with = input();
  with.version = GetParam();
  with.plugins.emplace_back().set_name("known");
  with.plugins.emplace_back().set_name("official");
  model::Plugin& checked = with.plugins.emplace_back();
  checked.set_name("own");
  checked.set_uri("/archives/own.zip");
  checked.set_sha256(kSha);
  Catalogue from = catalogue();
  from.artifacts[GetParam()].plugins["known"].uri = "http://archives/known.zip";
  const auto spec = render_launch(with, from);
  ASSERT_TRUE(spec.has_value());
  EXPECT_THAT(spec->command(),
              HasSubstr(" && plugin 'known' 'http://archives/known.zip' '' && plugin 'official' 'official' '' && "
                        "plugin 'own' 'plugin-2.zip' '" +
                        std::string(kSha) + "' && " +
                        (std::string_view(GetParam()) == "2.3.3" ? "trap '' TERM && " : "") + "exec "));
  ASSERT_EQ(spec->uris_size(), 2);
  EXPECT_EQ(spec->uris(1).uri(), "file:///archives/own.zip");
  EXPECT_EQ(spec->uris(1).output_file(), "plugin-2.zip");
  EXPECT_FALSE(spec->uris(1).extract());
}

TEST_P(EachVersion, GivesNoToolWhatAShellWouldRun) {
  LaunchInput with = input();
  with.version = GetParam();
  model::Plugin& plugin = with.plugins.emplace_back();
  plugin.set_name("$(touch x)");
  EXPECT_EQ(render_launch(with, catalogue()).error().code, ErrorCode::kInvalidArgument);
  plugin.set_name("x");
  plugin.set_uri("file:///a b");
  EXPECT_EQ(render_launch(with, catalogue()).error().code, ErrorCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Versions, EachVersion, testing::Values("2.3.3", "5.6.16", "6.8.23", "7.17.28"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(LaunchText, UnpacksACheckedZip) {
  Catalogue zipped = catalogue();
  zipped.artifacts["6.8.23"].uri = "file:///cache/elasticsearch-6.8.23.zip";
  zipped.artifacts["6.8.23"].sha256 = kSha;
  EXPECT_THAT(command_of(input(), "6.8.23", zipped),
              HasSubstr("sha256sum --check --quiet - && unzip -q -o elasticsearch.zip && "));
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
  EXPECT_THAT(catalogue().versions(), testing::ElementsAre("2.3.3", "5.6.16", "6.8.23", "7.17.28", "8.10.2"));
  EXPECT_EQ(catalogue().find("1.7.6"), nullptr);
}

}  // namespace
}  // namespace esaas::es
