// The command line of the embedded Mesos, its defaults, and the mistakes that are found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/embedded/embedded_config.h"

namespace esaas::embedded::testing {
namespace {

using ::testing::HasSubstr;

TEST(EmbeddedConfig, DefaultsHoldSixNodesOnASmallLaptop) {
  EmbeddedConfig config = parse_arguments({"--work-dir", "/tmp/x"}).value();
  config = with_defaults(config, {8192, 100'000});
  const auto agents = agents_of(config);
  ASSERT_EQ(agents.size(), 6U);
  EXPECT_EQ(agents[0].hostname, "127.0.0.11");
  EXPECT_EQ(agents[5].hostname, "127.0.0.16");
  EXPECT_EQ(agents[3].attributes.at("rack"), "r1");
  EXPECT_EQ(agents[3].zone, "");
  for (const AgentSpec& agent : agents) {
    EXPECT_GE(agent.cpus_milli, 1000);
    EXPECT_GE(agent.mem_mib, 512 + 256);
    EXPECT_GE(agent.disk_mib, 1024);
  }
}

TEST(EmbeddedConfig, ReadsEveryOption) {
  const auto config = parse_arguments({"--work-dir",
                                       "/w",
                                       "--listen",
                                       "127.0.0.2:0",
                                       "--agents",
                                       "2",
                                       "--agent-cpus",
                                       "1.5",
                                       "--agent-mem",
                                       "700",
                                       "--agent-disk",
                                       "800",
                                       "--first-port",
                                       "12000",
                                       "--ports",
                                       "10",
                                       "--racks",
                                       "1",
                                       "--task-user",
                                       "es",
                                       "--heartbeat-ms",
                                       "100",
                                       "--first-agent-address",
                                       "127.0.1.1"})
                          .value();
  EXPECT_EQ(config.listen_address, "127.0.0.2");
  EXPECT_EQ(config.listen_port, 0);
  const auto agents = agents_of(with_defaults(config, {}));
  ASSERT_EQ(agents.size(), 2U);
  EXPECT_EQ(agents[1].hostname, "127.0.1.2");
  EXPECT_EQ(agents[1].cpus_milli, 1500);
  EXPECT_EQ(agents[1].port_end, 12009U);
  EXPECT_EQ(config.heartbeat, std::chrono::milliseconds(100));
}

TEST(EmbeddedConfig, AgentsTakeTurnsInZones) {
  const auto config = parse_arguments({"--work-dir", "/w", "--zones", "2", "--agents", "3"}).value();
  const auto agents = agents_of(with_defaults(config, {}));
  ASSERT_EQ(agents.size(), 3U);
  EXPECT_EQ(agents[0].zone, "z1");
  EXPECT_EQ(agents[1].zone, "z2");
  EXPECT_EQ(agents[2].zone, "z1");
  EXPECT_EQ(agents[2].region, "embedded");
}

TEST(EmbeddedConfig, AgentsLendWhatTheyAreTold) {
  const auto config =
      parse_arguments({"--work-dir", "/w", "--agent-revocable-cpus", "1.5", "--agent-revocable-mem", "512"}).value();
  const auto agents = agents_of(with_defaults(config, {}));
  EXPECT_EQ(agents[0].revocable_cpus_milli, 1500);
  EXPECT_EQ(agents[0].revocable_mem_mib, 512);
  EXPECT_THAT(parse_arguments({"--work-dir", "/w", "--agent-revocable-cpus", "-1"}).error().detail,
              HasSubstr("--agent-revocable-cpus: from 0 to 100000"));
}

TEST(EmbeddedConfig, TellsAllMistakesAtOnce) {
  const auto config = parse_arguments({"--listen", "nowhere", "--agents", "0", "--first-agent-address", "10.0.0.1",
                                       "--first-port", "80", "--principal", "es"});
  ASSERT_FALSE(config);
  for (const char* each : {"--work-dir is needed", "--listen: 'nowhere' is not HOST:PORT", "--agents: from 1 to 100",
                           "--first-agent-address: '10.0.0.1' is not in 127.0.0.0/8", "between 1024 and 65535",
                           "--principal and the secret belong together"}) {
    EXPECT_THAT(config.error().detail, HasSubstr(each));
  }
}

TEST(EmbeddedConfig, UnknownOptionsAndHelp) {
  EXPECT_THAT(parse_arguments({"--nope"}).error().detail, HasSubstr("--nope"));
  const auto help = parse_arguments({"--help"});
  EXPECT_EQ(help.error().rule, "help");
  EXPECT_THAT(help.error().detail, HasSubstr("--work-dir"));
}

TEST(EmbeddedConfig, AgentsHaveToFitBehindTheFirstAddress) {
  EXPECT_THAT(
      parse_arguments({"--work-dir", "/w", "--first-agent-address", "127.0.0.250", "--agents", "10"}).error().detail,
      HasSubstr("10 agents do not fit behind 127.0.0.250"));
}

}  // namespace
}  // namespace esaas::embedded::testing
