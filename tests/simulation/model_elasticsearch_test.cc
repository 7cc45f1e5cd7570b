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
  /// Of 7.x: the nodes up to `of` elect the first master when they are told so.
  void start_7(int node, int of, bool elects_first, model::Version version = {7, 17, 28}) {
    ElasticsearchLaunch launch = launch_of(node, of);
    launch.version = version;
    for (int other = 1; other <= of && elects_first; ++other) {
      launch.initial_master_nodes.push_back("node-" + std::to_string(other));
    }
    run(node, std::move(launch));
  }
  void form_7(int of) {
    for (int node = 1; node <= of; ++node) start_7(node, of, true);
    pass(20s);
    ASSERT_NE(led(), nullptr);
    ASSERT_EQ(led()->members().size(), static_cast<std::size_t>(of));
  }
  std::set<std::string> voters() {
    std::set<std::string> names;
    for (const std::string& id : led()->metadata().voting) names.insert(led()->name_of_voter(id));
    return names;
  }
  HttpAnswer ask(int node, std::string_view method, std::string_view target) {
    return *model.request(host(node), 9200, {method, target, {}});
  }
  void start(int node, int of, std::uint32_t quorum, bool data = true) {
    ElasticsearchLaunch launch = launch_of(node, of);
    launch.holds_data = data;
    launch.minimum_master_nodes = quorum;
    run(node, std::move(launch));
  }
  static ElasticsearchLaunch launch_of(int node, int of) {
    ElasticsearchLaunch launch;
    launch.cluster = "c";
    launch.node = "node-" + std::to_string(node);
    launch.host = host(node);
    launch.http_port = 9200;
    launch.transport_port = 9300;
    launch.master_eligible = true;
    launch.holds_data = true;
    for (int other = 1; other <= of; ++other) launch.seed_hosts.push_back(host(other) + ":9300");
    return launch;
  }
  void run(int node, ElasticsearchLaunch launch) {
    model.start("task-" + std::to_string(++tasks), std::move(launch), volume(node));
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

// ---- 7.x ----

using Names = std::set<std::string>;

TEST_F(ModelElasticsearchTest, FormsA7xClusterOnlyOfThoseThatAreToldTo) {
  for (int node = 1; node <= 3; ++node) start_7(node, 3, false);
  pass(1min);
  EXPECT_EQ(led(), nullptr);
  for (int node = 1; node <= 3; ++node) model.kill(task_of[node]);
  start_7(1, 3, true);
  pass(1min);
  EXPECT_EQ(led(), nullptr) << "one of three named ones is not enough";
  start_7(2, 3, true);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(voters(), (Names{"node-1", "node-2", "node-3"})) << "the third is known by its name";
  start_7(3, 3, true);
  pass(20s);
  EXPECT_EQ(led()->members().size(), 3U);
  EXPECT_EQ(voters(), (Names{"node-1", "node-2", "node-3"}));
}

TEST_F(ModelElasticsearchTest, NeedsAMajorityOfTheVotersFrom7On) {
  form_7(3);
  model.kill(task_of[2]);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(voters().size(), 3U);
  model.kill(task_of[3]);
  pass(1min);
  EXPECT_EQ(led(), nullptr);
  start_7(4, 4, true);  // is new, and elects nobody
  pass(1min);
  EXPECT_EQ(led(), nullptr);
  start_7(3, 3, false);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(led()->members().size(), 3U);
  EXPECT_EQ(voters(), (Names{"node-1", "node-3", "node-4"})) << "a live one for one that is away";
}

TEST_F(ModelElasticsearchTest, TakesTheVoteOfOneThatIsGoneByItsIdAndNotByItsName) {
  form_7(3);
  std::string id;
  for (const auto& [member, about] : led()->members()) {
    if (about.name == "node-2") id = member;
  }
  model.kill(task_of[2]);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  ASSERT_TRUE(voters().contains("#" + id));
  const std::string path = "/_cluster/voting_config_exclusions";
  EXPECT_EQ(ask(1, "POST", path + "?timeout=2s&node_names=node-2&node_ids=" + id).status, 400);
  EXPECT_EQ(ask(1, "POST", path + "?timeout=2s&node_names=node-2").status, 200);
  EXPECT_TRUE(voters().contains("#" + id));
  EXPECT_EQ(ask(1, "DELETE", path + "?wait_for_removal=false").status, 200);
  EXPECT_EQ(ask(1, "POST", path + "?timeout=2s&node_ids=" + id).status, 200);
  EXPECT_EQ(voters().size(), 1U) << "as 7.17.28 shows it: of two masters one votes";
  EXPECT_FALSE(voters().contains("#" + id));
  EXPECT_EQ(model.observe(host(1), 9200, "c")->voting_exclusions, std::vector<std::string>{"#" + id});
  EXPECT_EQ(ask(1, "DELETE", path + "?wait_for_removal=false").status, 200);
  EXPECT_FALSE(voters().contains("#" + id));
}

TEST_F(ModelElasticsearchTest, HandsOverTheVotesOfThoseThatAreExcluded) {
  form_7(2);
  ASSERT_EQ(voters().size(), 1U) << "of two masters one votes";
  const std::string voter = *voters().begin();
  const int node = voter == "node-1" ? 1 : 2;
  EXPECT_EQ(ask(1, "POST", "/_cluster/voting_config_exclusions?timeout=2s&node_names=" + voter).status, 200);
  EXPECT_EQ(led(), nullptr) << "the master had the vote";
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(voters(), Names{node == 1 ? "node-2" : "node-1"});
  EXPECT_EQ(model.observe(host(1), 9200, "c")->voting_exclusions, std::vector<std::string>{voter});
  model.stop(task_of[node]);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(ask(3 - node, "DELETE", "/_cluster/voting_config_exclusions?wait_for_removal=false").status, 200);
  EXPECT_EQ(model.observe(host(3 - node), 9200, "c")->voting_exclusions, std::vector<std::string>{});
}

TEST_F(ModelElasticsearchTest, TakesNothingWithoutAMajorityOfTheVoters) {
  form_7(3);
  make_index(1, 2);
  ASSERT_TRUE(model.write_document("c", "books"));
  model.kill(task_of[2]);
  model.kill(task_of[3]);
  EXPECT_FALSE(led()->close_index("books"));
  EXPECT_EQ(ask(1, "POST", "/_cluster/voting_config_exclusions?node_names=node-2").status, 503);
}

TEST_F(ModelElasticsearchTest, KnowsANodeOf7xByItsVolume) {
  form_7(3);
  const std::string before = model.directories().at(volume(2)).node_id;
  model.kill(task_of[2]);
  pass(5s);
  start_7(2, 3, false);
  pass(20s);
  EXPECT_TRUE(led()->members().contains(before));
}

TEST_F(ModelElasticsearchTest, LetsNoOlderNodeIn) {
  form_7(1);
  std::vector<ProcessExit> exits;
  model.on_exit([&](const ProcessExit& exit) { exits.push_back(exit); });
  start_7(2, 2, false, {6, 8, 23});
  pass(20s);
  EXPECT_EQ(led()->members().size(), 1U);
  model.kill(task_of[1]);
  pass(5s);
  start_7(1, 1, false, {7, 0, 1});
  pass(20s);
  ASSERT_EQ(exits.size(), 2U);
  EXPECT_TRUE(exits[1].failed);
  EXPECT_NE(exits[1].why.find("downgrade"), std::string::npos);
}

/// A copy can not be read by an older node than the one that wrote it.
TEST_F(ModelElasticsearchTest, RecoversNoCopyFromANewerNodeToAnOlderOne) {
  start_7(1, 3, true, {7, 0, 1});
  start_7(2, 3, true);
  start_7(3, 3, true, {7, 0, 1});
  pass(20s);
  ASSERT_NE(led(), nullptr);
  make_index(3, 1);
  const auto version_of = [&](const RoutedCopy& copy) { return led()->members().at(copy.node).version; };
  for (const auto& [key, copies] : led()->routing()) {
    for (const RoutedCopy& copy : copies) {
      if (!copy.active()) continue;
      EXPECT_GE(version_of(copy), version_of(*active_primary(copies))) << key.shard;
    }
  }
}

/// Of 6.8 to 7.17, one after the other; alone it finds no votes in its data unless it is told who elects.
TEST_F(ModelElasticsearchTest, ElectsByVotesOnceTheLastMasterOf6xIsGone) {
  for (int node = 1; node <= 3; ++node) {
    ElasticsearchLaunch launch = launch_of(node, 3);
    launch.version = {6, 8, 23};
    launch.minimum_master_nodes = 2;
    run(node, std::move(launch));
  }
  pass(20s);
  ASSERT_NE(led(), nullptr);
  ASSERT_TRUE(led()->put_setting(true, kQuorumSetting, "2"));
  ASSERT_EQ(model
                .request(host(1), 9200,
                         {"PUT", "/_cluster/settings", R"({"persistent":{"discovery.zen.minimum_master_nodes":2}})"})
                ->status,
            200);
  for (int node = 1; node <= 3; ++node) {
    EXPECT_FALSE(led()->keeps_votes());
    model.kill(task_of[node]);
    pass(5s);
    start_7(node, 3, false);
    pass(20s);
    ASSERT_NE(led(), nullptr) << node;
    EXPECT_EQ(led()->members().size(), 3U);
  }
  EXPECT_EQ(voters().size(), 3U);
}

TEST_F(ModelElasticsearchTest, FindsNoVotesInTheDataOfALonelyMasterOf6x) {
  ElasticsearchLaunch launch = launch_of(1, 1);
  launch.version = {6, 8, 23};
  launch.minimum_master_nodes = 1;
  run(1, std::move(launch));
  pass(20s);
  make_index(1, 0);
  ASSERT_TRUE(model.write_document("c", "books"));
  model.kill(task_of[1]);
  pass(5s);
  start_7(1, 1, false);
  pass(1min);
  EXPECT_EQ(led(), nullptr);
  model.kill(task_of[1]);
  pass(5s);
  start_7(1, 1, true);
  pass(20s);
  ASSERT_NE(led(), nullptr);
  EXPECT_EQ(led()->document_count("books"), 1U);
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
