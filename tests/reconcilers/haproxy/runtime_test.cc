// What HAProxy's answers mean, and what is said to it. The answers are HAProxy 2.6's own.

#include "reconcilers/effects/haproxy/runtime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace esaas::haproxy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::string_view kServers =
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port\n"
    "3 elasticsearch 1 es1 127.0.0.11 2 4 1 1 0 15 3 3 6 0 0 0 - 31000 - 0 0 - - 0\n"
    "3 elasticsearch 2 es2 127.0.0.12 2 12 1 1 0 1 0 1 6 0 0 0 - 31000 - 0 0 - - 0\n"
    "3 elasticsearch 3 es3 127.0.0.1 0 5 1 1 26 1 0 0 14 0 0 0 - 1 - 0 0 - - 0\n"
    "4 kibana 1 kibana1 127.0.0.1 0 5 1 1 26 1 0 0 14 0 0 0 - 1 - 0 0 - - 0\n"
    "5 control 1 socket - 2 0 1 1 378 1 0 2 0 0 0 0 - 0 - 0 0 - - 0\n";
constexpr std::string_view kStat =
    "# pxname,svname,qcur,qmax,scur,smax,slim,stot\nelasticsearch,es1,0,0,7,9,,120\nelasticsearch,es2,0,0,2,9,,11\n"
    "control,socket,0,0,1,1,,6\n";

Server server(std::string node, std::string address, bool drained = false) {
  return {.node = std::move(node),
          .backend = "elasticsearch",
          .address = std::move(address),
          .port = 31000,
          .drained = drained};
}

Standing standing() {
  Standing now{.slots = *parse_slots(kServers), .doors = {{"users", "all"}, {"networks", "all"}}};
  EXPECT_TRUE(parse_sessions(kStat, now.slots));
  return now;
}

TEST(HaproxyRuntime, ReadsServersAndTheirSessions) {
  const auto now = standing();
  ASSERT_EQ(now.slots.size(), 4U);  // not the way to its own socket
  EXPECT_EQ(now.slots[0].state, SlotState::kReady);
  EXPECT_EQ(now.slots[0].address, "127.0.0.11");
  EXPECT_EQ(now.slots[0].port, 31000U);
  EXPECT_EQ(now.slots[0].sessions, 7U);
  EXPECT_EQ(now.slots[1].state, SlotState::kDrained);
  EXPECT_EQ(now.slots[2].state, SlotState::kOff);
  EXPECT_EQ(now.slots[3].backend, "kibana");
}

TEST(HaproxyRuntime, AServerIsUpOnceItWasCheckedAndFoundWell) {
  const Orders orders{.servers = {server("data-0", "127.0.0.11"), server("data-1", "127.0.0.12")}};
  EXPECT_THAT(nodes_that_are_up(standing(), orders), ElementsAre("data-0")) << "the other is only presumed to be";
  const std::string header(kServers.substr(0, kServers.find("\n3 ") + 1));
  const auto up = [&](const std::string& state) {
    const Standing now{
        .slots = *parse_slots(header + "3 elasticsearch 1 es1 127.0.0.11 " + state + " 6 0 0 0 - 31000 - 0 0 - - 0\n")};
    return nodes_that_are_up(now, orders).size();
  };
  EXPECT_EQ(up("2 4 1 1 5 15 3 3"), 1U);
  EXPECT_EQ(up("2 4 1 1 5 15 0 3"), 1U) << "while it is checked again";
  EXPECT_EQ(up("2 12 1 1 5 15 3 3"), 1U) << "one that is drained";
  EXPECT_EQ(up("2 4 1 1 0 15 3 1"), 0U) << "a place that another was well in";
  EXPECT_EQ(up("0 4 1 1 3 8 2 0"), 0U) << "down";
  EXPECT_EQ(up("0 5 1 1 0 15 3 3"), 0U) << "off";
}

TEST(HaproxyRuntime, ReadsEntriesOfMapsAndLists) {
  EXPECT_THAT(*parse_entries("0x560810134990 users listed\n0x56081013ae50 networks all\n"),
              ElementsAre(Pair("users", "listed"), Pair("networks", "all")));
  EXPECT_THAT(*parse_entries("0x56080ff49510 10.0.0.0/8\n"), ElementsAre(Pair("10.0.0.0/8", "")));
  EXPECT_THAT(*parse_entries(""), IsEmpty());
}

