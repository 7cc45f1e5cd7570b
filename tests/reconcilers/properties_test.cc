// What must hold for every life of a cluster, on lives that rapidcheck makes up: scripts of
// operations and faults.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/state/launch_inputs.h"
#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

enum class Act {
  kScale,
  kResize,
  kSuspend,
  kResume,
  kPause,
  kContinue,
  kIndex,
  kFail,
  kLoseAgent,
  kSeeAgents,
  kSilence,
  kSpeak,
  kLoseKills,
  kHearKills,
  kRestart,
  kRestartAll,
  kConfigure,
  kLoseFlushes,
  kWait
};

struct Step {
  Act act = Act::kWait;
  std::uint32_t number = 0;  ///< which node, how many, how long
};

void showValue(const Step& step, std::ostream& out) { out << static_cast<int>(step.act) << '/' << step.number; }

rc::Gen<std::vector<Step>> scripts() {
  const auto acts = rc::gen::weightedElement<Act>({{6, Act::kScale},
                                                   {2, Act::kResize},
                                                   {1, Act::kSuspend},
                                                   {2, Act::kResume},
                                                   {1, Act::kPause},
                                                   {2, Act::kContinue},
                                                   {3, Act::kIndex},
                                                   {6, Act::kFail},
                                                   {2, Act::kLoseAgent},
                                                   {4, Act::kSeeAgents},
                                                   {2, Act::kSilence},
                                                   {4, Act::kSpeak},
                                                   {1, Act::kLoseKills},
                                                   {2, Act::kHearKills},
                                                   {3, Act::kRestart},
                                                   {1, Act::kRestartAll},
                                                   {3, Act::kConfigure},
                                                   {1, Act::kLoseFlushes},
                                                   {16, Act::kWait}});
  const auto step = rc::gen::build<Step>(rc::gen::set(&Step::act, acts),
                                         rc::gen::set(&Step::number, rc::gen::inRange<std::uint32_t>(0, 12)));
  return rc::gen::container<std::vector<Step>>(step);
}

/// A running node, chosen by number; null when none runs.
const state::Node* running_node(const World& world, std::uint32_t number) {
  std::vector<const state::Node*> running;
  for (const auto& node : world.cluster().nodes()) {
    if (node.task().state() == model::TASK_STATE_RUNNING) running.push_back(&node);
  }
  return running.empty() ? nullptr : running[number % running.size()];
}

void control(World& world, command::OperationVerb verb, bool paused_before) {
  const auto* operation = world.state.find_operation(world.cluster().active_operation());
  if (operation != nullptr && operation->paused() == paused_before) world.control(verb);
}

void take(World& world, const Step& step) {
  const state::Node* node = running_node(world, step.number);
  switch (step.act) {
    case Act::kScale: return world.scale("data", 1 + step.number % 5);
    case Act::kResize: return world.resize("data", step.number % 2 == 0 ? 1024 : 2048);
    case Act::kSuspend: return world.suspend();
    case Act::kResume: return world.resume();
    case Act::kPause: return control(world, command::OperationVerb::kPause, false);
    case Act::kContinue: return control(world, command::OperationVerb::kContinue, true);
    case Act::kIndex:
      if (!world.joined().empty())
        world.index("index-" + std::to_string(step.number), 1 + step.number % 3, step.number % 2);
      return;
    case Act::kFail:
      if (node != nullptr) world.end_task(std::string(node->name()), model::TASK_STATE_FAILED);
      return;
    case Act::kLoseAgent:
      if (node != nullptr) world.lose_agent_of(std::string(node->name()));
      return;
    case Act::kSeeAgents: return world.see_agents_again();
    case Act::kSilence: world.elasticsearch_is_silent = true; return;
    case Act::kSpeak: world.elasticsearch_is_silent = false; return;
    case Act::kLoseKills: world.kills_are_lost = true; return;
    case Act::kHearKills: world.kills_are_lost = false; return;
    case Act::kRestart: return world.restart(step.number % 2 == 0 ? "" : "data");
    case Act::kRestartAll: return world.restart_all_at_once();
    case Act::kConfigure:
      return world.configure("data", "indices.fielddata.cache.size", std::to_string(step.number) + "%");
    case Act::kLoseFlushes: world.flushes_are_lost = step.number % 2 == 0; return;
    case Act::kWait:
      for (std::uint32_t i = 0; i < step.number; ++i) world.round();
      return;
  }
}

