// What the model does that the contract suite can not show on real nodes: time, partitions, volumes, lost documents.

#include "tests/simulation/model_elasticsearch.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace esaas::simulation {
namespace {

using namespace std::chrono_literals;

/// Nodes of cluster "c" on hosts 127.0.1.1, 127.0.1.2, ...; the volume of node n is "c.volume-n".
class ModelElasticsearchTest : public testing::Test {
 protected:
  void start(int node, int of, std::uint32_t quorum, bool data = true) {
    ElasticsearchLaunch launch;
    launch.cluster = "c";
    launch.node = "node-" + std::to_string(node);
    launch.host = host(node);
    launch.http_port = 9200;
    launch.transport_port = 9300;
    launch.master_eligible = true;
    launch.holds_data = data;
    for (int other = 1; other <= of; ++other) launch.seed_hosts.push_back(host(other) + ":9300");
    launch.minimum_master_nodes = quorum;
    model.start("task-" + std::to_string(++tasks), launch, volume(node));
    task_of[node] = "task-" + std::to_string(tasks);
  }
  void form(int of, std::uint32_t quorum) {
    for (int node = 1; node <= of; ++node) start(node, of, quorum);
    pass(20s);
    ASSERT_NE(led(), nullptr);
    ASSERT_EQ(led()->members().size(), static_cast<std::size_t>(of));
  }
  void pass(Duration duration) { clock.run_until(clock.now() + duration); }
  ElectedCluster* led() { return model.led_cluster("c"); }
  void make_index(std::uint32_t shards, std::uint32_t replicas) {
    IndexMetadata settings;
    settings.shards = shards;
    settings.replicas = replicas;
    settings.delayed_timeout = 5s;
    ASSERT_TRUE(led()->create_index("books", settings));
    pass(10s);
  }
  model::HealthStatus status() { return led() == nullptr ? model::HEALTH_STATUS_UNKNOWN : led()->health().status(); }
  static std::string host(int node) { return "127.0.1." + std::to_string(node); }
  static std::string volume(int node) { return "c.volume-" + std::to_string(node); }

