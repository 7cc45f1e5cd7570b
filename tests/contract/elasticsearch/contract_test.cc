// What real Elasticsearch does, and the model with it. Each scenario starts nodes by the command that the
// controller renders and reads the answers with the controller's own parser.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/events/event.pb.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"
#include "reconcilers/effects/elasticsearch/questions_parser.h"
#include "reconcilers/effects/elasticsearch/requests.h"
#include "tests/contract/elasticsearch/lab.h"

namespace esaas::contract {
namespace {

using reconcile::Observation;
using reconcile::ShardState;

constexpr std::string_view kModel = "model ";  // before its version

/// As the client asks: health, state, settings, of one node.
Result<Observation> observe(Lab& lab, std::uint32_t node) {
  const auto ask = [&](std::string_view path) -> Result<std::string> {
    const LabAnswer answer = lab.http(node, "GET", path);
    if (answer.status == 200) return answer.body;
    return fail(ErrorCode::kUnavailable, std::to_string(answer.status) + " " + es::reason_of_error(answer.body));
  };
  Observation observation;
  ESAAS_TRY(const std::string health, ask(es::kHealthPath));
  ESAAS_TRY(observation.health, es::parse_health(health, kLabCluster));
  ESAAS_TRY(const std::string state, ask(es::kStatePath));
  ESAAS_CHECK(es::parse_cluster_state(state, kLabCluster, observation));
  ESAAS_TRY(const std::string settings, ask(es::kSettingsPath));
  ESAAS_CHECK(es::parse_settings(settings, observation));
  return observation;
}

/// The parameter is a version, of the model or real.
class ElasticsearchContract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string which = GetParam();
    if (which.starts_with(kModel)) {
      lab_ = make_model_lab(which.substr(kModel.size()));
      return;
    }
    auto lab = make_real_lab(which);
    if (!lab) GTEST_SKIP() << "no real Elasticsearch " << which << " here: " << lab.error().detail;
    lab_ = std::move(*lab);
  }

  static bool is_7x() {
    const std::string_view which = GetParam();
    return which.starts_with("7.") || which.starts_with(std::string(kModel) + "7.");
  }
  bool is(std::uint32_t node, model::HealthStatus status, std::uint32_t nodes) {
    const auto seen = observe(*lab_, node);
    return seen && seen->health.status() == status && seen->health.nodes() == nodes;
  }
  bool becomes(std::uint32_t node, model::HealthStatus status, std::uint32_t nodes) {
    return lab_->eventually([&] { return is(node, status, nodes); });
  }
  void form_three() {
    for (std::uint32_t node = 0; node < 3; ++node) lab_->start(node, 3);
    ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
  }
  /// 2 shards with one replica, and 20 documents.
  void fill_index(const std::string& index) {
    const LabAnswer made =
        lab_->http(0, "PUT", "/" + index, R"({"settings":{"number_of_shards":2,"number_of_replicas":1,
        "index.unassigned.node_left.delayed_timeout":"1s"}})");
    ASSERT_EQ(made.status, 200) << made.body;
    ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(lab_->http(0, "POST", "/" + index + "/doc?refresh=true", R"({"title":"x"})").status, 201);
    }
  }
  /// At once or soon: 7.x refreshes a copy that nobody has searched for a while only when somebody does.
  bool has_twenty(std::uint32_t node, const std::string& index) {
    return lab_->eventually([&] {
      return lab_->http(node, "GET", "/" + index + "/_count").body.find(R"("count":20)") != std::string::npos;
    });
  }
  LabAnswer put_settings(const std::string& body) { return lab_->http(0, "PUT", "/_cluster/settings", body); }
  LabAnswer exclude(const std::string& name) {
    event::ExclusionsIntended intent;
    if (!name.empty()) intent.add_nodes(name);
    return put_settings(es::exclusions_body(intent));
  }

  std::unique_ptr<Lab> lab_;
};

TEST_P(ElasticsearchContract, FormsAClusterOfThree) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  const auto seen = observe(*lab_, 1);
  ASSERT_TRUE(seen) << seen.error().detail;
  EXPECT_EQ(seen->nodes, (std::vector<std::string>{"node-0", "node-1", "node-2"}));
  EXPECT_NE(std::ranges::find(seen->nodes, seen->master), seen->nodes.end());
  EXPECT_EQ(seen->health.data_nodes(), 3U);
  EXPECT_TRUE(seen->shards.empty());
  EXPECT_EQ(seen->minimum_master_nodes, 0U);
  EXPECT_EQ(seen->excluded_nodes, std::vector<std::string>{});
  EXPECT_TRUE(es::check_cluster_name(lab_->http(2, "GET", es::kRootPath).body, kLabCluster));
}