TEST(HaproxyRuntime, TakesNothingElseForAnAnswer) {
  for (const std::string_view answer :
       {"", "Unknown command.", "1\n# be_name srv_name\nelasticsearch es1\n",
        "# be_name srv_name srv_addr srv_port srv_admin_state\nelasticsearch es1 x y z\n"}) {
    const auto slots = parse_slots(answer);
    EXPECT_FALSE(slots) << answer;
    EXPECT_EQ(slots.error().code, ErrorCode::kUnavailable);
  }
  auto slots = *parse_slots(kServers);
  EXPECT_FALSE(parse_sessions("Permission denied\n", slots));
  EXPECT_FALSE(parse_sessions("# pxname,svname,scur\nelasticsearch,es1,many\n", slots));
  EXPECT_FALSE(parse_entries("Unknown map identifier. Please use #<id> or <file>.\n"));
}

TEST(HaproxyRuntime, AProxyThatIsAsWantedIsToldNothing) {
  const Orders orders{.servers = {server("data-0", "127.0.0.11"), server("data-1", "127.0.0.12", true)}};
  EXPECT_THAT(*commands_for(standing(), orders), IsEmpty());
  EXPECT_THAT(sessions_by_node(standing(), orders), ElementsAre(Pair("data-0", 7), Pair("data-1", 2)));
}

TEST(HaproxyRuntime, ANewServerTakesAFreePlaceAndAnOldOneGivesItUp) {
  const Orders orders{.servers = {server("data-0", "127.0.0.11"), server("data-2", "127.0.0.13")}};
  EXPECT_THAT(*commands_for(standing(), orders),
              ElementsAre("set server elasticsearch/es3 addr 127.0.0.13 port 31000",
                          "set server elasticsearch/es3 state ready", "set server elasticsearch/es2 state maint"));
}

TEST(HaproxyRuntime, AServerThatStopsIsDrainedWhereItIs) {
  const Orders orders{.servers = {server("data-0", "127.0.0.11", true), server("data-1", "127.0.0.12")}};
  EXPECT_THAT(*commands_for(standing(), orders),
              ElementsAre("set server elasticsearch/es1 state drain", "set server elasticsearch/es2 state ready"));
}

TEST(HaproxyRuntime, ThereIsNoMoreRoomThanThereIs) {
  const Orders orders{.servers = {server("data-0", "127.0.0.11"), server("data-1", "127.0.0.12", true),
                                  server("data-2", "127.0.0.13"), server("data-3", "127.0.0.14")}};
  const auto commands = commands_for(standing(), orders);
  ASSERT_FALSE(commands);
  EXPECT_EQ(commands.error().code, ErrorCode::kResourceExhausted);
}

TEST(HaproxyRuntime, TheDoorClosesBehindAFullListAndOpensBeforeAnEmptyOne) {
  const std::vector<Server> servers = {server("data-0", "127.0.0.11"), server("data-1", "127.0.0.12", true)};
  const Orders closed{.servers = servers, .asks_for_users = true, .digests = {"AB"}, .networks = {"10.0.0.0/8"}};
  EXPECT_THAT(*commands_for(standing(), closed),
              ElementsAre("add map ./users.map AB user", "add acl ./networks.acl 10.0.0.0/8",
                          "set map ./doors.map users listed", "set map ./doors.map networks listed"));
  auto now = standing();
  now.digests = {"AB"};
  now.networks = {"10.0.0.0/8"};
  now.doors = {{"users", "listed"}, {"networks", "listed"}};
  EXPECT_THAT(*commands_for(now, {.servers = servers}),
              ElementsAre("set map ./doors.map users all", "set map ./doors.map networks all", "del map ./users.map AB",
                          "del acl ./networks.acl 10.0.0.0/8"));
}

TEST(HaproxyRuntime, AChangedPasswordComesInBeforeTheOldOneGoes) {
  auto now = standing();
  now.digests = {"AB"};
  now.doors["users"] = "listed";
  const Orders orders{.servers = {server("data-0", "127.0.0.11"), server("data-1", "127.0.0.12", true)},
                      .asks_for_users = true,
                      .digests = {"CD"}};
  EXPECT_THAT(*commands_for(now, orders), ElementsAre("add map ./users.map CD user", "del map ./users.map AB"));
}

TEST(HaproxyRuntime, UsersWithoutAnyPasswordLetNobodyIn) {
  auto now = standing();
  now.doors = {};
  const Orders orders{.servers = {}, .asks_for_users = true};
  EXPECT_THAT(*commands_for(now, orders),
              ElementsAre("add map ./doors.map networks all", "add map ./doors.map users listed",
                          "set server elasticsearch/es1 state maint", "set server elasticsearch/es2 state maint"));
}

TEST(HaproxyRuntime, TheDigestIsOfTheWholeHeader) {
  // printf 'Basic YW5uYTpzZWNyZXQ=' | sha256sum
  EXPECT_EQ(digest_of("anna", "secret"), "B68D151CF4FCB4547443B05A86A8ACDA46264E2DFFA65B537AE6131BF6B67D6D");
}

}  // namespace
}  // namespace esaas::haproxy
