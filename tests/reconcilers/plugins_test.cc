// What plugins come back when one could not be installed.

#include "reconcilers/plugins.h"

#include <gtest/gtest.h>

#include "core/state/launch_inputs.h"
#include "reconcilers/effects/elasticsearch/launch.h"
#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

model::Plugin plugin(const std::string& uri) {
  model::Plugin plugin;
  plugin.set_name("kuromoji");
  plugin.set_uri(uri);
  return plugin;
}

TEST(PluginsTakenBack, AreThoseOfTheLogAlsoWhenEveryNodeWasRestarted) {
  Scene scene = Scene::at_rest(1);
  *scene.cluster.mutable_spec()->add_plugins() = plugin("http://new");
  *scene.node("data-0").mutable_task()->mutable_inputs() = state::wanted_inputs(scene.cluster, scene.node("data-0"));
  scene.operation.set_id("op-9");
  scene.operation.set_status(model::OPERATION_STATUS_RUNNING);
  *scene.operation.mutable_request()->mutable_install_plugin()->mutable_plugin() = plugin("http://new");
  scene.now += std::chrono::seconds{1};
  scene.observation.observed_at = scene.now;
  scene.observation.asked.nodes = true;
  scene.observation.node_infos = {
      {.name = "data-0", .version = "2.3.3", .plugins = {}, .attributes = {{std::string(es::kPluginFailure), "no"}}}};
  event::PluginsChanged changed;
  *changed.add_before() = plugin("http://old");
  *changed.add_after() = plugin("http://new");
  reconcile::Input input = scene.input();
  input.plugins_changed = &changed;
  const reconcile::Plan plan = reconcile::reconcile(input);
  const auto action = std::ranges::find(plan.actions, "take_plugins_back", &reconcile::Action::name);
  ASSERT_NE(action, plan.actions.end());
  ASSERT_EQ(action->events.front().plugins_changed().after_size(), 1);
  EXPECT_EQ(action->events.front().plugins_changed().after(0).uri(), "http://old");
}

}  // namespace
}  // namespace esaas::test
