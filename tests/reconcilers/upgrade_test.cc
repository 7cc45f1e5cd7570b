// What an upgrade looks at before the first node is touched, and what plugins that do not install come to.

#include "reconcilers/upgrade.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"
#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

World three_nodes() {
  World world;
  world.create({World::group("data", 3)});
  EXPECT_TRUE(world.settle()) << world.show();
  world.index("logs", 4, 1);
  return world;
}

std::string last_detail(const World& world) {
  return world.events_of(event::Event::kOperationFinished).back().operation_finished().detail();
}

TEST(IndexVersions, AreWrittenAsPeopleDo) {
  EXPECT_EQ(reconcile::version_of_id(2'030'399), "2.3.3");
  EXPECT_EQ(reconcile::version_of_id(5'061'699), "5.6.16");
  EXPECT_EQ(reconcile::version_of_id(7'172'899), "7.17.28");
}

TEST(IndexVersions, AreOpenedByTheNextMajorVersionAndNoLater) {
  struct Row {
    const char* target;
    std::uint32_t created;
    bool opens;
  };
  for (const Row& row :
       {Row{"5.6.16", 2'030'399, true}, Row{"5.6.16", 1'070'199, false}, Row{"6.8.23", 5'061'699, true},
        Row{"6.8.23", 2'040'699, false}, Row{"7.17.28", 6'082'399, true}, Row{"7.17.28", 5'061'699, false},
        Row{"2.4.6", 1'070'199, true}, Row{"6.8.23", 7'172'899, false}, Row{"nonsense", 6'082'399, false}}) {
    EXPECT_EQ(reconcile::can_open(row.target, row.created), row.opens) << row.target << " " << row.created;
  }
}

TEST(Upgrade, IsRefusedByTheNameOfAnIndexThatIsTooOld) {
  World world = three_nodes();
  world.created_version = 1'070'199;
  world.upgrade("2.4.6");
  ASSERT_TRUE(world.settle()) << world.show();
  // 2.x opens what 1.x made.
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  world.upgrade("5.6.16");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.outcomes.back(), "not");
  EXPECT_THAT(last_detail(world), HasSubstr("Index logs was made by Elasticsearch 1.7.1"));
  EXPECT_EQ(world.cluster().spec().version(), "2.4.6");
  EXPECT_THAT(world.violations, IsEmpty());
}

/// How data-0 is started with 7.17.28 after a task that ran `before` has ended; empty when it is not.
std::string started_after(const std::string& before, bool ever_joined) {
  World world;
  world.create({World::group("data", 1)});
  EXPECT_TRUE(world.settle()) << world.show();
  world.end_task("data-0", model::TASK_STATE_KILLED);
  Scene scene{.cluster = world.cluster(), .observation = {}, .now = world.now + std::chrono::minutes{10}};
  scene.settings = world.settings;
  scene.settings.catalogue.artifacts["7.17.28"].uri = "file:///cache/elasticsearch-7.17.28.tar.gz";
  scene.offers = world.offers();
  scene.cluster.mutable_spec()->set_version("7.17.28");
  scene.node("data-0").mutable_task()->mutable_inputs()->set_version(before);
  scene.node("data-0").mutable_task()->set_joined(true);
  scene.node("data-0").set_ever_joined(ever_joined);
  for (const auto& action : scene.plan().actions) {
    for (const auto& event : action.events) {
      if (event.has_task_launch_intended()) return event.task_launch_intended().launch().command();
    }
  }
  return {};
}

/// A node of 7.x on data of 6.8 finds no votes there; alone it would wait for a master for ever. An empty one is told
/// nothing: it might elect a second master.
TEST(Upgrade, TellsAMasterWhoseDataHasNoVotesWhoElectsTheFirst) {
  const auto is_told = HasSubstr("cluster.initial_master_nodes='data-0'");
  EXPECT_THAT(started_after("6.8.23", true), is_told);
  const std::string of_7x = started_after("7.0.1", true);
  EXPECT_THAT(of_7x, HasSubstr("discovery.seed_hosts"));
  EXPECT_THAT(of_7x, Not(is_told));
  const std::string empty = started_after("6.8.23", false);
  EXPECT_THAT(empty, HasSubstr("discovery.seed_hosts"));
  EXPECT_THAT(empty, Not(is_told));
}

TEST(Upgrade, WaitsWhileNobodySaysWhichVersionMadeAnIndex) {
  World world = three_nodes();
  world.created_version = 0;
  world.upgrade("2.4.6");
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("index_versions_are_known")) << world.show();
  EXPECT_EQ(world.cluster().spec().version(), "2.3.3");
}