  test::SimulationClock clock;
  ModelElasticsearch model{clock, test::Prng(1)};
  int tasks = 0;
  std::map<int, std::string> task_of;
};

TEST_F(ModelElasticsearchTest, ElectsNobodyBelowTheQuorum) {
  start(1, 3, 2);
  pass(1min);
  EXPECT_EQ(led(), nullptr);
  start(2, 3, 2);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(led()->members().size(), 2U);
}

TEST_F(ModelElasticsearchTest, NeverFindsANodeThatNobodyNames) {
  start(1, 1, 1);  // names itself only
  start(2, 2, 2);  // names both, so the first hears of it
  pass(20s);
  EXPECT_EQ(led()->members().size(), 2U);
  start(3, 0, 1);  // names nobody and is named by nobody
  pass(20s);
  EXPECT_EQ(model.masters_of("c"), 2U);
}

TEST_F(ModelElasticsearchTest, LeavesTheSmallSideOfAPartitionWithoutAMaster) {
  form(3, 2);
  model.set_isolated(host(1), true);
  pass(1min);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(led()->members().size(), 2U);
  EXPECT_EQ(model.masters_of("c"), 1U);
  const auto answer = model.request(host(1), 9200, {"GET", "/_cluster/health", {}});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  model.set_isolated(host(1), false);
  pass(20s);
  EXPECT_EQ(led()->members().size(), 3U);
}

TEST_F(ModelElasticsearchTest, SplitsWhenTheQuorumIsTooSmall) {
  form(2, 1);
  model.set_isolated(host(1), true);
  pass(1min);
  EXPECT_EQ(model.masters_of("c"), 2U);
}

TEST_F(ModelElasticsearchTest, TakesNoWriteWhileACopyIsGoneAndNobodyHasNoticed) {
  form(3, 2);
  make_index(1, 2);
  ASSERT_TRUE(model.write_document("c", "books"));
  model.kill(task_of[3]);
  EXPECT_FALSE(model.write_document("c", "books"));
  pass(2s);
  EXPECT_TRUE(model.write_document("c", "books"));
}

TEST_F(ModelElasticsearchTest, WaitsForALostNodeBeforeItCopiesElsewhere) {
  form(3, 2);
  make_index(3, 1);
  model.kill(task_of[2]);
  pass(3s);
  EXPECT_EQ(status(), model::HEALTH_STATUS_YELLOW);
  EXPECT_GT(led()->health().unassigned_shards(), 0U);
  pass(15s);
  EXPECT_EQ(status(), model::HEALTH_STATUS_GREEN);
}

TEST_F(ModelElasticsearchTest, IsRedUntilTheOnlyCopyIsBackOnItsVolume) {
  form(3, 2);
  make_index(3, 0);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(model.write_document("c", "books"));
  model.kill(task_of[1]);
  pass(1min);
  EXPECT_EQ(status(), model::HEALTH_STATUS_RED);
  start(1, 3, 2);
  pass(20s);
  EXPECT_EQ(status(), model::HEALTH_STATUS_GREEN);
  EXPECT_EQ(led()->document_count("books"), 30U);
  EXPECT_TRUE(model.lost_documents().empty());
}

TEST_F(ModelElasticsearchTest, ShowsWhatIsLostWithAVolume) {
  form(3, 2);
  make_index(3, 0);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(model.write_document("c", "books"));
  EXPECT_FALSE(model.last_copies_on("c", volume(1)).empty());
  model.kill(task_of[1]);
  model.destroy_volume(volume(1));
  const auto lost = model.lost_documents();
  ASSERT_FALSE(lost.empty());
  EXPECT_EQ(lost.front().acknowledged, 10U);
  EXPECT_EQ(lost.front().held, 0U);
  model.forget("c");
  EXPECT_TRUE(model.lost_documents().empty());
}

TEST_F(ModelElasticsearchTest, KeepsNoLastCopyWhereReplicasAre) {
  form(3, 2);
  make_index(2, 2);
  ASSERT_TRUE(model.write_document("c", "books"));
  ASSERT_TRUE(model.write_document("c", "books"));
  for (int node = 1; node <= 3; ++node) EXPECT_TRUE(model.last_copies_on("c", volume(node)).empty());
  model.kill(task_of[2]);
  model.kill(task_of[3]);
  EXPECT_EQ(model.last_copies_on("c", volume(1)), (std::vector<std::string>{"books/0", "books/1"}));
}

TEST_F(ModelElasticsearchTest, NeverPromotesACopyThatMissedAWrite) {
  form(3, 2);
  make_index(1, 1);
  ASSERT_TRUE(model.write_document("c", "books"));
  std::vector<int> holders;
  for (int node = 1; node <= 3; ++node) {
    if (!model.directories().at(volume(node)).copies.empty()) holders.push_back(node);
  }
  ASSERT_EQ(holders.size(), 2U);
  model.kill(task_of[holders[0]]);
  pass(2s);
  ASSERT_TRUE(model.write_document("c", "books"));
  model.kill(task_of[holders[1]]);
  pass(1s);
  start(holders[0], 3, 2);
  pass(1min);
  EXPECT_EQ(status(), model::HEALTH_STATUS_RED);
  start(holders[1], 3, 2);
  pass(30s);
  EXPECT_EQ(status(), model::HEALTH_STATUS_GREEN);
  EXPECT_EQ(led()->document_count("books"), 2U);
}

TEST_F(ModelElasticsearchTest, SpreadsCopiesOverANewNode) {
  form(2, 2);
  make_index(3, 1);
  start(3, 3, 2);
  pass(1min);
  EXPECT_GE(model.directories().at(volume(3)).copies.size(), 1U);
  EXPECT_EQ(status(), model::HEALTH_STATUS_GREEN);
}

TEST_F(ModelElasticsearchTest, MovesOverTimeAndNotAtOnce) {
  form(3, 2);
  make_index(3, 1);
  ASSERT_TRUE(led()->put_setting(false, kExcludeSetting, "node-1"));
  EXPECT_GT(led()->health().relocating_shards(), 0U);
  EXPECT_FALSE(model.directories().at(volume(1)).copies.empty());
  pass(30s);
  EXPECT_EQ(led()->health().relocating_shards(), 0U);
  EXPECT_TRUE(model.directories().at(volume(1)).copies.empty());
}

TEST_F(ModelElasticsearchTest, RefusesASecondProcessOnOneVolume) {
  std::vector<ProcessExit> exits;
  model.on_exit([&](const ProcessExit& exit) { exits.push_back(exit); });
  start(1, 1, 1);
  pass(20s);
  ElasticsearchLaunch second = model.processes().begin()->second.launch;
  second.host = host(9);
  model.start("second", second, volume(1));
  pass(20s);
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_EQ(exits[0].process, "second");
  EXPECT_TRUE(exits[0].failed);
}

TEST_F(ModelElasticsearchTest, RefusesAnAddressThatIsInUse) {
  std::vector<ProcessExit> exits;
  model.on_exit([&](const ProcessExit& exit) { exits.push_back(exit); });
  start(1, 1, 1);
  pass(20s);
  model.start("second", model.processes().begin()->second.launch, "c.volume-9");
  pass(20s);
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_NE(exits[0].why.find("BindException"), std::string::npos);
}

TEST_F(ModelElasticsearchTest, LeavesItsClusterWhenItIsStopped) {
  std::vector<ProcessExit> exits;
  model.on_exit([&](const ProcessExit& exit) { exits.push_back(exit); });
  form(3, 2);
  model.stop(task_of[3]);
  pass(10s);
  EXPECT_EQ(led()->members().size(), 2U);
  ASSERT_EQ(exits.size(), 1U);
  EXPECT_FALSE(exits[0].failed);
}

TEST_F(ModelElasticsearchTest, AnswersNothingWhileItIsSilent) {
  form(1, 1);
  model.set_silent("c", true);
  EXPECT_FALSE(model.request(host(1), 9200, {"GET", "/", {}}));
  EXPECT_FALSE(model.observe(host(1), 9200, "c"));
  model.set_silent("c", false);
  EXPECT_TRUE(model.observe(host(1), 9200, "c"));
}

TEST_F(ModelElasticsearchTest, StepsDownWhenTheQuorumIsRaisedAboveWhatIsThere) {
  form(3, 2);
  ASSERT_TRUE(led()->put_setting(true, kQuorumSetting, "3"));
  const auto answer = model.request(
      host(1), 9200, {"PUT", "/_cluster/settings", R"({"persistent":{"discovery.zen.minimum_master_nodes":3}})"});
  ASSERT_EQ(answer->status, 200);
  model.kill(task_of[2]);
  pass(1min);
  EXPECT_EQ(led(), nullptr);
}

}  // namespace
}  // namespace esaas::simulation
