// The parser against answers that 2.3.3 really gave (data/), and against what no Elasticsearch
// should answer.

#include "reconcilers/effects/elasticsearch/observation_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace esaas::es {
namespace {

using reconcile::Observation;
using reconcile::ShardCopy;
using reconcile::ShardState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string recorded(const std::string& name) {
  std::ifstream file(std::string(ESAAS_SOURCE_DIR) + "/tests/reconcilers/elasticsearch/data/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Observation state_of(const std::string& name) {
  Observation observation;
  const auto parsed = parse_cluster_state(recorded(name), "search", observation);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().detail;
  return observation;
}

std::ptrdiff_t count(const Observation& observation, ShardState state) {
  return std::ranges::count(observation.shards, state, &ShardCopy::state);
}

TEST(ObservationParser, ReadsAGreenClusterAndItsClosedIndex) {
  const auto health = parse_health(recorded("green_closed_index_health.json"), "search");
  ASSERT_TRUE(health.has_value());
  EXPECT_EQ(health->status(), model::HEALTH_STATUS_GREEN);
  EXPECT_EQ(health->nodes(), 3U);
  EXPECT_EQ(health->active_shards(), 4U);
  const Observation seen = state_of("green_closed_index_state.json");
  EXPECT_EQ(seen.master, "data-1");
  EXPECT_THAT(seen.nodes, ElementsAre("data-0", "data-1", "data-2"));
  EXPECT_EQ(count(seen, ShardState::kStarted), 4);
  EXPECT_EQ(std::ranges::count(seen.shards, true, &ShardCopy::primary), 2);
  EXPECT_THAT(seen.closed_indices, ElementsAre("old"));
}

TEST(ObservationParser, KnowsBothEndsOfAMove) {
  const Observation seen = state_of("relocating_state.json");
  EXPECT_EQ(count(seen, ShardState::kRelocating), 2);
  for (const ShardCopy& copy : seen.shards) {
    if (copy.state != ShardState::kRelocating) continue;
    EXPECT_EQ(copy.node, "data-0");
    EXPECT_THAT(copy.relocating_to, testing::AnyOf("data-1", "data-2"));
  }
  Observation settings;
  ASSERT_TRUE(parse_settings(recorded("relocating_settings.json"), settings).has_value());
  EXPECT_THAT(*settings.excluded_nodes, ElementsAre("data-0"));
  EXPECT_EQ(settings.minimum_master_nodes, 2U);
}

TEST(ObservationParser, ReadsARedCluster) {
  EXPECT_EQ(parse_health(recorded("red_health.json"), "search")->status(), model::HEALTH_STATUS_RED);
  const Observation seen = state_of("red_state.json");
  EXPECT_THAT(seen.nodes, ElementsAre("data-0", "data-1"));
  EXPECT_EQ(count(seen, ShardState::kUnassigned), 2);
  Observation settings;
  ASSERT_TRUE(parse_settings(recorded("red_settings.json"), settings).has_value());
  EXPECT_THAT(*settings.excluded_nodes, IsEmpty());
}

TEST(ObservationParser, TakesNoSettingsForNone) {
  Observation settings;
  ASSERT_TRUE(parse_settings(recorded("green_closed_index_settings.json"), settings).has_value());
  EXPECT_THAT(*settings.excluded_nodes, IsEmpty());
  EXPECT_EQ(settings.minimum_master_nodes, 0U);
}

TEST(ObservationParser, DoesNotTakeAStateThatIsNotReadYetForAnEmptyOne) {
  Observation observation;
  const auto parsed = parse_cluster_state(recorded("state_not_recovered_state.json"), "search", observation);
  EXPECT_EQ(parsed.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(observation.nodes, IsEmpty());
}

TEST(ObservationParser, DoesNotTakeAnotherClustersAnswer) {
  Observation observation;
  EXPECT_EQ(parse_health(recorded("red_health.json"), "other").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_cluster_state(recorded("red_state.json"), "other", observation).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(check_cluster_name(recorded("root.json"), "other").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(check_cluster_name(recorded("root.json"), "search").has_value());
}

TEST(ObservationParser, GivesElasticsearchsReasonForAnError) {
  EXPECT_EQ(reason_of_error(recorded("no_master_state.json")), "master_not_discovered_exception");
  EXPECT_EQ(reason_of_error("<html>"), "<html>");
}

struct BadCase {
  const char* name;
  const char* body;
  const char* says;
};
void PrintTo(const BadCase& one, std::ostream* out) { *out << one.name; }
std::string name_of_case(const testing::TestParamInfo<BadCase>& tested) {
  std::string name = tested.param.name;
  std::ranges::replace(name, ' ', '_');
  return name;
}

class BadHealth : public testing::TestWithParam<BadCase> {};
TEST_P(BadHealth, IsRefusedAndNamesWhatIsWrong) {
  const auto health = parse_health(GetParam().body, "search");
  ASSERT_FALSE(health.has_value());
  EXPECT_EQ(health.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(health.error().detail, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Bodies, BadHealth,
    testing::Values(
        BadCase{"empty", "", "not JSON"}, BadCase{"truncated", R"({"cluster_name":"sea)", "not JSON"},
        BadCase{"list", "[]", "not a JSON object"}, BadCase{"no name", "{}", "cluster_name"},
        BadCase{"name is a number", R"({"cluster_name":7})", "cluster_name"},
        BadCase{"odd status", R"({"cluster_name":"search","status":"blue"})", "status"},
        BadCase{"negative", R"({"cluster_name":"search","status":"red","number_of_nodes":-1})", "number_of_nodes"},
        BadCase{"fraction", R"({"cluster_name":"search","status":"red","number_of_nodes":1.5})", "number_of_nodes"}),
    name_of_case);

/// A state with one node and what is given for the rest.
std::string state_with(const std::string& rest) {
  return R"({"cluster_name":"search","master_node":"a","nodes":{"a":{"name":"data-0"}})" + rest + "}";
}

class BadState : public testing::TestWithParam<BadCase> {};
TEST_P(BadState, IsRefusedAndNamesWhatIsWrong) {
  Observation observation;
  const auto parsed = parse_cluster_state(state_with(GetParam().body), "search", observation);
  ASSERT_FALSE(parsed.has_value());
  EXPECT_THAT(parsed.error().detail, HasSubstr(GetParam().says));
}
constexpr const char* kUnknownNode =
    R"(,"routing_table":{"indices":{"i":{"shards":{"0":[{"state":"STARTED","primary":true,"node":"z","shard":0}]}}}})";
constexpr const char* kNoPrimary =
    R"(,"routing_table":{"indices":{"i":{"shards":{"0":[{"state":"STARTED","node":"a","shard":0}]}}}})";
constexpr const char* kNowhere =
    R"(,"routing_table":{"indices":{"i":{"shards":{"0":[{"state":"STARTED","primary":true,"node":null,"shard":0}]}}}})";
constexpr const char* kOddState =
    R"(,"routing_table":{"indices":{"i":{"shards":{"0":[{"state":"LOST","primary":true,"node":"a","shard":0}]}}}})";
INSTANTIATE_TEST_SUITE_P(
    Bodies, BadState,
    testing::Values(
        BadCase{"unknown node", kUnknownNode, "not listed"}, BadCase{"no primary", kNoPrimary, "primary"},
        BadCase{"started nowhere", kNowhere, "disagree"}, BadCase{"odd state", kOddState, "state"},
        BadCase{"index without shards", R"(,"routing_table":{"indices":{"i":{}}})", "shards"},
        BadCase{"open index without routing",
                R"(,"metadata":{"indices":{"i":{"state":"open","settings":{"index":{}}}}})", "open index"},
        BadCase{"odd index", R"(,"metadata":{"indices":{"i":{"state":"ajar"}}})", "neither"},
        BadCase{"index without settings", R"(,"metadata":{"indices":{"i":{"state":"close"}}})", "settings"},
        BadCase{"odd replicas",
                R"(,"metadata":{"indices":{"i":{"state":"close","settings":{"index":{"number_of_replicas":"x"}}}}})",
                "number_of_replicas"},
        BadCase{"no voters", R"(,"metadata":{"cluster_coordination":{}})", "last_committed_config"},
        BadCase{"odd voter", R"(,"metadata":{"cluster_coordination":{"last_committed_config":[7]}})", "voter"},
        BadCase{
            "odd exclusion",
            R"(,"metadata":{"cluster_coordination":{"last_committed_config":["a"],"voting_config_exclusions":[{}]}})",
            "exclusion"}),
    name_of_case);

TEST(ObservationParser, NamesAVoterThatHasGoneByItsIdAndOneThatHasNotComeByItsName) {
  Observation seen;
  const std::string voters = R"(["a","gone","{bootstrap-placeholder}-data-2"])";
  ASSERT_TRUE(parse_cluster_state(
      state_with(R"(,"metadata":{"cluster_coordination":{"last_committed_config":)" + voters + "}}"), "search", seen));
  EXPECT_THAT(*seen.voting_configuration, ElementsAre("#gone", "data-0", "data-2"));
  EXPECT_THAT(*seen.voting_exclusions, IsEmpty());
}

/// As 7.17.28 shows them.
TEST(ObservationParser, NamesAnExclusionThatWasMadeByAnIdByIt) {
  Observation seen;
  const std::string exclusions =
      R"([{"node_id":"QLRcULwrSSqjFnPOH54bmQ","node_name":"_absent_"},{"node_id":"_absent_","node_name":"data-3"}])";
  const std::string coordination = R"({"last_committed_config":["a"],"voting_config_exclusions":)" + exclusions + "}";
  ASSERT_TRUE(
      parse_cluster_state(state_with(R"(,"metadata":{"cluster_coordination":)" + coordination + "}"), "search", seen));
  EXPECT_THAT(*seen.voting_exclusions, ElementsAre("#QLRcULwrSSqjFnPOH54bmQ", "data-3"));
}

/// As 2.3.3 and 2.4.6 show it.
TEST(ObservationParser, ReadsHowManyCopiesAnIndexWaitsFor) {
  const auto index = [](const std::string& name, const std::string& settings) {
    return '"' + name + R"(":{"state":"close","settings":{"index":{)" + settings + "}}}";
  };
  const std::string indices = index("books", R"("recovery":{"initial_shards":"all"},"number_of_replicas":"1")") + "," +
                              index("logs", R"("number_of_replicas":"1")");
  Observation seen;
  ASSERT_TRUE(parse_cluster_state(state_with(R"(,"metadata":{"indices":{)" + indices + "}}"), "search", seen));
  ASSERT_EQ(seen.indices.size(), 2U);
  EXPECT_EQ(seen.indices[0].initial_shards, "all");
  EXPECT_EQ(seen.indices[1].initial_shards, "");
}

TEST(ObservationParser, ReadsListsAmongTheSettings) {
  Observation seen;
  ASSERT_TRUE(parse_settings(R"({"persistent":{"b":["x","y"],"a":"1"},"transient":{}})", seen));
  EXPECT_EQ((*seen.persistent_settings)[0].key(), "a");
  EXPECT_EQ((*seen.persistent_settings)[1].value(), "x,y");
  EXPECT_EQ(seen.allocation_enable, "");
  EXPECT_FALSE(parse_settings(R"({"persistent":{"b":{"c":"1"}},"transient":{}})", seen));
}

TEST(ObservationParser, ToleratesFieldsThatItDoesNotKnow) {
  Observation observation;
  EXPECT_TRUE(parse_cluster_state(state_with(R"(,"new_in_9":{"x":[1,2]})"), "search", observation).has_value());
  EXPECT_THAT(observation.shards, IsEmpty());
}

TEST(ObservationParser, RefusesNestingWithoutEnd) {
  EXPECT_FALSE(parse_health(std::string(100000, '['), "search").has_value());
}

}  // namespace
}  // namespace esaas::es