std::string text_of(const reconcile::Plan& plan) {
  std::string text;
  for (const auto& action : plan.actions) {
    text += action.name;
    for (const auto& event : action.events) text += event.SerializeAsString();
  }
  for (const auto& hold : plan.holds) text += hold.rule + hold.node + hold.why;
  for (const auto& repeat : plan.repeats) text += repeat.SerializeAsString();
  return text + (plan.next_check ? std::to_string(to_us(*plan.next_check)) : "never");
}

/// Is there anything that is wanted and not so?
bool is_unconverged(const World& world) {
  const auto& cluster = world.cluster();
  if (!cluster.active_operation().empty()) return true;
  return std::ranges::any_of(cluster.nodes(), [&](const auto& node) {
    if (cluster.phase() == state::CLUSTER_PHASE_RUNNING && !state::runs_as_wanted(cluster, node)) return true;
    const bool runs = node.task().joined();
    return node.removing() || runs != (cluster.phase() == state::CLUSTER_PHASE_RUNNING);
  });
}

void check_plan(const World& world) {
  const reconcile::Plan plan = world.plan();
  RC_ASSERT(text_of(plan) == text_of(world.plan()));
  const bool says_something = !plan.actions.empty() || !plan.holds.empty() || !plan.repeats.empty() || plan.next_check;
  if (is_unconverged(world)) RC_ASSERT(says_something);
  std::set<std::string> offers;
  for (const auto& action : plan.actions) {
    std::string used;
    for (const auto& event : action.events) {
      if (event.has_place_intended()) used = event.place_intended().offer_id();
      if (event.has_task_launch_intended()) used = event.task_launch_intended().offer_id();
      if (event.has_place_release_intended()) used = event.place_release_intended().offer_id();
      if (event.has_place_growth_intended()) used = event.place_growth_intended().offer_id();
      if (event.has_volume_growth_intended()) used = event.volume_growth_intended().offer_id();
      if (event.has_place_growth_release_intended()) used = event.place_growth_release_intended().offer_id();
    }
    if (!used.empty()) RC_ASSERT(offers.insert(used).second);
  }
}

void heal(World& world) {
  world.elasticsearch_is_silent = false;
  world.kills_are_lost = false;
  world.flushes_are_lost = false;
  world.see_agents_again();
  control(world, command::OperationVerb::kContinue, true);
  if (world.has_hold("too_few_nodes_for_replicas")) world.lower_replicas();
}

/// Lives the script, then lets the world heal: the cluster must come to rest, with nothing
/// forbidden on the way.
void live(World& world, const std::vector<Step>& script) {
  world.may_be_refused = true;
  for (const Step& step : script) {
    take(world, step);
    check_plan(world);
  }
  for (int i = 0; i < 20 && world.cluster().queued_operations_size() > 0; ++i) {
    heal(world);
    for (int round = 0; round < 40; ++round) world.round();
  }
  heal(world);
  if (!world.settle(300)) heal(world);
  const bool rests = world.settle(600);
  if (!rests) RC_LOG() << world.show();
  RC_ASSERT(rests);
  RC_LOG() << testing::PrintToString(world.violations);
  RC_ASSERT(world.violations.empty());
  if (world.cluster().phase() != state::CLUSTER_PHASE_RUNNING) return;  // a growth goes on when it is resumed
  for (const WorldAgent& agent : world.agents) RC_ASSERT(agent.additions.empty());
  RC_ASSERT(world.allocation_enable.empty());
  for (const auto& node : world.cluster().nodes()) {
    RC_ASSERT(!node.has_restart() && state::runs_as_wanted(world.cluster(), node));
  }
}

