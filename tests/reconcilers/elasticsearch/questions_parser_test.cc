// The answers to what is asked only when somebody waits, as real nodes of all versions gave them (data/).

#include "reconcilers/effects/elasticsearch/questions_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "reconcilers/effects/elasticsearch/launch.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"

namespace esaas::es {
namespace {

using reconcile::NodeInfo;
using reconcile::Observation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string name_of(const testing::TestParamInfo<const char*>& tested) {
  std::string name = tested.param;
  std::ranges::replace(name, '.', '_');
  return name;
}

class OfVersion : public testing::TestWithParam<const char*> {
 protected:
  static std::string recorded(const std::string& what) {
    const std::string name = std::string(GetParam()) + "_" + what + ".json";
    std::ifstream file(std::string(ESAAS_SOURCE_DIR) + "/tests/reconcilers/elasticsearch/data/" + name);
    EXPECT_TRUE(file.good()) << name;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static bool is_from(char major) { return GetParam()[0] >= major; }
  static Observation state(const std::string& what) {
    Observation observation;
    const auto parsed = parse_cluster_state(recorded(what), "search", observation);
    EXPECT_TRUE(parsed.has_value()) << parsed.error().detail;
    return observation;
  }
};

class EveryVersion : public OfVersion {};
INSTANTIATE_TEST_SUITE_P(Versions, EveryVersion, testing::Values("2.3.3", "2.4.6", "5.6.16", "6.8.23", "7.17.28"),
                         name_of);

TEST_P(EveryVersion, TellsItsIndicesAndRepositories) {
  const Observation seen = state("green_state");
  ASSERT_EQ(seen.indices.size(), 2U);
  const auto& books = seen.indices[0];
  EXPECT_EQ(books.name, "books");
  EXPECT_TRUE(books.open);
  EXPECT_EQ(books.shards, 2U);
  EXPECT_EQ(books.replicas, 1U);
  EXPECT_EQ(books.auto_expand_replicas, "");
  const std::map<std::string, std::uint32_t> ids{
      {"2.3.3", 2030399}, {"2.4.6", 2040699}, {"5.6.16", 5061699}, {"6.8.23", 6082399}, {"7.17.28", 7172899}};
  EXPECT_EQ(books.created_version, ids.at(GetParam()));
  const auto& old = seen.indices[1];
  EXPECT_FALSE(old.open);
  EXPECT_EQ(old.auto_expand_replicas, "0-1");
  EXPECT_THAT(seen.repositories, ElementsAre("backup"));
}

TEST_P(EveryVersion, LeavesOutOfTheClosedIndicesThoseThatMove) {
  const Observation seen = state("green_state");
  const bool shows_closed = std::ranges::any_of(seen.shards, [](const auto& copy) { return copy.index == "old"; });
  EXPECT_EQ(shows_closed, is_from('7'));
  EXPECT_EQ(seen.closed_indices, is_from('7') ? std::vector<std::string>{} : std::vector<std::string>{"old"});
}

TEST_P(EveryVersion, NamesItsVotersFrom7On) {
  const Observation seen = state("green_state");
  if (!is_from('7')) {
    EXPECT_FALSE(seen.voting_configuration || seen.voting_exclusions);
    return;
  }
  EXPECT_THAT(*seen.voting_configuration, ElementsAre("data-0"));
  EXPECT_THAT(*seen.voting_exclusions, ElementsAre("data-2"));
}

TEST_P(EveryVersion, ShowsTheCopiesThatANodeTookWithIt) {
  const Observation seen = state("yellow_state");
  EXPECT_THAT(seen.nodes, ElementsAre("data-0", "data-2"));
  EXPECT_TRUE(std::ranges::any_of(seen.shards,
                                  [](const auto& copy) { return copy.state == reconcile::ShardState::kUnassigned; }));
}

TEST_P(EveryVersion, TellsAllItsSettings) {
  Observation seen;
  ASSERT_TRUE(parse_settings(recorded("settings"), seen).has_value());
  EXPECT_EQ(seen.allocation_enable, "primaries");
  EXPECT_THAT(*seen.excluded_nodes, ElementsAre("data-8", "data-9"));
  ASSERT_EQ(seen.persistent_settings->size(), 1U);
  EXPECT_EQ((*seen.persistent_settings)[0].key(), "indices.recovery.max_bytes_per_sec");
  EXPECT_EQ((*seen.persistent_settings)[0].value(), "40mb");
  ASSERT_EQ(seen.transient_settings->size(), 2U);
  EXPECT_EQ((*seen.transient_settings)[0].key(), "cluster.routing.allocation.enable");
}

TEST_P(EveryVersion, TellsItsHealth) {
  const auto health = parse_health(recorded("green_health"), "search");
  ASSERT_TRUE(health.has_value());
  EXPECT_EQ(health->status(), model::HEALTH_STATUS_GREEN);
  EXPECT_EQ(health->nodes(), 3U);
}

TEST_P(EveryVersion, TellsVersionsPluginsAndWhichCouldNotBeInstalled) {
  auto nodes = parse_node_infos(recorded("nodes"), "search");
  ASSERT_TRUE(nodes.has_value()) << nodes.error().detail;
  ASSERT_EQ(nodes->size(), 3U);
  for (const NodeInfo& node : *nodes) {
    EXPECT_EQ(node.version, GetParam());
    EXPECT_THAT(node.plugins, ElementsAre(is_from('5') ? "probe" : "delete-by-query"));
  }
  EXPECT_EQ((*nodes)[0].name, "data-0");
  EXPECT_FALSE((*nodes)[0].attributes.contains(kPluginFailure));
  EXPECT_THAT((*nodes)[1].attributes.at(kPluginFailure), StartsWith("nosuch: ERROR: "));
  EXPECT_THAT((*nodes)[2].attributes.at(kPluginFailure), StartsWith("wrong: E"));
  ASSERT_TRUE(parse_disks(recorded("disks"), "search", *nodes).has_value());
  for (const NodeInfo& node : *nodes) {
    EXPECT_GT(node.disk_available_mib, 0);
    EXPECT_GT(node.disk_total_mib, node.disk_available_mib);
  }
}

class EveryKindOfSnapshotAnswer : public OfVersion {};
INSTANTIATE_TEST_SUITE_P(Versions, EveryKindOfSnapshotAnswer, testing::Values("2.3.3", "5.6.16", "7.17.28"), name_of);

TEST_P(EveryKindOfSnapshotAnswer, ListsSnapshotsAlsoThoseUnderWay) {
  const auto all = parse_snapshots(recorded("snapshots"), "backup");
  ASSERT_TRUE(all.has_value()) << all.error().detail;
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].name, "first");
  EXPECT_EQ((*all)[0].state, "SUCCESS");
  EXPECT_EQ((*all)[0].repository, "backup");
  EXPECT_EQ((*all)[1].state, "IN_PROGRESS");
  EXPECT_GE((*all)[0].ended_at_us, (*all)[0].started_at_us);
  EXPECT_GT((*all)[0].shards, 0U);
  EXPECT_EQ((*all)[0].failed, 0U);
  EXPECT_EQ((*all)[1].ended_at_us, 0);
  EXPECT_GE((*all)[1].started_at_us, (*all)[0].started_at_us);
  const auto one = parse_snapshots(recorded("snapshot_in_progress"), "backup");
  ASSERT_TRUE(one.has_value());
  ASSERT_EQ(one->size(), 1U);
  EXPECT_EQ(one->front().name, "second");
  EXPECT_EQ(one->front().state, "IN_PROGRESS");
}

TEST_P(EveryKindOfSnapshotAnswer, TellsAMissingSnapshotFromAMissingRepository) {
  EXPECT_TRUE(says_snapshot_is_missing(recorded("snapshot_missing")));
  EXPECT_FALSE(says_snapshot_is_missing(recorded("snapshot_no_repository")));
  // 7.x says it with status 200.
  EXPECT_FALSE(parse_snapshots(recorded("snapshot_no_repository"), "nosuch").has_value());
}

class EveryKindOfStoresAnswer : public OfVersion {};
INSTANTIATE_TEST_SUITE_P(Versions, EveryKindOfStoresAnswer, testing::Values("2.3.3", "7.17.28"), name_of);

TEST_P(EveryKindOfStoresAnswer, TellsHowManyBytesEachNodeKeepsOfEachIndex) {
  const auto stores = parse_stores(recorded("stores"), "search");
  ASSERT_TRUE(stores.has_value()) << stores.error().detail;
  ASSERT_EQ(stores->size(), 1U);
  EXPECT_EQ(stores->front().node, "data-0");
  ASSERT_EQ(stores->front().indices.size(), 2U);
  EXPECT_GT(stores->front().indices.at("logs"), stores->front().indices.at("empty"));
  EXPECT_GT(stores->front().indices.at("empty"), 0U);
  EXPECT_FALSE(parse_stores(recorded("stores"), "another").has_value());
}

TEST(QuestionsParser, ANodeWithoutShardsKeepsNothingAndASizeThatIsNoneIsRefused) {
  const auto empty = parse_stores(R"({"cluster_name":"search","nodes":{"a":{"name":"master-0"}}})", "search");
  ASSERT_TRUE(empty.has_value());
  EXPECT_TRUE(empty->front().indices.empty());
  const std::string head = R"({"cluster_name":"search","nodes":{"a":{"name":"data-0","indices":{"indices":{"logs":)";
  EXPECT_FALSE(parse_stores(head + R"({"store":{"size_in_bytes":-1}}}}}}})", "search").has_value());
  EXPECT_FALSE(parse_stores(head + R"({"store":{}}}}}}})", "search").has_value());
  EXPECT_FALSE(parse_stores("[]", "search").has_value());
}

class EveryVersionThatExplains : public OfVersion {};
INSTANTIATE_TEST_SUITE_P(Versions, EveryVersionThatExplains, testing::Values("5.6.16", "6.8.23", "7.17.28"), name_of);

TEST_P(EveryVersionThatExplains, SaysInOneSentenceWhyAShardIsNotAssigned) {
  const auto explained = parse_explanation(recorded("explain"));
  ASSERT_TRUE(explained.has_value()) << explained.error().detail;
  EXPECT_THAT(*explained, StartsWith("A replica of shard "));
  EXPECT_THAT(*explained, HasSubstr("is unassigned (NODE_LEFT): cannot allocate because "));
  EXPECT_THAT(*explained, HasSubstr(": replica allocations are forbidden due to "));
  EXPECT_LE(explained->size(), 600U);
  EXPECT_FALSE(parse_explanation(recorded("explain_nothing")).has_value());
}

TEST(QuestionsParser, AsksForSnapshotsByNamesOfAnyKind) {
  EXPECT_EQ(snapshots_path("backup", "a/b c"), "/_snapshot/backup/a%2Fb%20c?master_timeout=2s");
  EXPECT_EQ(snapshots_path("backup", ""), "/_snapshot/backup/_all?master_timeout=2s");
}

TEST(QuestionsParser, GivesTheFirstShardsReasonForAnIncompleteSnapshot) {
  const auto partial = parse_snapshots(
      R"({"snapshots":[{"snapshot":"s","state":"PARTIAL","failures":[{"index":"i","reason":"disk is full"}]}]})", "r");
  ASSERT_TRUE(partial.has_value());
  EXPECT_EQ(partial->front().reason, "disk is full");
}

TEST(QuestionsParser, CutsALongExplanationBetweenCharacters) {
  std::string long_reason;
  for (int i = 0; i < 700; ++i) long_reason += "\u00e4";
  const auto explained = parse_explanation(
      R"({"index":"i","shard":0,"primary":true,"current_state":"unassigned","allocate_explanation":")" + long_reason +
      "\"}");
  ASSERT_TRUE(explained.has_value());
  EXPECT_LE(explained->size(), 600U);
  EXPECT_THAT(*explained, testing::EndsWith("\u00e4..."));
}

TEST(QuestionsParser, RefusesWhatCanNotBeUsed) {
  EXPECT_EQ(parse_node_infos(R"({"cluster_name":"other","nodes":{}})", "search").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(parse_node_infos(R"({"cluster_name":"search"})", "search").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(parse_node_infos(R"({"cluster_name":"search","nodes":{"a":{"name":"data-0"}}})", "search").error().code,
            ErrorCode::kDataLoss);
  EXPECT_EQ(parse_snapshots(R"({"snapshots":[{"snapshot":"s"}]})", "r").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(parse_explanation(R"({"index":"i"})").error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace esaas::es
