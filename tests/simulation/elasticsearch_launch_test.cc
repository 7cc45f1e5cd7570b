#include "tests/simulation/elasticsearch_launch.h"

#include <gtest/gtest.h>

#include "reconcilers/effects/elasticsearch/launch.h"

namespace esaas::simulation {
namespace {

es::LaunchInput input_of_one_node() {
  es::LaunchInput input;
  input.cluster = "search";
  input.node = "data-0";
  input.version = "2.3.3";
  input.master_eligible = false;
  input.holds_data = true;
  input.resources.set_mem_mib(512);
  input.place.set_hostname("127.0.0.11");
  input.place.set_http_port(12101);
  input.place.set_transport_port(12100);
  input.seed_hosts = {"127.0.0.11:12100", "127.0.0.12:12100"};
  input.minimum_master_nodes = 2;
  return input;
}

model::LaunchSpec rendered() {
  es::Catalogue catalogue;
  catalogue.artifacts["2.3.3"].uri = "file:///es.tar.gz";
  return *es::render_launch(input_of_one_node(), catalogue);
}

TEST(ElasticsearchLaunch, ReadsWhatTheControllerRenders) {
  const auto launch = parse_launch(rendered());
  ASSERT_TRUE(launch) << launch.error().detail;
  EXPECT_EQ(launch->cluster, "search");
  EXPECT_EQ(launch->node, "data-0");
  EXPECT_EQ(launch->host, "127.0.0.11");
  EXPECT_EQ(launch->http_port, 12101U);
  EXPECT_EQ(launch->transport_address(), "127.0.0.11:12100");
  EXPECT_FALSE(launch->master_eligible);
  EXPECT_TRUE(launch->holds_data);
  EXPECT_EQ(launch->seed_hosts, input_of_one_node().seed_hosts);
  EXPECT_EQ(launch->minimum_master_nodes, 2U);
  EXPECT_EQ(launch->heap_mib, 256U);
}

struct Broken {
  const char* name;
  const char* from;
  const char* to;
  const char* named;  // in the refusal
};
std::ostream& operator<<(std::ostream& out, const Broken& broken) { return out << broken.name; }

class BrokenLaunch : public testing::TestWithParam<Broken> {};

TEST_P(BrokenLaunch, IsRefusedWithTheSettingNamed) {
  model::LaunchSpec spec = rendered();
  std::string& command = *spec.mutable_command();
  const auto at = command.find(GetParam().from);
  ASSERT_NE(at, std::string::npos) << command;
  command.replace(at, std::string_view(GetParam().from).size(), GetParam().to);
  const auto launch = parse_launch(spec);
  ASSERT_FALSE(launch);
  EXPECT_EQ(launch.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(launch.error().detail.find(GetParam().named), std::string::npos) << launch.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Each, BrokenLaunch,
    testing::Values(Broken{"NotTheProgram", "/bin/elasticsearch", "/bin/kibana", "bin/elasticsearch"},
                    Broken{"NotExecuted", "exec ", "", "exec"},
                    Broken{"DataBesideTheVolume", "\"$volume\"", "'/tmp/data'", "path.data"},
                    Broken{"OneSettingTwice", "cluster.name=", "node.name=", "twice"},
                    Broken{"NoClusterName", "-Des.cluster.name='search'", "", "cluster.name"},
                    Broken{"PortsShared", "'12101'", "'12100'", "share a port"},
                    Broken{"PortIsNoNumber", "'12101'", "'http'", "http.port"},
                    Broken{"RoleIsNoFlag", "node.master='false'", "node.master='no'", "node.master"},
                    Broken{"SeedWithoutPort", "127.0.0.12:12100", "127.0.0.12", "no port"},
                    Broken{"QuorumOfNone", "minimum_master_nodes='2'", "minimum_master_nodes='0'",
                           "minimum_master_nodes"},
                    Broken{"MulticastOn", "multicast.enabled='false'", "multicast.enabled='true'", "multicast"},
                    Broken{"ForeignOption", "-Des.node.data=", "-Dnode.data=", "argument"},
                    Broken{"OpenQuote", "'search'", "'search", "quote"},
                    Broken{"Expansion", "'search'", "\"$HOME\"", "expansion"}),
    [](const auto& test) { return test.param.name; });

TEST(ElasticsearchLaunch, NeedsAHeapSize) {
  model::LaunchSpec spec = rendered();
  spec.clear_environment();
  const auto launch = parse_launch(spec);
  ASSERT_FALSE(launch);
  EXPECT_NE(launch.error().detail.find("ES_HEAP_SIZE"), std::string::npos);
}

TEST(WordsOfLastCommand, ResolvesQuotesAndKeepsOnlyTheLastCommand) {
  const auto words = words_of_last_command(R"(mkdir -p 'a b' && exec 'it'\''s' "$PWD"'/x' c\ d)");
  ASSERT_TRUE(words) << words.error().detail;
  EXPECT_EQ(*words, (std::vector<std::string>{"exec", "it's", "$PWD/x", "c d"}));
}

}  // namespace
}  // namespace esaas::simulation