TEST_P(ElasticsearchContract, PlacesReplicasOnOtherNodesThanTheirPrimaries) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  const auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen) << seen.error().detail;
  ASSERT_EQ(seen->shards.size(), 4U);
  for (std::uint32_t shard = 0; shard < 2; ++shard) {
    std::vector<std::string> nodes;
    int primaries = 0;
    for (const auto& copy : seen->shards) {
      if (copy.shard != shard) continue;
      EXPECT_EQ(copy.state, ShardState::kStarted);
      nodes.push_back(copy.node);
      primaries += copy.primary ? 1 : 0;
    }
    ASSERT_EQ(nodes.size(), 2U);
    EXPECT_NE(nodes[0], nodes[1]);
    EXPECT_EQ(primaries, 1);
  }
}

TEST_P(ElasticsearchContract, TurnsYellowWithALostNodeAndHealsWithoutIt) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  const auto before = observe(*lab_, 0);
  ASSERT_TRUE(before);
  // One that holds a copy, and is not the node that is asked.
  const bool one_holds = std::ranges::any_of(before->shards, [](const auto& copy) { return copy.node == "node-1"; });
  lab_->kill(one_holds ? 1 : 2);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_YELLOW, 2));
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
  EXPECT_TRUE(has_twenty(0, "books"));
}

TEST_P(ElasticsearchContract, TakesALostNodeBackOnItsOwnVolume) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  lab_->kill(2);
  EXPECT_TRUE(lab_->eventually([&] {
    const auto seen = observe(*lab_, 0);
    return seen && seen->nodes.size() == 2;
  }));
  lab_->start(2, 3);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
  EXPECT_TRUE(has_twenty(2, "books"));
}

TEST_P(ElasticsearchContract, MovesEveryCopyOffAnExcludedNode) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  const std::string node = observe(*lab_, 0)->shards.front().node;
  ASSERT_EQ(exclude(node).status, 200);
  EXPECT_EQ(observe(*lab_, 0)->excluded_nodes, std::vector<std::string>{node});
  EXPECT_TRUE(lab_->eventually([&] {
    const auto seen = observe(*lab_, 0);
    if (!seen) return false;
    EXPECT_EQ(seen->health.status(), model::HEALTH_STATUS_GREEN);  // a move never makes it yellow
    return std::ranges::none_of(seen->shards,
                                [&](const auto& copy) { return copy.node == node || copy.relocating_to == node; });
  }));
  EXPECT_TRUE(has_twenty(0, "books"));
  ASSERT_EQ(exclude("").status, 200);
  EXPECT_EQ(observe(*lab_, 0)->excluded_nodes, std::vector<std::string>{});
}

TEST_P(ElasticsearchContract, KeepsOnAnExcludedNodeWhatHasNowhereToGo) {
  for (std::uint32_t node = 0; node < 2; ++node) lab_->start(node, 2);
  ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
  ASSERT_EQ(lab_->http(0, "PUT", "/books", R"({"settings":{"number_of_shards":1,"number_of_replicas":1}})").status,
            200);
  ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
  ASSERT_EQ(exclude("node-1").status, 200);
  lab_->pass(std::chrono::seconds{3});
  const auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(std::ranges::any_of(
      seen->shards, [](const auto& copy) { return copy.node == "node-1" && copy.state == ShardState::kStarted; }));
}

TEST_P(ElasticsearchContract, AnswersThatThereIsNoMasterWithoutAQuorum) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  lab_->kill(1);
  lab_->kill(2);
  EXPECT_TRUE(lab_->eventually([&] {
    const LabAnswer answer = lab_->http(0, "GET", es::kHealthPath);
    return answer.status == 503 && es::reason_of_error(answer.body) == "master_not_discovered_exception";
  }));
  EXPECT_EQ(lab_->http(0, "GET", es::kStatePath).status, 503);
  // 2.3.3 waits its 30 s for a master here, whatever it was told: nobody answers before this test gives up.
  EXPECT_NE(lab_->http(0, "GET", es::kSettingsPath).status, 200);
  const std::string exclusion = R"({"transient":{"cluster.routing.allocation.exclude._name":"a"}})";
  EXPECT_EQ(lab_->http(0, "PUT", "/_cluster/settings?master_timeout=2s", exclusion).status, 503);
  EXPECT_EQ(lab_->http(1, "GET", "/").status, 0);
  lab_->start(1, 3);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
  EXPECT_TRUE(has_twenty(0, "books"));
}

