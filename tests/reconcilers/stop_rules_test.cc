// When a node may be drained and stopped: one table, a row for each way in which a rule can refuse.
// The base of all rows is a cluster of four of which data-3 leaves: excluded, drained, and nothing
// on it.

#include "reconcilers/rules/stop_rules.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::ShardState;

Scene base_scene() {
  static const Scene made = [] {
    Scene scene = Scene::at_rest(4);
    for (std::uint32_t shard = 0; shard < 2; ++shard) {
      scene.observation.shards.push_back({"logs", shard, true, ShardState::kStarted, "data-0", ""});
      scene.observation.shards.push_back({"logs", shard, false, ShardState::kStarted, "data-1", ""});
    }
    scene.node("data-3").set_removing(true);
    scene.node("data-3").set_drain(state::DRAIN_STATUS_FINISHED);
    scene.observation.excluded_nodes = {{"data-3"}};
    return scene;
  }();
  return made;
}

struct Case {
  const char* name;
  std::function<void(Scene&)> change;
  const char* drain;  ///< the rule that refuses the drain; empty: none
  const char* stop;   ///< the rule that refuses the stop
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class StopRules : public testing::TestWithParam<Case> {};

std::string refused_by(std::span<const reconcile::NodeRule> rules, const Scene& scene) {
  const reconcile::Input input = scene.input();
  const auto refusal =
      reconcile::first_refusal(rules, reconcile::View(input), *state::find_node(scene.cluster, "data-3"));
  EXPECT_TRUE(!refusal || !refusal->refusal.why.empty());
  return refusal ? std::string(refusal->rule) : std::string();
}

TEST_P(StopRules, RefuseByTheirNames) {
  Scene scene = base_scene();
  GetParam().change(scene);
  EXPECT_EQ(refused_by(reconcile::kDrainRules, scene), GetParam().drain);
  EXPECT_EQ(refused_by(reconcile::kStopRules, scene), GetParam().stop);
}

void add_copy(Scene& scene, const char* index, bool primary, ShardState state, const char* node, const char* to = "") {
  scene.observation.shards.push_back({index, 0, primary, state, node, to});
}

INSTANTIATE_TEST_SUITE_P(
    Table, StopRules,
    testing::Values(
        Case{"all_is_well", [](Scene&) {}, "", ""},
        Case{"yellow_is_no_reason",
             [](Scene& scene) {
               scene.observation.health.set_status(model::HEALTH_STATUS_YELLOW);
               add_copy(scene, "lone", true, ShardState::kStarted, "data-0");
               add_copy(scene, "lone", false, ShardState::kUnassigned, "");
             },
             "", ""},
        Case{"shards_may_be_moving_back", [](Scene& scene) { scene.observation.excluded_nodes = {{"data-2"}}; }, "",
             "drain_waits_for_shards"},
        Case{"no_answer", [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN); },
             "health_unknown", "health_unknown"},
        Case{"old_answer", [](Scene& scene) { scene.now += std::chrono::seconds{31}; }, "health_unknown",
             "health_unknown"},
        Case{"answer_just_in_time", [](Scene& scene) { scene.now += std::chrono::seconds{30}; }, "", ""},
        Case{"red", [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_RED); },
             "cluster_is_not_red", "cluster_is_not_red"},
        Case{"closed_index", [](Scene& scene) { scene.observation.closed_indices = {"old"}; },
             "closed_indices_do_not_move", "closed_indices_do_not_move"},
        Case{"last_copy_on_it",
             [](Scene& scene) {
               add_copy(scene, "lone", true, ShardState::kStarted, "data-3");
               add_copy(scene, "lone", false, ShardState::kInitializing, "data-1");
             },
             "", "keeps_last_started_copy"},
        Case{"source_of_a_move_is_the_last_copy",
             [](Scene& scene) { add_copy(scene, "lone", true, ShardState::kRelocating, "data-3", "data-1"); }, "",
             "keeps_last_started_copy"},
        Case{"a_copy_left_on_it",
             [](Scene& scene) {
               add_copy(scene, "more", true, ShardState::kStarted, "data-0");
               add_copy(scene, "more", false, ShardState::kStarted, "data-3");
             },
             "", "drain_waits_for_shards"},
        Case{"a_copy_on_its_way_to_it",
             [](Scene& scene) { add_copy(scene, "more", true, ShardState::kRelocating, "data-0", "data-3"); }, "",
             "drain_waits_for_shards"},
        Case{"relocating_source_elsewhere_is_in_sync",
             [](Scene& scene) {
               add_copy(scene, "more", true, ShardState::kRelocating, "data-0", "data-1");
               add_copy(scene, "more", false, ShardState::kStarted, "data-3");
             },
             "", "drain_waits_for_shards"},
        Case{"more_replicas_than_nodes_that_stay",
             [](Scene& scene) {
               for (const char* node : {"data-0", "data-1", "data-2", "data-3"}) {
                 add_copy(scene, "wide", node == std::string_view("data-0"), ShardState::kStarted, node);
               }
             },
             "too_few_nodes_for_replicas", "drain_waits_for_shards"},
        Case{"a_node_that_would_have_room_is_away",
             [](Scene& scene) {
               std::erase(scene.observation.nodes, "data-2");
               for (const char* node : {"data-0", "data-1", "data-3"}) {
                 add_copy(scene, "wide", node == std::string_view("data-0"), ShardState::kStarted, node);
               }
             },
             "too_few_nodes_for_replicas", "drain_waits_for_shards"},
        Case{"another_is_being_stopped",
             [](Scene& scene) { scene.node("data-2").mutable_task()->set_kill_intended(true); }, "",
             "one_node_at_a_time"},
        Case{"another_has_not_come_back", [](Scene& scene) { scene.node("data-2").mutable_task()->set_joined(false); },
             "", "one_node_at_a_time"},
        Case{"too_few_other_masters",
             [](Scene& scene) {
               scene.observation.minimum_master_nodes = 4;
               scene.cluster.set_minimum_master_nodes_applied(4);
             },
             "", "keeps_quorum_of_masters"},
        Case{"quorum_in_force_is_not_known",
             [](Scene& scene) {
               scene.observation.minimum_master_nodes.reset();
               scene.cluster.set_minimum_master_nodes_applied(0);
             },
             "", "keeps_quorum_of_masters"}),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

TEST(StopRules, QuorumIsTheLastOneAsked) { EXPECT_EQ(reconcile::kStopRules.back().name, reconcile::kKeepsQuorum); }

TEST(StopRules, EveryRuleSaysWhyItExists) {
  for (const auto rules : {reconcile::kDrainRules, reconcile::kStopRules, reconcile::kRemovalRules}) {
    for (const auto& rule : rules) EXPECT_TRUE(std::string_view(rule.why).ends_with('.')) << rule.name;
  }
}

}  // namespace
}  // namespace esaas::test
