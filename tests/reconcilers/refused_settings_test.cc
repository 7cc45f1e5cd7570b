// Settings that Elasticsearch refuses: whoever waits for them reads which one, and its words.

#include "reconcilers/refused_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::SettingAnswer;
using testing::HasSubstr;

constexpr auto kAllocation = event::Event::kAllocationIntended;

/// "primaries" is in force still and is to be taken away: that is asked for again and again.
Scene with_allocation_left() {
  Scene scene = Scene::at_rest(3);
  scene.cluster.set_allocation_applied("primaries");
  scene.observation.allocation_enable = "primaries";
  return scene;
}

std::string held(const Scene& scene, const std::vector<SettingAnswer>& answers) {
  reconcile::Input input = scene.input();
  input.setting_answers = answers;
  const reconcile::Plan plan = reconcile::reconcile(input);
  EXPECT_EQ(std::ranges::count_if(plan.repeats, [](const auto& one) { return one.has_allocation_intended(); }), 1);
  const auto found = std::ranges::find(plan.holds, reconcile::kElasticsearchRefusesSetting, &reconcile::Hold::rule);
  return found == plan.holds.end() ? "" : found->why;
}

TEST(RefusedSettings, HoldWithTheSettingTheStatusAndElasticsearchsWordsUntilOneIsTaken) {
  const Scene scene = with_allocation_left();
  const std::string setting = "cluster.routing.allocation.enable = its default";
  EXPECT_EQ(held(scene, {}), "") << "it has not been answered";
  EXPECT_EQ(held(scene, {{kAllocation, setting, "Elasticsearch answered 403: blocked by [FORBIDDEN/5]"}}),
            setting + " is asked for again and again. Elasticsearch answered 403: blocked by [FORBIDDEN/5]");
  EXPECT_EQ(held(scene, {{kAllocation, setting, ""}}), "") << "it was taken";
  EXPECT_EQ(held(scene, {{kAllocation, "cluster.routing.allocation.enable = primaries", "refused"}}), "")
      << "that was another value";
  EXPECT_EQ(held(scene, {{event::Event::kExclusionsIntended, setting, "refused"}}), "");
}

TEST(RefusedSettings, AreToldStillByAControllerThatHasJustStarted) {
  Scene scene = with_allocation_left();
  state::Hold& hold = *scene.cluster.add_holds();
  hold.set_rule(std::string(reconcile::kElasticsearchRefusesSetting));
  hold.set_why("It was refused with 403.");
  model::Figure& figure = *hold.add_basis();
  figure.set_name("setting");
  figure.set_value("cluster.routing.allocation.enable = its default");
  EXPECT_EQ(held(scene, {}), "It was refused with 403.");
  hold.mutable_basis(0)->set_value("discovery.zen.minimum_master_nodes = 2");
  EXPECT_EQ(held(scene, {}), "") << "nobody asks for that one";
}

TEST(RefusedSettings, HoldNothingThatIsNotAskedFor) {
  const Scene scene = Scene::at_rest(3);
  reconcile::Input input = scene.input();
  const std::vector<SettingAnswer> answers{{kAllocation, "cluster.routing.allocation.enable = its default", "refused"}};
  input.setting_answers = answers;
  EXPECT_TRUE(reconcile::reconcile(input).holds.empty());
}

TEST(RefusedSettings, EachIsToldByItsNameAndValue) {
  event::Event event;
  event.mutable_exclusions_intended()->add_nodes("data-1");
  event.mutable_exclusions_intended()->add_nodes("data-2");
  EXPECT_EQ(reconcile::setting_of(event), "cluster.routing.allocation.exclude._name = data-1,data-2");
  event.mutable_voting_exclusions_intended();
  EXPECT_EQ(reconcile::setting_of(event), "voting_config_exclusions = none");
  event.mutable_minimum_master_nodes_intended()->set_value(2);
  EXPECT_EQ(reconcile::setting_of(event), "discovery.zen.minimum_master_nodes = 2");
  event.mutable_task_kill_intended();
  EXPECT_EQ(reconcile::setting_of(event), "");
}

}  // namespace
}  // namespace esaas::test