TEST_P(ElasticsearchContract, ShowsOfAClosedIndexWhatItMoves) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  ASSERT_EQ(lab_->http(0, "POST", "/books/_close").status, 200);
  ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
  const auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen) << seen.error().detail;
  ASSERT_EQ(seen->indices.size(), 1U);
  EXPECT_FALSE(seen->indices[0].open);
  EXPECT_EQ(seen->closed_indices, is_7x() ? std::vector<std::string>{} : std::vector<std::string>{"books"});
  EXPECT_EQ(seen->shards.size(), is_7x() ? 4U : 0U);
  ASSERT_EQ(lab_->http(0, "POST", "/books/_open").status, 200);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
  EXPECT_TRUE(has_twenty(0, "books"));
}

class ContractOf2x : public ElasticsearchContract {};
class ContractOf7x : public ElasticsearchContract {};
class ContractOfEachVersion : public ElasticsearchContract {};

TEST_P(ContractOf2x, IgnoresSettingsThatItDoesNotTake) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  for (const char* refused : {"4", "\"many\""}) {
    const LabAnswer answer =
        put_settings(R"({"persistent":{"discovery.zen.minimum_master_nodes":)" + std::string(refused) + "}}");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"acknowledged":true,"persistent":{},"transient":{}})");
  }
  EXPECT_EQ(put_settings(R"({"persistent":{"node.name":"x"}})").body,
            R"({"acknowledged":true,"persistent":{},"transient":{}})");
  EXPECT_EQ(observe(*lab_, 0)->minimum_master_nodes, 0U);
  EXPECT_EQ(put_settings("{}").status, 400);
  EXPECT_EQ(put_settings("{\"transient\":").status, 500);
}

TEST_P(ContractOf2x, TakesMinimumMasterNodes) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  event::MinimumMasterNodesIntended intent;
  intent.set_value(3);
  const LabAnswer answer = put_settings(es::minimum_master_nodes_body(intent));
  EXPECT_EQ(answer.body,
            R"({"acknowledged":true,"persistent":{"discovery":{"zen":{"minimum_master_nodes":"3"}}},"transient":{}})");
  EXPECT_EQ(observe(*lab_, 0)->minimum_master_nodes, 3U);
  // It is in force at once: two of three are not enough any more.
  lab_->kill(2);
  EXPECT_TRUE(lab_->eventually([&] { return lab_->http(0, "GET", es::kHealthPath).status == 503; }));
}

TEST_P(ElasticsearchContract, RemembersPersistentSettingsAndDocumentsOverAFullRestart) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  event::MinimumMasterNodesIntended intent;
  intent.set_value(2);
  const std::string lasting = R"({"persistent":{"indices.recovery.max_bytes_per_sec":"41mb"}})";
  ASSERT_EQ(put_settings(is_7x() ? lasting : es::minimum_master_nodes_body(intent)).status, 200);
  ASSERT_EQ(exclude("node-9").status, 200);
  for (std::uint32_t node = 0; node < 3; ++node) lab_->kill(node);
  for (std::uint32_t node = 0; node < 3; ++node) lab_->start(node, 3);
  ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
  EXPECT_TRUE(has_twenty(0, "books"));
  const auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->minimum_master_nodes, is_7x() ? 0U : 2U);
  ASSERT_EQ(seen->persistent_settings->size(), 1U);
  EXPECT_EQ(seen->persistent_settings->front().value(), is_7x() ? "41mb" : "2");
  EXPECT_EQ(seen->excluded_nodes, std::vector<std::string>{});  // transient settings end with the last master
}

TEST_P(ContractOf7x, RefusesSettingsThatItDoesNotTake) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  const LabAnswer answer = put_settings(R"({"persistent":{"nobody.knows":"x"}})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(es::reason_of_error(answer.body).find("not recognized"), std::string::npos) << answer.body;
}

TEST_P(ContractOf7x, CountsVotesAndNotMasters) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen) << seen.error().detail;
  EXPECT_EQ(seen->voting_configuration, (std::vector<std::string>{"node-0", "node-1", "node-2"}));
  EXPECT_EQ(seen->voting_exclusions, std::vector<std::string>{});
  ASSERT_EQ(lab_->http(0, "POST", "/_cluster/voting_config_exclusions?node_names=node-2").status, 200);
  EXPECT_TRUE(lab_->eventually([&] {
    seen = observe(*lab_, 0);
    return seen && seen->voting_exclusions == std::vector<std::string>{"node-2"} &&
           std::ranges::find(*seen->voting_configuration, "node-2") == seen->voting_configuration->end();
  }));
  // One vote of what is left is enough after the other node has gone, which two masters of three would not be.
  lab_->kill(2);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
}

