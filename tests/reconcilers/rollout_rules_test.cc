// When a node may be restarted: one table, a row for each way in which a rule can refuse. The base of all rows is a
// cluster of four, green, with two indices of one replica, of which data-3 is to be restarted. The shard tables are
// those of real moments: before a move is done, while a replica is copied, after a node has gone.

#include "reconcilers/rules/rollout_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::ShardState;

void add_copy(Scene& scene, const char* index, bool primary, ShardState state, const char* node, const char* to = "") {
  scene.observation.shards.push_back({index, 0, primary, state, node, to});
}

void yellow(Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_YELLOW); }

Scene base_scene() {
  static const Scene made = [] {
    Scene scene = Scene::at_rest(4);
    scene.cluster.add_restart_seqs(900);
    add_copy(scene, "logs", true, ShardState::kStarted, "data-3");
    add_copy(scene, "logs", false, ShardState::kStarted, "data-0");
    add_copy(scene, "shop", true, ShardState::kStarted, "data-1");
    add_copy(scene, "shop", false, ShardState::kStarted, "data-2");
    return scene;
  }();
  return made;
}

void run(Scene& scene, const char* node, const char* version) {
  scene.node(node).mutable_task()->mutable_inputs()->set_version(version);
}

struct Case {
  const char* name;
  std::function<void(Scene&)> change;
  const char* begin;  ///< the rule that refuses the beginning; empty: none
  const char* stop;   ///< the rule that refuses the kill
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class RolloutRules : public testing::TestWithParam<Case> {};

std::optional<reconcile::NamedRefusal> refusal_of(std::span<const reconcile::NodeRule> rules, const Scene& scene) {
  const reconcile::Input input = scene.input();
  return reconcile::first_refusal(rules, reconcile::View(input), *state::find_node(scene.cluster, "data-3"));
}

std::string refused_by(std::span<const reconcile::NodeRule> rules, const Scene& scene) {
  const auto refusal = refusal_of(rules, scene);
  EXPECT_TRUE(!refusal || !refusal->refusal.why.empty());
  return refusal ? std::string(refusal->rule) : std::string();
}

TEST_P(RolloutRules, RefuseByTheirNames) {
  Scene scene = base_scene();
  GetParam().change(scene);
  EXPECT_EQ(refused_by(reconcile::kRolloutRules, scene), GetParam().begin);
  EXPECT_EQ(refused_by(reconcile::kRolloutStopRules, scene), GetParam().stop);
}

/// It runs, and the cluster has become red without it.
Scene scene_without_it(Duration since) {
  Scene scene = base_scene();
  scene.node("data-3").mutable_task()->set_joined(false);
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  scene.cluster.set_health_since_at_us(to_us(scene.now - since));
  return scene;
}

TEST(StrangerRules, ANodeThatTheRedClusterHasJustLostMayComeBack) {
  Scene scene = scene_without_it(std::chrono::seconds{1});
  EXPECT_EQ(refused_by(reconcile::kStrangerRules, scene), "left_node_may_come_back");
  yellow(scene);
  EXPECT_EQ(refused_by(reconcile::kStrangerRules, scene), "") << "nothing is missing";
}

TEST(StrangerRules, ANodeThatDoesNotComeBackIsRestarted) {
  EXPECT_EQ(refused_by(reconcile::kStrangerRules, scene_without_it(std::chrono::minutes{2})), "");
}

TEST(StrangerRules, ANodeThatNeverJoinedHasNothingToBring) {
  Scene scene = scene_without_it(std::chrono::seconds{1});
  scene.node("data-3").set_ever_joined(false);
  EXPECT_EQ(refused_by(reconcile::kStrangerRules, scene), "");
}

/// All but the node are new already, and the primary of "logs" is on a new one.
void upgraded_but_one(Scene& scene) {
  scene.cluster.mutable_spec()->set_version("2.4.6");
  for (const char* node : {"data-0", "data-1", "data-2"}) run(scene, node, "2.4.6");
  run(scene, "data-3", "2.3.3");
  yellow(scene);
  scene.observation.shards.clear();
  add_copy(scene, "logs", true, ShardState::kStarted, "data-0");
  add_copy(scene, "logs", false, ShardState::kStarted, "data-1");
  add_copy(scene, "logs", false, ShardState::kStarted, "data-2");
  add_copy(scene, "logs", false, ShardState::kUnassigned, "");
}

void restarting(Scene& scene, const char* node) { scene.node(node).mutable_restart()->set_seq(5); }

INSTANTIATE_TEST_SUITE_P(
    Table, RolloutRules,
    testing::Values(
        Case{"all_is_well", [](Scene&) {}, "", ""},
        Case{"no_answer", [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN); },
             "health_unknown", "health_unknown"},
        Case{"old_answer", [](Scene& scene) { scene.now += std::chrono::seconds{31}; }, "health_unknown",
             "health_unknown"},
        Case{"red", [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_RED); },
             "cluster_is_not_red", "cluster_is_not_red"},
        Case{"green_with_an_index_without_replicas",
             [](Scene& scene) { add_copy(scene, "lone", true, ShardState::kStarted, "data-3"); }, "", ""},
        Case{"green_and_moving_to_it",
             [](Scene& scene) {
               scene.observation.shards[3].state = ShardState::kRelocating;
               scene.observation.shards[3].relocating_to = "data-3";
             },
             "", ""},
        Case{"the_other_copy_moves_and_is_in_sync",
             [](Scene& scene) {
               yellow(scene);
               add_copy(scene, "logs", false, ShardState::kUnassigned, "");
               scene.observation.shards[1].state = ShardState::kRelocating;
               scene.observation.shards[1].relocating_to = "data-1";
             },
             "shards_are_assigned_again", ""},
        Case{"last_started_copy_and_its_replica_is_not_assigned",
             [](Scene& scene) {
               yellow(scene);
               scene.observation.shards[1] = {"logs", 0, false, ShardState::kUnassigned, "", ""};
             },
             "shards_are_assigned_again", "keeps_last_started_copy"},
        Case{"last_started_copy_and_its_replica_is_copied",
             [](Scene& scene) {
               yellow(scene);
               scene.observation.shards[1].state = ShardState::kInitializing;
             },
             "shards_are_assigned_again", "keeps_last_started_copy"},
        Case{"a_replica_elsewhere_is_copied",
             [](Scene& scene) {
               yellow(scene);
               scene.observation.shards[3].state = ShardState::kInitializing;
             },
             "shards_are_assigned_again", ""},
        Case{"yellow_for_want_of_nodes",
             [](Scene& scene) {
               yellow(scene);
               for (const char* node : {"data-0", "data-1", "data-2", "data-3"}) {
                 add_copy(scene, "wide", scene.observation.shards.size() == 4, ShardState::kStarted, node);
               }
               add_copy(scene, "wide", false, ShardState::kUnassigned, "");
             },
             "", ""},
        Case{"yellow_for_a_long_time",
             [](Scene& scene) {
               yellow(scene);
               add_copy(scene, "logs", false, ShardState::kUnassigned, "");
               auto& hold = *scene.cluster.add_holds();
               hold.set_rule("shards_are_assigned_again");
               hold.set_node("data-3");
               hold.set_since_at_us(to_us(scene.now) - 600 * 1'000'000LL);
             },
             "", ""},
        Case{"unassigned_because_all_others_are_newer", upgraded_but_one, "", ""},
        Case{"unassigned_although_a_new_node_could_take_it",
             [](Scene& scene) {
               upgraded_but_one(scene);
               scene.observation.shards.erase(scene.observation.shards.begin() + 2);
             },
             "shards_are_assigned_again", ""},
        Case{"versions_that_do_not_work_together",
             [](Scene& scene) {
               scene.cluster.mutable_spec()->set_version("5.6.16");
               run(scene, "data-3", "2.4.6");
             },
             "versions_work_together", "versions_work_together"},
        Case{"a_snapshot_is_seen",
             [](Scene& scene) {
               scene.observation.snapshots.push_back(
                   {.repository = "nas", .name = "daily", .state = "IN_PROGRESS", .reason = {}});
             },
             "no_snapshot_in_progress", "no_snapshot_in_progress"},
        Case{"a_snapshot_was_asked_for",
             [](Scene& scene) {
               auto& request = *scene.cluster.add_requests();
               request.set_purpose("take_snapshot");
               request.set_operation("op-7");
               request.set_subject("nas/daily");
             },
             "no_snapshot_in_progress", "no_snapshot_in_progress"},
        Case{"a_policy_has_begun_one",
             [](Scene& scene) {
               auto& run = *scene.cluster.add_policy_runs();
               run.set_policy("policy_snapshots");
               run.set_subject("backup/nightly");
             },
             "no_snapshot_in_progress", "no_snapshot_in_progress"},
        Case{"a_policy_keeps_something_else",
             [](Scene& scene) { scene.cluster.add_policy_runs()->set_policy("policy_shards_per_node_max"); }, "", ""},
        Case{"nobody_has_asked_a_repository",
             [](Scene& scene) {
               scene.observation.repositories = {"nas"};
               scene.observation.asked.snapshots = {{"other", "_current"}, {"nas", "daily"}};
             },
             "no_snapshot_in_progress", "no_snapshot_in_progress"},
        Case{"a_repository_takes_none_now",
             [](Scene& scene) {
               scene.observation.repositories = {"nas"};
               scene.observation.asked.snapshots = {{"nas", "_current"}};
             },
             "", ""},
        Case{"a_policy_has_taken_one", [](Scene& scene) { scene.cluster.add_policy_runs()->set_finished(true); }, "",
             ""},
        Case{"a_snapshot_is_done",
             [](Scene& scene) {
               scene.observation.snapshots.push_back(
                   {.repository = "nas", .name = "daily", .state = "SUCCESS", .reason = {}});
             },
             "", ""},
        Case{"another_restarts", [](Scene& scene) { restarting(scene, "data-1"); }, "one_node_at_a_time",
             "one_node_at_a_time"},
        Case{"it_restarts_itself", [](Scene& scene) { restarting(scene, "data-3"); }, "", ""},
        Case{"another_grows",
             [](Scene& scene) { scene.node("data-1").mutable_growth()->set_status(state::GROWTH_STATUS_INTENDED); },
             "one_node_at_a_time", "one_node_at_a_time"},
        Case{"another_leaves", [](Scene& scene) { scene.node("data-1").set_removing(true); }, "one_node_at_a_time",
             "one_node_at_a_time"},
        Case{"another_is_killed", [](Scene& scene) { scene.node("data-1").mutable_task()->set_kill_intended(true); },
             "one_node_at_a_time", "one_node_at_a_time"},
        Case{"another_has_not_joined", [](Scene& scene) { scene.node("data-1").mutable_task()->set_joined(false); },
             "restarted_nodes_have_joined", "restarted_nodes_have_joined"},
        Case{"another_crashed",
             [](Scene& scene) { scene.node("data-1").mutable_task()->set_state(model::TASK_STATE_FAILED); },
             "restarted_nodes_have_joined", "restarted_nodes_have_joined"},
        Case{"another_is_not_listed", [](Scene& scene) { std::erase(scene.observation.nodes, "data-1"); },
             "restarted_nodes_have_joined", "restarted_nodes_have_joined"},
        Case{"another_waits_for_its_first_place",
             [](Scene& scene) {
               auto& node = *scene.cluster.add_nodes();
               node.set_name("data-4");
               node.set_group("data");
             },
             "", ""},
        Case{"a_primary_starts", [](Scene& scene) { scene.observation.shards[2].state = ShardState::kInitializing; },
             "no_primary_is_starting", "no_primary_is_starting"},
        Case{"too_few_votes", [](Scene& scene) { scene.observation.minimum_master_nodes = 4; },
             "keeps_quorum_of_masters", "keeps_quorum_of_masters"},
        Case{"votes_are_counted_by_the_voting_configuration",
             [](Scene& scene) { scene.observation.voting_configuration = {{"data-0", "data-1", "data-3"}}; }, "", ""},
        Case{"too_few_voters",
             [](Scene& scene) { scene.observation.voting_configuration = {{"data-3", "gone-1", "data-0"}}; },
             "keeps_quorum_of_masters", "keeps_quorum_of_masters"},
        // What a node of 7.x tells while a master of 6.8 is elected still.
        Case{"minimum_master_nodes_count_while_there_are_no_voters",
             [](Scene& scene) { scene.observation.voting_configuration.emplace(); }, "", ""},
        Case{"neither_voters_nor_minimum_master_nodes_are_known",
             [](Scene& scene) {
               scene.observation.voting_configuration.emplace();
               scene.observation.minimum_master_nodes = 0;
               scene.cluster.set_minimum_master_nodes_applied(0);
             },
             "keeps_quorum_of_masters", "keeps_quorum_of_masters"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(RolloutRulesOfSmallClusters, OneNodeMayBeRestartedAlthoughNothingStandsInForIt) {
  Scene scene = Scene::at_rest(1);
  yellow(scene);
  add_copy(scene, "logs", true, ShardState::kStarted, "data-0");
  add_copy(scene, "logs", false, ShardState::kUnassigned, "");
  const reconcile::Input input = scene.input();
  const auto refusal = reconcile::first_refusal(reconcile::kRolloutRules, reconcile::View(input), scene.node("data-0"));
  EXPECT_FALSE(refusal) << refusal->rule;
}

TEST(RolloutRulesOfSmallClusters, OfTwoMastersOneMayBeRestarted) {
  Scene scene = Scene::at_rest(2);
  const reconcile::Input input = scene.input();
  EXPECT_FALSE(reconcile::first_refusal(reconcile::kRolloutRules, reconcile::View(input), scene.node("data-0")));
}

TEST(RolloutRulesWithRoles, AMasterWaitsForOlderDataNodes) {
  World world(8);
  world.create(
      {World::group("master", 3, {model::NODE_ROLE_MASTER}), World::group("data", 2, {model::NODE_ROLE_DATA})});
  ASSERT_TRUE(world.settle()) << world.show();
  Scene scene{.cluster = world.cluster(), .observation = world.observe_now(), .now = world.now};
  scene.cluster.mutable_spec()->set_version("2.4.6");
  run(scene, "data-0", "2.4.6");
  run(scene, "data-1", "2.3.3");
  run(scene, "master-0", "2.3.3");
  const auto refused = [&] {
    const reconcile::Input input = scene.input();
    const auto refusal =
        reconcile::first_refusal(reconcile::kRolloutRules, reconcile::View(input), scene.node("master-0"));
    return refusal ? std::string(refusal->rule) : std::string();
  };
  EXPECT_EQ(refused(), "data_nodes_before_masters");
  run(scene, "data-1", "2.4.6");
  EXPECT_EQ(refused(), "");
}

TEST(RolloutRulesWithPlugins, TheNextNodeWaitsForThePluginsOfTheLastOne) {
  Scene scene = base_scene();
  model::Plugin plugin;
  plugin.set_name("kuromoji");
  *scene.cluster.mutable_spec()->add_plugins() = plugin;
  auto& inputs = *scene.node("data-0").mutable_task()->mutable_inputs();
  *inputs.add_plugins() = plugin;
  inputs.set_restart_seq(900);
  scene.node("data-3").mutable_task()->mutable_inputs()->clear_plugins();
  scene.observation.asked.nodes = true;
  scene.observation.node_infos = {{.name = "data-0", .version = "2.3.3", .plugins = {}, .attributes = {}}};
  EXPECT_EQ(refused_by(reconcile::kRolloutRules, scene), "restarted_nodes_have_their_plugins");
  scene.observation.node_infos.front().plugins = {"kuromoji"};
  EXPECT_EQ(refused_by(reconcile::kRolloutRules, scene), "");
}

TEST(RolloutRulesOverridden, ARuleThatTheOperationOverridesIsPassedOverAndShown) {
  Scene scene = base_scene();
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  scene.observation.minimum_master_nodes = 4;
  scene.operation.set_id("op-9");
  auto& override = *scene.operation.add_overrides();
  override.set_rule("cluster_is_not_red");
  const auto refusal = refusal_of(reconcile::kRolloutRules, scene);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->rule, "keeps_quorum_of_masters");
  const auto is_shown = [](const model::Figure& one) {
    return one.name() == "overridden_rule" && one.value() == "cluster_is_not_red";
  };
  EXPECT_TRUE(std::ranges::any_of(refusal->refusal.basis, is_shown));
  override.set_node("data-2");
  EXPECT_EQ(refused_by(reconcile::kRolloutRules, scene), "cluster_is_not_red");
  override.set_node("data-3");
  EXPECT_EQ(refused_by(reconcile::kRolloutRules, scene), "keeps_quorum_of_masters");
}

}  // namespace
}  // namespace esaas::test
