// What each rule says of tables of shards that real Elasticsearch showed (recorded/): a row for each table and node,
// with the names of all rules that refuse; every other rule of the list has to pass.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "reconcilers/effects/elasticsearch/json_reading.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"
#include "reconcilers/rules/rollout_rules.h"
#include "reconcilers/rules/stop_rules.h"
#include "tests/reconcilers/scene.h"

#include <boost/json/serialize.hpp>

namespace esaas::test {
namespace {

/// The scene that the table was recorded of: four nodes that are all masters and hold data; who is not listed is gone.
Scene recorded_scene(const std::string& name) {
  static const Scene kBase = Scene::at_rest(4);
  Scene scene = kBase;
  std::ifstream file(std::string(ESAAS_SOURCE_DIR) + "/tests/reconcilers/recorded/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  auto bodies = es::parse_object(text.str());
  ESAAS_ASSERT(bodies.has_value(), name);
  const auto body = [&](const char* which) { return boost::json::serialize(bodies->get_object().at(which)); };
  reconcile::Observation& seen = scene.observation;
  auto health = es::parse_health(body("health"), World::kName);
  ESAAS_ASSERT(health.has_value(), name);
  seen.health = *health;
  const auto state = es::parse_cluster_state(body("state"), World::kName, seen);
  const auto settings = es::parse_settings(body("settings"), seen);
  ESAAS_ASSERT(state.has_value() && settings.has_value(), name);
  const std::string version = name.substr(0, name.find('_'));
  scene.cluster.mutable_spec()->set_version(version);
  scene.cluster.set_minimum_master_nodes_intended(*seen.minimum_master_nodes);
  scene.cluster.set_minimum_master_nodes_applied(*seen.minimum_master_nodes);
  for (state::Node& node : *scene.cluster.mutable_nodes()) {
    node.mutable_task()->mutable_inputs()->set_version(version);
    const bool is_listed = std::ranges::find(seen.nodes, node.name()) != seen.nodes.end();
    if (!is_listed) node.mutable_task()->set_joined(false);
  }
  return scene;
}

/// The names of all rules of the list that refuse, in its order.
std::string refusals(std::span<const reconcile::NodeRule> rules, const Scene& scene, const char* node) {
  const reconcile::Input input = scene.input();
  const reconcile::View view(input);
  std::string names;
  for (const reconcile::NodeRule& rule : rules) {
    const auto refusal = rule.check(view, *state::find_node(scene.cluster, node));
    if (!refusal) continue;
    EXPECT_FALSE(refusal->why.empty()) << rule.name;
    names += (names.empty() ? "" : " ") + std::string(rule.name);
  }
  return names;
}

struct Row {
  const char* table;
  const char* node;
  const char* begin;    ///< of its restart (kRolloutRules)
  const char* kill;     ///< for its restart (kRolloutStopRules)
  const char* grow;     ///< it is killed to come back larger (kRestartRules)
  const char* drain;    ///< it is to leave (kDrainRules)
  const char* leave;    ///< and is told to stop (kStopRules)
  const char* release;  ///< and its place is given back (kReleaseRules)
  const char* absence;  ///< its agent goes down for maintenance (kAbsenceRules)
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.table << ' ' << row.node; }

class RecordedTables : public testing::TestWithParam<Row> {};

TEST_P(RecordedTables, AreJudgedRuleByRule) {
  const Row& row = GetParam();
  Scene scene = recorded_scene(row.table);
  EXPECT_EQ(refusals(reconcile::kRolloutRules, scene, row.node), row.begin);
  EXPECT_EQ(refusals(reconcile::kRolloutStopRules, scene, row.node), row.kill);
  EXPECT_EQ(refusals(reconcile::kRestartRules, scene, row.node), row.grow);
  EXPECT_EQ(refusals(reconcile::kAbsenceRules, scene, row.node), row.absence);
  scene.node(row.node).set_removing(true);
  EXPECT_EQ(refusals(reconcile::kDrainRules, scene, row.node), row.drain);
  EXPECT_EQ(refusals(reconcile::kStopRules, scene, row.node), row.leave);
  EXPECT_EQ(refusals(reconcile::kReleaseRules, scene, row.node), row.release);
}

// Of a cluster of four masters one may always be missed while all are there. Index "none" is on data-0 alone: it may be
// restarted (there is no copy to wait for), and may not leave or grow, which takes longer.
INSTANTIATE_TEST_SUITE_P(
    Of2x, RecordedTables,
    testing::Values(
        Row{"2.3.3_green", "data-0", "", "", "keeps_last_started_copy", "",
            "keeps_last_started_copy drain_waits_for_shards", "", ""},
        Row{"2.3.3_green", "data-3", "", "", "", "", "drain_waits_for_shards", "", ""},
        // Nobody sees or moves the shards of a closed index.
        Row{"2.3.3_closed", "data-0", "", "", "keeps_last_started_copy", "closed_indices_do_not_move",
            "closed_indices_do_not_move keeps_last_started_copy drain_waits_for_shards", "closed_indices_do_not_move",
            ""},
        Row{"2.3.3_closed", "data-3", "", "", "", "closed_indices_do_not_move",
            "closed_indices_do_not_move drain_waits_for_shards", "closed_indices_do_not_move", ""},
        // A copy that moves is in sync at its source until it has moved, and takes two nodes until then.
        Row{"2.3.3_relocating", "data-1", "", "", "", "too_few_nodes_for_replicas", "drain_waits_for_shards", "", ""},
        Row{"2.3.3_relocating", "data-3", "", "", "", "", "drain_waits_for_shards", "", ""},
        Row{"2.3.3_initializing", "data-1", "shards_are_assigned_again", "", "shards_are_assigned_again", "",
            "drain_waits_for_shards", "", ""},
        Row{"2.3.3_initializing", "data-3", "shards_are_assigned_again", "", "shards_are_assigned_again", "",
            "drain_waits_for_shards", "", ""},
        // data-2 is gone; data-3 has the last copy of one/1.
        Row{"2.3.3_yellow", "data-1",
            "restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time keeps_quorum_of_masters",
            "restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters",
            "one_node_at_a_time keeps_quorum_of_masters shards_are_assigned_again", "",
            "drain_waits_for_shards one_node_at_a_time keeps_quorum_of_masters", "masters_have_joined_first",
            "keeps_quorum_of_masters"},
        Row{"2.3.3_yellow", "data-3",
            "restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time keeps_quorum_of_masters "
            "keeps_last_started_copy",
            "restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters keeps_last_started_copy",
            "one_node_at_a_time keeps_quorum_of_masters keeps_last_started_copy shards_are_assigned_again", "",
            "keeps_last_started_copy drain_waits_for_shards one_node_at_a_time keeps_quorum_of_masters",
            "masters_have_joined_first", "keeps_quorum_of_masters"},
        // data-0 is gone, and with it "none"; data-1 has the last copy of one/0. Two/1 is on all three that are left.
        Row{"2.3.3_red", "data-1",
            "cluster_is_not_red restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time "
            "keeps_quorum_of_masters keeps_last_started_copy",
            "cluster_is_not_red restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters "
            "keeps_last_started_copy",
            "cluster_is_not_red one_node_at_a_time keeps_quorum_of_masters keeps_last_started_copy "
            "shards_are_assigned_again",
            "cluster_is_not_red too_few_nodes_for_replicas",
            "cluster_is_not_red keeps_last_started_copy drain_waits_for_shards one_node_at_a_time "
            "keeps_quorum_of_masters",
            "cluster_is_not_red masters_have_joined_first", "cluster_is_not_red keeps_quorum_of_masters"},
        Row{"2.3.3_red", "data-3",
            "cluster_is_not_red restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time "
            "keeps_quorum_of_masters",
            "cluster_is_not_red restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters",
            "cluster_is_not_red one_node_at_a_time keeps_quorum_of_masters shards_are_assigned_again",
            "cluster_is_not_red too_few_nodes_for_replicas",
            "cluster_is_not_red drain_waits_for_shards one_node_at_a_time keeps_quorum_of_masters",
            "cluster_is_not_red masters_have_joined_first", "cluster_is_not_red keeps_quorum_of_masters"}));

// Three of the four masters vote: data-0 does not until another one is gone.
INSTANTIATE_TEST_SUITE_P(
    Of7x, RecordedTables,
    testing::Values(
        Row{"7.17.28_green", "data-0", "", "", "keeps_last_started_copy", "",
            "keeps_last_started_copy drain_waits_for_shards", "", ""},
        Row{"7.17.28_green", "data-3", "", "", "", "", "drain_waits_for_shards vote_is_handed_over", "", ""},
        // The shards of a closed index are shown, and move.
        Row{"7.17.28_closed", "data-0", "", "", "keeps_last_started_copy", "",
            "keeps_last_started_copy drain_waits_for_shards", "", ""},
        Row{"7.17.28_closed", "data-3", "", "", "", "", "drain_waits_for_shards vote_is_handed_over", "", ""},
        Row{"7.17.28_relocating", "data-1", "", "", "", "too_few_nodes_for_replicas",
            "drain_waits_for_shards vote_is_handed_over", "", ""},
        Row{"7.17.28_relocating", "data-3", "", "", "", "", "drain_waits_for_shards vote_is_handed_over", "", ""},
        Row{"7.17.28_initializing", "data-0", "shards_are_assigned_again", "",
            "keeps_last_started_copy shards_are_assigned_again", "", "keeps_last_started_copy drain_waits_for_shards",
            "", ""},
        Row{"7.17.28_initializing", "data-3", "shards_are_assigned_again", "", "shards_are_assigned_again", "",
            "drain_waits_for_shards vote_is_handed_over", "", ""},
        // data-2 is gone and its vote is counted; data-1 has the last copy of one/0.
        Row{"7.17.28_yellow", "data-1",
            "restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time keeps_quorum_of_masters "
            "keeps_last_started_copy",
            "restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters keeps_last_started_copy",
            "one_node_at_a_time keeps_quorum_of_masters keeps_last_started_copy shards_are_assigned_again", "",
            "keeps_last_started_copy drain_waits_for_shards one_node_at_a_time vote_is_handed_over "
            "keeps_quorum_of_masters",
            "masters_have_joined_first", "keeps_quorum_of_masters"},
        // It has no vote, and nothing, though shards may come while it is not excluded; and another node is missed
        // already.
        Row{"7.17.28_yellow", "data-3",
            "restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time keeps_quorum_of_masters",
            "restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters",
            "one_node_at_a_time keeps_quorum_of_masters shards_are_assigned_again", "",
            "drain_waits_for_shards one_node_at_a_time vote_is_handed_over keeps_quorum_of_masters",
            "masters_have_joined_first", "keeps_quorum_of_masters"},
        Row{"7.17.28_red", "data-2",
            "cluster_is_not_red restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time",
            "cluster_is_not_red restarted_nodes_have_joined one_master_at_a_time",
            "cluster_is_not_red one_node_at_a_time shards_are_assigned_again", "cluster_is_not_red",
            "cluster_is_not_red drain_waits_for_shards one_node_at_a_time",
            "cluster_is_not_red masters_have_joined_first", "cluster_is_not_red"},
        Row{"7.17.28_red", "data-3",
            "cluster_is_not_red restarted_nodes_have_joined shards_are_assigned_again one_master_at_a_time "
            "keeps_quorum_of_masters keeps_last_started_copy",
            "cluster_is_not_red restarted_nodes_have_joined one_master_at_a_time keeps_quorum_of_masters "
            "keeps_last_started_copy",
            "cluster_is_not_red one_node_at_a_time keeps_quorum_of_masters keeps_last_started_copy "
            "shards_are_assigned_again",
            "cluster_is_not_red",
            "cluster_is_not_red keeps_last_started_copy drain_waits_for_shards one_node_at_a_time "
            "vote_is_handed_over keeps_quorum_of_masters",
            "cluster_is_not_red masters_have_joined_first", "cluster_is_not_red keeps_quorum_of_masters"}));

}  // namespace
}  // namespace esaas::test