TEST_P(ContractOf7x, TakesTheVoteOfOneThatIsGoneByItsIdAndNotByItsName) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  lab_->kill(2);
  ASSERT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
  const auto ghost = [&] {
    const auto seen = observe(*lab_, 0);
    if (!seen) return std::string("no answer");
    const auto found =
        std::ranges::find_if(*seen->voting_configuration, [](const auto& voter) { return voter.starts_with("#"); });
    return found == seen->voting_configuration->end() ? std::string() : found->substr(1);
  };
  const std::string id = ghost();
  ASSERT_FALSE(id.empty());
  const std::string path = "/_cluster/voting_config_exclusions";
  EXPECT_EQ(lab_->http(0, "POST", path + "?timeout=2s&node_names=node-2&node_ids=" + id).status, 400);
  EXPECT_EQ(lab_->http(0, "POST", path + "?timeout=2s&node_names=node-2").status, 200);
  EXPECT_EQ(ghost(), id);
  EXPECT_EQ(lab_->http(0, "DELETE", path + "?wait_for_removal=false").status, 200);
  EXPECT_EQ(lab_->http(0, "POST", path + "?timeout=2s&node_ids=" + id).status, 200);
  EXPECT_EQ(ghost(), "");
  const auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->voting_configuration->size(), 1U) << "of two masters one votes";
  EXPECT_EQ(seen->voting_exclusions, std::vector<std::string>{"#" + id});
  EXPECT_EQ(lab_->http(0, "DELETE", path + "?wait_for_removal=false").status, 200);
  EXPECT_EQ(ghost(), "");
}

/// The main things, once.
TEST_P(ContractOfEachVersion, FormsHealsDrainsAndTells) {
  ASSERT_NO_FATAL_FAILURE(form_three());
  ASSERT_NO_FATAL_FAILURE(fill_index("books"));
  auto infos = es::parse_node_infos(lab_->http(0, "GET", es::kNodesPath).body, kLabCluster);
  ASSERT_TRUE(infos) << infos.error().detail;
  ASSERT_EQ(infos->size(), 3U);
  EXPECT_EQ((*infos)[1].version, GetParam());
  ASSERT_TRUE(es::parse_disks(lab_->http(0, "GET", es::kDisksPath).body, kLabCluster, *infos));
  EXPECT_GT((*infos)[1].disk_total_mib, 0);
  lab_->kill(2);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 2));
  lab_->start(2, 3);
  EXPECT_TRUE(becomes(0, model::HEALTH_STATUS_GREEN, 3));
  ASSERT_EQ(exclude("node-1").status, 200);
  EXPECT_TRUE(lab_->eventually([&] {
    const auto seen = observe(*lab_, 0);
    return seen && std::ranges::none_of(seen->shards, [](const auto& copy) {
             return copy.node == "node-1" || copy.relocating_to == "node-1";
           });
  }));
  EXPECT_TRUE(has_twenty(0, "books"));
  ASSERT_EQ(lab_->http(0, "POST", "/books/_close").status, 200);
  const auto seen = observe(*lab_, 0);
  ASSERT_TRUE(seen) << seen.error().detail;
  EXPECT_EQ(seen->closed_indices, std::vector<std::string>{"books"});
}

std::string name_of(const testing::TestParamInfo<const char*>& tested) {
  const std::string_view which = tested.param;
  std::string name =
      which.starts_with(kModel) ? "Model" + std::string(which.substr(kModel.size())) : "Real" + std::string(which);
  std::ranges::replace(name, '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Both, ElasticsearchContract,
                         testing::Values("model 2.3.3", "model 7.17.28", "2.3.3", "7.17.28"), name_of);
INSTANTIATE_TEST_SUITE_P(Both, ContractOf2x, testing::Values("model 2.3.3", "2.3.3"), name_of);
INSTANTIATE_TEST_SUITE_P(Both, ContractOf7x, testing::Values("model 7.17.28", "7.17.28"), name_of);
INSTANTIATE_TEST_SUITE_P(Real, ContractOfEachVersion, testing::Values("2.4.6", "5.6.16", "6.8.23"), name_of);

}  // namespace
}  // namespace esaas::contract
