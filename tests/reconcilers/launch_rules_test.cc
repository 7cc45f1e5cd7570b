// When a node with a place may be launched: a row for each way in which a rule can refuse. The base
// is a cluster of three to which data-3 was added: placed, and waiting for its first launch, with
// the quorum raised for it.

#include "reconcilers/rules/launch_rules.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

Scene base_scene() {
  static const Scene made = [] {
    Scene scene = Scene::at_rest(3);
    scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(4);
    auto& node = *scene.cluster.add_nodes();
    node = scene.cluster.nodes(0);
    node.clear_task();
    node.set_name("data-3");
    node.mutable_place()->set_agent_id("agent-3");
    node.mutable_place()->set_volume_id("search.data-3.volume-900");
    node.set_attempt(0);
    node.set_ever_joined(false);
    scene.cluster.set_minimum_master_nodes_applied(3);
    scene.observation.minimum_master_nodes = 3;
    return scene;
  }();
  return made;
}

struct Case {
  const char* name;
  std::function<void(Scene&)> change;
  const char* refused_by;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class LaunchRules : public testing::TestWithParam<Case> {};

TEST_P(LaunchRules, RefuseByTheirNames) {
  Scene scene = base_scene();
  GetParam().change(scene);
  const reconcile::Input input = scene.input();
  const reconcile::View view(input);
  const auto refusal =
      reconcile::first_refusal(reconcile::kLaunchRules, view, reconcile::LaunchSubject{scene.node("data-3"), {}});
  EXPECT_EQ(refusal ? refusal->rule : "", GetParam().refused_by);
}

void never_formed(Scene& scene) {
  scene.cluster.set_bootstrapped(false);
  for (auto& node : *scene.cluster.mutable_nodes()) {
    node.set_ever_joined(false);
    node.clear_task();
    node.set_attempt(0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, LaunchRules,
    testing::Values(
        Case{"all_is_well", [](Scene&) {}, ""},
        Case{"version_left_the_catalogue", [](Scene& scene) { scene.settings.catalogue.artifacts.clear(); },
             "version_in_the_catalogue"},
        Case{"an_agent_that_a_data_node_may_need",
             [](Scene& scene) {
               *scene.cluster.mutable_spec()->add_node_groups() =
                   World::group("front", 1, {model::NODE_ROLE_COORDINATING});
               scene.node("data-3").set_group("front");
               scene.node("data-2").set_place_status(state::PLACE_STATUS_NONE);
               scene.cluster.set_bootstrapped(false);
             },
             "nodes_that_keep_data_first"},
        Case{"no_data_node_waits_in_a_complete_cluster",
             [](Scene& scene) {
               *scene.cluster.mutable_spec()->add_node_groups() =
                   World::group("front", 1, {model::NODE_ROLE_COORDINATING});
               scene.node("data-3").set_group("front");
               scene.node("data-2").set_place_status(state::PLACE_STATUS_NONE);
             },
             ""},
        Case{"failed_a_moment_ago",
             [](Scene& scene) { scene.node("data-3").set_not_before_at_us(to_us(scene.now) + 1); },
             "waits_after_failure"},
        Case{"back_off_is_over", [](Scene& scene) { scene.node("data-3").set_not_before_at_us(to_us(scene.now)); }, ""},
        Case{"first_start_with_all_placed", never_formed, ""},
        Case{"first_start_with_one_not_placed",
             [](Scene& scene) {
               never_formed(scene);
               scene.node("data-1").set_place_status(state::PLACE_STATUS_NONE);
             },
             "all_masters_placed_first"},
        Case{"quorum_not_raised", [](Scene& scene) { scene.cluster.set_minimum_master_nodes_applied(2); },
             "minimum_master_nodes_first"},
        Case{"quorum_confirmed_and_not_seen", [](Scene& scene) { scene.observation.minimum_master_nodes = 2; },
             "minimum_master_nodes_first"},
        Case{"another_master_is_away", [](Scene& scene) { scene.node("data-0").mutable_task()->set_joined(false); },
             "minimum_master_nodes_first"},
        Case{"no_answer", [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN); },
             "minimum_master_nodes_first"},
        Case{"another_new_one_is_coming", [](Scene& scene) { scene.node("data-2").set_ever_joined(false); },
             "one_new_master_at_a_time"},
        Case{"another_new_one_is_first", [](Scene& scene) { scene.node("data-2").set_attempt(0); },
             "one_new_master_at_a_time"},
        Case{"it_has_run_before",
             [](Scene& scene) {
               scene.node("data-3").set_attempt(1);
               scene.cluster.set_minimum_master_nodes_applied(2);
             },
             ""}),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace esaas::test