TEST(Upgrade, TakesASnapshotFirst) {
  World world = three_nodes();
  world.snapshot_state = "IN_PROGRESS";
  world.upgrade("2.4.6", "nas");
  EXPECT_FALSE(world.settle(20));
  EXPECT_TRUE(world.has_hold("waits_for_snapshot")) << world.show();
  EXPECT_EQ(world.cluster().spec().version(), "2.3.3");
  world.snapshot_state = "SUCCESS";
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.snapshots.size(), 1U);
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
}

TEST(Upgrade, FailsWithASnapshotThatIsNotWhole) {
  World world = three_nodes();
  world.snapshot_state = "PARTIAL";
  world.upgrade("2.4.6", "nas");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(last_detail(world), HasSubstr("is PARTIAL"));
  EXPECT_EQ(world.cluster().spec().version(), "2.3.3");
  EXPECT_THAT(world.events_of(event::Event::kNodeRestartBegan), IsEmpty());
}

/// How 5.x is started is not this test's matter: only what is done before.
TEST(Upgrade, BetweenVersionsThatDoNotWorkTogetherStopsAllNodesFirst) {
  World world = three_nodes();
  world.upgrade("5.6.16");
  for (int i = 0; i < 60 && world.events_of(event::Event::kFullRestartStopped).empty(); ++i) world.round();
  ASSERT_EQ(world.events_of(event::Event::kFullRestartStopped).size(), 1U) << world.show();
  EXPECT_THAT(world.events_of(event::Event::kNodeRestartBegan), IsEmpty());
  EXPECT_EQ(world.events_of(event::Event::kTaskKillIntended).size(), 3U);
  const auto changed = world.events_of(event::Event::kClusterVersionChanged);
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_TRUE(changed.front().cluster_version_changed().full_restart());
}

/// The log ends between the new version and the restart that it needs, and a node crashes before that is made good.
TEST(Upgrade, NoNodeOfTheNewVersionMeetsTheOldOneWhereTheFullRestartWasLost) {
  World world = three_nodes();
  world.flushes_are_lost = true;
  world.upgrade("5.6.16");
  while (world.events_of(event::Event::kClusterVersionChanged).empty()) world.round();
  world.state.clusters.find(World::kName)->second.clear_full_restart();
  world.elasticsearch_is_silent = true;
  world.end_task("data-1", model::TASK_STATE_FAILED);
  for (int i = 0; i < 120 && world.events_of(event::Event::kFullRestartStopped).empty(); ++i) {
    world.round();
    if (world.events_of(event::Event::kFullRestartStopped).empty()) {
      EXPECT_EQ(world.events_of(event::Event::kTaskLaunchIntended).size(), 3U) << world.show();
    }
  }
  EXPECT_EQ(world.events_of(event::Event::kFullRestartStopped).size(), 1U) << world.show();
}

TEST(Plugins, AreInstalledOneNodeAfterTheOther) {
  World world = three_nodes();
  world.install_plugin("analysis-kuromoji");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.task().inputs().plugins_size(), 1);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(Plugins, OneThatDoesNotInstallIsTakenBackWithItsWords) {
  World world = three_nodes();
  world.bad_plugins = {"analysis-nonsense"};
  world.install_plugin("analysis-nonsense");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.outcomes.back(), "not");
  EXPECT_THAT(last_detail(world), HasSubstr("ERROR: Unknown plugin analysis-nonsense"));
  EXPECT_EQ(world.cluster().spec().plugins_size(), 0);
  // One node tried it, and was restarted once more without it.
  std::uint32_t launches = 0;
  for (const auto& node : world.cluster().nodes()) {
    launches += node.attempt();
    EXPECT_EQ(node.task().inputs().plugins_size(), 0);
  }
  EXPECT_EQ(launches, 5U);
  EXPECT_THAT(world.violations, IsEmpty());
  EXPECT_EQ(world.allocation_enable, "");
}

TEST(Plugins, OneWhoseArchiveIsNotToBeHadStopsAtTheFirstNode) {
  World world = three_nodes();
  world.lost_archives = {"analysis-nowhere"};
  world.install_plugin("analysis-nowhere");
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.outcomes.back(), "not");
  EXPECT_THAT(last_detail(world), HasSubstr("could not be started with plugin analysis-nowhere, whose archive is "
                                            "file:///cache/analysis-nowhere.zip: Failed to launch container"));
  EXPECT_EQ(world.cluster().spec().plugins_size(), 0);
  std::uint32_t launches = 0;
  for (const auto& node : world.cluster().nodes()) {
    launches += node.attempt();
    EXPECT_EQ(node.task().inputs().plugins_size(), 0);
    EXPECT_EQ(node.task().state(), model::TASK_STATE_RUNNING);
  }
  EXPECT_EQ(launches, 6U) << "one node tried twice, and is started without it";
  EXPECT_THAT(world.violations, IsEmpty());
  EXPECT_EQ(world.allocation_enable, "");
}

}  // namespace
}  // namespace esaas::test
