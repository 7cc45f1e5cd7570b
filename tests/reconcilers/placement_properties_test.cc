// Properties of placement over random fleets: agents of random sizes in random zones and racks, groups with random
// constraints, scaled up and down. Every node that was placed is where its group's constraints let it be, as the log
// tells it: each PlaceIntended is held against the places that the cluster had at that moment.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <climits>
#include <map>
#include <set>

#include "tests/reconcilers/constraints.h"
#include "tests/reconcilers/placement_oracle.h"
#include "tests/reconcilers/world.h"

namespace esaas::test {
namespace {

using state::Node;

rc::Gen<model::Constraint> constraints() {
  return rc::gen::exec([] {
    const auto how = *rc::gen::element(kLike, kUnlike, kUnique, kGroupBy, kCluster, kMaxPer);
    std::string value;
    switch (how) {
      case kLike: value = *rc::gen::element<std::string>("a|b", "[abc]", "a"); break;
      case kUnlike: value = *rc::gen::element<std::string>("a", "b|c", "z"); break;
      case kGroupBy: value = *rc::gen::element<std::string>("", "2", "3"); break;
      case kCluster: value = *rc::gen::element<std::string>("", "a", "b"); break;
      case kMaxPer: value = *rc::gen::element<std::string>("1", "2"); break;
      default: break;
    }
    model::Constraint made;
    made.set_attribute(*rc::gen::element<std::string>("@zone", "rack", "hostname"));
    made.set_operator_(how);
    made.set_value(value);
    return made;
  });
}

World random_world() {
  World world(*rc::gen::inRange(1, 13));
  for (WorldAgent& agent : world.agents) {
    agent.zone = *rc::gen::element<std::string>("a", "b", "c");
    agent.attributes["rack"] = *rc::gen::element<std::string>("a", "b", "c", "d");
    agent.free.mem_mib = *rc::gen::inRange(500, 6000);
  }
  return world;
}

model::NodeGroup random_group(const char* name, std::vector<model::NodeRole> roles, std::uint32_t count) {
  model::NodeGroup group = World::group(name, count, std::move(roles));
  std::set<std::pair<std::string, int>> seen;
  for (int left = *rc::gen::inRange(0, 3); left > 0; --left) {
    const model::Constraint made = *constraints();
    if (seen.emplace(made.attribute(), made.operator_()).second) *group.add_constraints() = made;
  }
  return group;
}

/// Holds every place in the log against the cluster as it was at that moment. Answers how many there were.
int check_places(const World& world) {
  state::FleetState state;
  int places = 0;
  for (const event::Event& event : world.log) {
    if (event.has_place_intended()) {
      ++places;
      const std::string broken = broken_by(*state.find_cluster(World::kName), event.place_intended());
      RC_LOG() << event.place_intended().ShortDebugString() << ": " << broken;
      RC_ASSERT(broken.empty());
    }
    state::evolve(state, event);
  }
  return places;
}

RC_GTEST_PROP(PlacementProperties, NoConstraintIsEverViolated, ()) {
  World world = random_world();
  world.may_be_refused = true;
  world.create({random_group("master", {model::NODE_ROLE_MASTER}, *rc::gen::element(1U, 3U)),
                random_group("data", {model::NODE_ROLE_DATA}, *rc::gen::inRange(1U, 5U))});
  for (int i = 0; i < 25; ++i) world.round();
  world.scale("data", *rc::gen::inRange(1U, 8U));
  for (int i = 0; i < 25; ++i) world.round();
  if (*rc::gen::arbitrary<bool>()) world.resize("data", 1500);
  for (int i = 0; i < 40; ++i) world.round();
  RC_LOG() << testing::PrintToString(world.violations);
  RC_ASSERT(world.violations.empty());
  RC_TAG(check_places(world) > 3 ? "many places" : "few places");
}

RC_GTEST_PROP(PlacementProperties, GroupByIsBalancedOverAllZonesThatAreOnOffer, ()) {
  World world = random_world();
  model::NodeGroup group = World::group("data", *rc::gen::inRange(1U, 9U), {model::NODE_ROLE_DATA});
  constrain(group, "@zone", kGroupBy, "");
  world.create({World::group("master", 1, {model::NODE_ROLE_MASTER}), group});
  for (int i = 0; i < 10; ++i) world.round();
  std::map<std::string, int> zones;
  for (const WorldAgent& agent : world.agents) zones[agent.zone];
  for (const Node& node : world.cluster().nodes()) {
    if (node.group() == "data" && node.place_status() != state::PLACE_STATUS_NONE) ++zones[node.place().zone()];
  }
  int least = INT_MAX;
  int most = 0;
  for (const auto& [zone, count] : zones) {
    least = std::min(least, count);
    most = std::max(most, count);
  }
  RC_ASSERT(most - least <= 1);
}

RC_GTEST_PROP(PlacementProperties, WithRoomInThreeZonesNoZoneHoldsAMajorityOfTheMasters, ()) {
  World world(*rc::gen::inRange(0, 4));
  for (WorldAgent& agent : world.agents) agent.zone = *rc::gen::element<std::string>("a", "b", "c");
  for (const char* zone : {"a", "b", "c", "a", "b", "c"}) {
    const std::string number = std::to_string(100 + world.agents.size());
    WorldAgent& agent = world.agents.emplace_back();
    agent.id = "agent-" + number;
    agent.hostname = "127.0.2." + number;
    agent.zone = zone;
    agent.free.mem_mib = *rc::gen::inRange(1024, 6000);
  }
  const std::uint32_t masters = *rc::gen::element(3U, 5U);
  world.create({World::group("data", masters)});
  RC_ASSERT(world.settle(200));
  std::map<std::string, std::uint32_t> zones;
  for (const Node& node : world.cluster().nodes()) ++zones[node.place().zone()];
  for (const auto& [zone, count] : zones) RC_ASSERT(count <= masters / 2);
}

}  // namespace
}  // namespace esaas::test