RC_GTEST_PROP(ReconcilerProperties, EveryLifeOfMixedNodesComesToRestUnharmed, ()) {
  const auto script = *scripts();
  World world(8);
  world.create({World::group("data", 3)});
  live(world, script);
}

RC_GTEST_PROP(ReconcilerProperties, EveryLifeWithDedicatedMastersComesToRestUnharmed, ()) {
  const auto script = *scripts();
  World world(9);
  world.create(
      {World::group("master", 3, {model::NODE_ROLE_MASTER}), World::group("data", 2, {model::NODE_ROLE_DATA})});
  live(world, script);
}

RC_GTEST_PROP(ReconcilerProperties, EveryLifeWithPreemptibleNodesComesToRestUnharmed, ()) {
  const auto script = *scripts();
  World world(10);
  for (WorldAgent& agent : world.agents) agent.lent = {*rc::gen::inRange(0, 2000), *rc::gen::inRange(0, 2000), 0};
  model::NodeGroup front = World::group("front", 2, {model::NODE_ROLE_COORDINATING});
  front.set_preemptible(*rc::gen::arbitrary<bool>());
  world.create({front, World::group("data", 3)});
  live(world, script);
  for (const auto& event : world.events_of(event::Event::kPlaceIntended)) {
    const auto& intent = event.place_intended();
    RC_ASSERT(intent.place().transient() == intent.node().starts_with("front"));
    RC_ASSERT(front.preemptible() || !intent.place().has_revocable());
    RC_ASSERT(intent.place().transient() || !intent.place().has_revocable());
  }
}

/// Masters that hold data or do not, data nodes, and what keeps nothing: any fleet that a user may ask for.
std::vector<model::NodeGroup> some_fleet() {
  std::vector<model::NodeGroup> groups;
  const auto data_nodes = *rc::gen::inRange<std::uint32_t>(1, 5);
  if (*rc::gen::arbitrary<bool>()) {
    groups.push_back(World::group("master", *rc::gen::element(1U, 3U), {model::NODE_ROLE_MASTER}));
    groups.push_back(World::group("data", data_nodes, {model::NODE_ROLE_DATA}));
  } else {
    groups.push_back(World::group("data", data_nodes));
  }
  if (*rc::gen::arbitrary<bool>()) {
    groups.push_back(World::group("more", *rc::gen::inRange<std::uint32_t>(1, 3), {model::NODE_ROLE_DATA}));
  }
  if (*rc::gen::arbitrary<bool>()) groups.push_back(World::group("front", 1, {model::NODE_ROLE_COORDINATING}));
  return groups;
}

RC_GTEST_PROP(ReconcilerProperties, EveryLifeOfAnyFleetComesToRestUnharmed, ()) {
  const auto script = *scripts();
  World world(14);
  world.create(some_fleet());
  RC_ASSERT(world.settle());
  const auto replicas = *rc::gen::inRange<std::uint32_t>(0, 3);
  world.index("first", *rc::gen::inRange<std::uint32_t>(1, 4), replicas);
  live(world, script);
}

RC_GTEST_PROP(ReconcilerProperties, EveryDeletedClusterLeavesNothing, ()) {
  const auto script = *scripts();
  World world(8);
  world.create({World::group("data", 3)});
  world.may_be_refused = true;
  for (const Step& step : script) take(world, step);
  control(world, command::OperationVerb::kContinue, true);
  world.remove();
  world.kills_are_lost = false;
  world.see_agents_again();
  RC_ASSERT(world.settle(200));
  RC_ASSERT(!world.exists());
  for (const WorldAgent& agent : world.agents) RC_ASSERT(agent.places.empty() && agent.additions.empty());
}

}  // namespace
}  // namespace esaas::test
