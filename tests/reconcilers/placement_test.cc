// Where nodes go: constraints against places and offers, zones, regions, kinds of disk, and what is said meanwhile.
#include "reconcilers/placement.h"

#include <gtest/gtest.h>

#include <map>

#include "reconcilers/zone_spread.h"
#include "tests/reconcilers/constraints.h"
#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

constexpr auto kMaster = model::NODE_ROLE_MASTER;
constexpr auto kData = model::NODE_ROLE_DATA;

/// Agents in zones as the letters say: "aab" is three agents, two of them in zone a; '-' has none.
World world_of(const std::string& zones) {
  World world(static_cast<int>(zones.size()));
  for (std::size_t i = 0; i < zones.size(); ++i) world.agents[i].zone = zones[i] == '-' ? "" : std::string(1, zones[i]);
  return world;
}

/// How many nodes of the group are in which zone.
std::map<std::string, int> zones_of(const World& world, std::string_view group) {
  std::map<std::string, int> zones;
  for (const auto& node : world.cluster().nodes()) {
    if (node.group() == group && node.place_status() != state::PLACE_STATUS_NONE) ++zones[node.place().zone()];
  }
  return zones;
}
using Zones = std::map<std::string, int>;

std::map<std::string, std::string> figures_of(const World& world, std::string_view node) {
  std::map<std::string, std::string> figures;
  for (const auto& hold : world.plan().holds) {
    if (hold.rule != "waits_for_offer" || hold.node != node) continue;
    for (const auto& figure : hold.basis) figures[figure.name()] = figure.value();
  }
  return figures;
}

void rounds(World& world, int count) {
  for (int i = 0; i < count; ++i) world.round();
}

TEST(Placement, TakesTheTightestAgentThenTheLowestId) {
  World world(4);
  world.agents[2].free.mem_mib = 2000;
  world.create({World::group("data", 1)});
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.node("data-0").place().agent_id(), "agent-2");
  World even(4);
  even.create({World::group("data", 2)});
  ASSERT_TRUE(even.settle(100));
  EXPECT_EQ(even.node("data-0").place().agent_id(), "agent-0");
  EXPECT_EQ(even.node("data-1").place().agent_id(), "agent-1");
}

TEST(Placement, CountsWhyOffersWereRefused) {
  World world(4);
  world.agents[3].free.mem_mib = 1;
  world.create({World::group("data", 4)});
  EXPECT_FALSE(world.settle(10));
  for (const auto& hold : world.cluster().holds()) {
    EXPECT_TRUE(hold.rule() != "waits_for_offer" || hold.node() == "data-3");
  }
  const auto plan = world.plan();
  const auto hold = std::ranges::find(plan.holds, "waits_for_offer", &reconcile::Hold::rule);
  ASSERT_NE(hold, plan.holds.end());
  std::map<std::string, std::string> basis;
  for (const auto& figure : hold->basis) basis[figure.name()] = figure.value();
  EXPECT_EQ(basis["offers"], "4");
  EXPECT_EQ(basis["agent_already_has_a_node_of_this_cluster"], "3");
  EXPECT_EQ(basis["lacks_mem"], "1");
  EXPECT_EQ(basis["lacks_mem_best_mib"], "1");
  EXPECT_EQ(basis["lacks_mem_needed_mib"], "1024");
}

TEST(Placement, WaitsForTheBackOff) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(4);
  auto& node = *scene.cluster.add_nodes();
  node.set_name("data-3");
  node.set_group("data");
  *node.mutable_resources() = scene.cluster.nodes(0).resources();
  node.set_not_before_at_us(to_us(scene.now) + 1);
  EXPECT_FALSE(scene.plans("place_node"));
  EXPECT_TRUE(scene.holds("waits_after_failure", "data-3"));
  EXPECT_FALSE(reconcile::wants_offers(scene.cluster, scene.now));
  scene.now += std::chrono::microseconds{1};
  EXPECT_TRUE(scene.plans("place_node"));
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now));
}

TEST(Placement, CountsAnOfferForEveryRuleThatRefusesIt) {
  World world = world_of("ab");
  world.agents[0].free.mem_mib = 100;
  world.agents[0].free.cpus_milli = 10;
  world.agents[1].free.mem_mib = 200;
  model::NodeGroup group = World::group("data", 1);
  constrain(group, "@zone", kCluster, "b");
  constrain(group, "@zone", kUnlike, "a");
  world.create({group});
  rounds(world, 3);
  const auto figures = figures_of(world, "data-0");
  EXPECT_EQ(figures, (std::map<std::string, std::string>{{"offers", "2"},
                                                         {"lacks_mem", "2"},
                                                         {"lacks_mem_best_mib", "200"},
                                                         {"lacks_mem_needed_mib", "1024"},
                                                         {"lacks_cpus", "1"},
                                                         {"lacks_cpus_best_milli", "10"},
                                                         {"lacks_cpus_needed_milli", "1000"},
                                                         {"constraint_@zone", "1"}}));
  const auto plan = world.plan();
  for (const auto& hold : plan.holds) EXPECT_EQ(hold.why.find_first_of("0123456789"), std::string::npos) << hold.why;
}

TEST(Placement, CountsCrowdedZonesBesideAgentsInUse) {
  World world = world_of("aaab");
  world.agents[2].free.mem_mib = 100;
  world.create({World::group("data", 3)});
  world.round();  // two are placed, one in each zone, and use up their offers; the third waits for another zone
  EXPECT_EQ(figures_of(world, "data-2"),
            (std::map<std::string, std::string>{{"offers", "4"},
                                                {"agent_already_has_a_node_of_this_cluster", "2"},
                                                {"lacks_mem", "1"},
                                                {"lacks_mem_best_mib", "100"},
                                                {"lacks_mem_needed_mib", "1024"},
                                                {"masters_spread_over_zones", "2"}}));
}

TEST(Placement, RemembersWhatItsAgentWas) {
  World world = world_of("a");
  world.agents[0].attributes["disk"] = "ssd";
  world.create({World::group("data", 1)});
  ASSERT_TRUE(world.settle());
  const auto& place = world.node("data-0").place();
  EXPECT_EQ(place.zone(), "a");
  EXPECT_EQ(place.region(), "here");
  ASSERT_EQ(place.attributes_size(), 2);
  EXPECT_EQ(place.attributes(0).key(), "disk");
  EXPECT_EQ(place.attributes(0).value(), "ssd");
  EXPECT_EQ(place.attributes(1).key(), "rack");
}

// ---- Constraints over a cluster's life ----

TEST(PlacementConstraints, UniqueKeepsZonesApart) {
  World world = world_of("aab");
  model::NodeGroup group = World::group("data", 3, {kMaster, kData});
  constrain(group, "@zone", kUnique, "");
  world.create({group});
  rounds(world, 30);
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(figures_of(world, "data-2")["constraint_@zone"], "1");  // the other two are taken by its own kind
  world.agents.push_back({.id = "agent-9", .hostname = "127.0.1.99", .attributes = {}, .zone = "c"});
  ASSERT_TRUE(world.settle(100));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}, {"c", 1}}));
}

TEST(PlacementConstraints, GroupByBalances) {
  World world = world_of("aaaabbcc");
  model::NodeGroup group = World::group("data", 6, {kData});
  constrain(group, "@zone", kGroupBy, "");
  world.create({World::group("master", 1, {kMaster}), group});
  ASSERT_TRUE(world.settle(100));
  EXPECT_EQ(zones_of(world, "data").at("a"), 2);
  EXPECT_EQ(zones_of(world, "data").at("b"), 2);
}

TEST(PlacementConstraints, GroupByWaitsForAsManyValuesAsItIsTold) {
  World world = world_of("aaa");
  model::NodeGroup group = World::group("data", 3, {kData});
  constrain(group, "@zone", kGroupBy, "3");
  world.create({World::group("master", 1, {kMaster}), group});
  world.agents.push_back({.id = "agent-8", .hostname = "127.0.1.98", .attributes = {}, .zone = "b"});
  rounds(world, 60);
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}}));
  world.agents.push_back({.id = "agent-9", .hostname = "127.0.1.99", .attributes = {}, .zone = "c"});
  ASSERT_TRUE(world.settle(100));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}, {"c", 1}}));
}

TEST(PlacementConstraints, GroupByDoesNotWaitForAValueThatItMayNotUse) {
  World world = world_of("aabbc");
  model::NodeGroup group = World::group("data", 4, {kData});
  constrain(group, "@zone", kGroupBy, "");
  constrain(group, "@zone", kUnlike, "c");
  world.create({group, World::group("master", 1, {kMaster})});
  ASSERT_TRUE(world.settle(100));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 2}, {"b", 2}}));
  EXPECT_EQ(zones_of(world, "master"), (Zones{{"c", 1}}));
}

TEST(PlacementConstraints, GroupByKnowsTheZonesOfTheClustersOtherGroups) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.mutable_nodes(0)->mutable_place()->set_zone("a");
  scene.cluster.mutable_nodes(1)->mutable_place()->set_zone("b");
  model::NodeGroup& group = *scene.cluster.mutable_spec()->add_node_groups();
  group = World::group("more", 2, {kData});
  constrain(group, "@zone", kGroupBy, "");
  for (int i = 0; i < 2; ++i) {
    auto& node = *scene.cluster.add_nodes();
    node.set_name("more-" + std::to_string(i));
    node.set_group("more");
    *node.mutable_resources() = group.resources();
  }
  for (auto& offer : scene.offers) offer.zone = "a";
  EXPECT_TRUE(scene.plans("place_node"));
  EXPECT_FALSE(scene.holds("waits_for_offer", "more-0"));
  EXPECT_TRUE(scene.holds("waits_for_offer", "more-1"));  // zone b has none yet, and is not on offer
}

TEST(PlacementConstraints, ClusterFollowsTheFirstNode) {
  World world = world_of("abbba");
  world.agents[1].free.mem_mib = 2000;  // the tightest: the first node goes to zone b
  model::NodeGroup group = World::group("data", 3, {kData});
  constrain(group, "@zone", kCluster, "");
  world.create({group, World::group("master", 1, {kMaster})});
  ASSERT_TRUE(world.settle(100));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"b", 3}}));
}

TEST(PlacementConstraints, MaxPerLimitsAnAttribute) {
  World world(6);  // racks a and b by turns
  model::NodeGroup group = World::group("data", 4, {kData});
  constrain(group, "rack", kMaxPer, "1");
  world.create({World::group("master", 1, {kMaster}), group});
  rounds(world, 30);
  EXPECT_EQ(figures_of(world, "data-2")["constraint_rack"], "3");
  EXPECT_TRUE(world.has_hold("waits_for_offer"));
}

TEST(PlacementConstraints, AReplacedNodeDoesNotCountAgainstItsSuccessor) {
  World world = world_of("aabbcc");
  model::NodeGroup group = World::group("data", 3, {kMaster, kData});
  constrain(group, "@zone", kUnique, "");
  world.create({group});
  ASSERT_TRUE(world.settle(100));
  world.index("logs", 3, 0);  // no node can be missed: each is replaced
  world.resize("data", 2048);
  ASSERT_TRUE(world.settle(300));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}, {"c", 1}}));
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.resources().mem_mib(), 2048U);
  EXPECT_TRUE(world.violations.empty());
}

// ---- Zones that nobody asked for ----

TEST(PlacementZones, MastersAreSpreadOverThreeZonesAtOnce) {
  World world = world_of("aaabc");
  world.agents[0].free.mem_mib = world.agents[1].free.mem_mib = 1500;  // the tightest are all in one zone
  world.create({World::group("master", 3, {kMaster}), World::group("data", 1, {kData})});
  world.round();
  EXPECT_EQ(zones_of(world, "master"), (Zones{{"a", 1}, {"b", 1}, {"c", 1}}));
}

TEST(PlacementZones, LosingAZoneLeavesTheQuorumOfFive) {
  World world = world_of("aaaaabbcc");
  world.create({World::group("data", 5)});
  ASSERT_TRUE(world.settle(200));
  for (const auto& [zone, count] : zones_of(world, "data")) EXPECT_LE(count, 2) << zone;
}

TEST(PlacementZones, MastersWaitAMomentForAThirdZoneAndThenGoWhereThereIsRoom) {
  World world = world_of("aabb");
  world.create({World::group("data", 3)});
  rounds(world, 10);
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(figures_of(world, "data-2")["masters_spread_over_zones"], "2");
  ASSERT_TRUE(world.settle(60));
  EXPECT_EQ(zones_of(world, "data").size(), 2U);
  EXPECT_EQ(world.joined().size(), 3U);
}

TEST(PlacementZones, AThirdZoneThatComesInTimeIsUsed) {
  World world = world_of("aabb");
  world.create({World::group("data", 3)});
  rounds(world, 10);
  world.agents.push_back({.id = "agent-9", .hostname = "127.0.1.99", .attributes = {}, .zone = "c"});
  ASSERT_TRUE(world.settle(60));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}, {"c", 1}}));
}

TEST(PlacementZones, WithoutZonesNobodyWaits) {
  World world = world_of("---");
  world.create({World::group("data", 3)});
  world.round();
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"", 3}}));
}

TEST(PlacementZones, ANodeOfDataPrefersTheZoneWithTheFewest) {
  World world = world_of("aaab");
  world.agents[0].free.mem_mib = world.agents[1].free.mem_mib = 2000;
  world.create({World::group("data", 2, {kData}), World::group("master", 1, {kMaster})});
  world.round();
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}}));
}

TEST(PlacementZones, TheSuccessorOfAMasterMayGoToItsZone) {
  World world = world_of("aabbcc");
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle(100));
  world.index("logs", 3, 0);  // no node can be missed: each is replaced
  world.resize("data", 2048);
  const Time before = world.now;
  ASSERT_TRUE(world.settle(300));
  EXPECT_EQ(zones_of(world, "data"), (Zones{{"a", 1}, {"b", 1}, {"c", 1}}));
  EXPECT_LT(world.now - before, reconcile::kZonePatience * 2);
}

TEST(PlacementZones, ReachElasticsearch) {
  World world = world_of("abc");
  world.create({World::group("data", 3)});
  ASSERT_TRUE(world.settle(100));
  for (const auto& event : world.events_of(event::Event::kTaskLaunchIntended)) {
    const auto& launch = event.task_launch_intended();
    const std::string zone = world.node(launch.node()).place().zone();
    EXPECT_NE(launch.launch().command().find("node.zone='" + zone + "'"), std::string::npos);
    EXPECT_NE(launch.launch().command().find("awareness.attributes='zone'"), std::string::npos);
  }
}

TEST(PlacementZones, AreNoAwarenessWhileANodeHasNone) {
  World world = world_of("---abc");
  world.create({World::group("data", 3)});
  rounds(world, 1);
  for (int i = 0; i < 3; ++i) world.agents[static_cast<std::size_t>(i)].free = {};
  ASSERT_TRUE(world.settle(100));
  world.scale("data", 4);
  ASSERT_TRUE(world.settle(100));
  const auto launches = world.events_of(event::Event::kTaskLaunchIntended);
  const std::string& newest = launches.back().task_launch_intended().launch().command();
  EXPECT_NE(newest.find("node.zone="), std::string::npos);
  EXPECT_EQ(newest.find("awareness"), std::string::npos);
}

// ---- Kinds of disk ----

void add_disk(WorldAgent& agent, const char* type, std::int64_t mib) {
  auto& disk = agent.disks.emplace_back();
  disk.source.set_type(type);
  disk.source.set_root("/disks/" + agent.id + "-" + std::to_string(agent.disks.size()));
  disk.mib = mib;
}

TEST(PlacementDisks, AMountDiskIsTakenWhole) {
  World world(2);
  add_disk(world.agents[1], "mount", 9000);
  add_disk(world.agents[1], "mount", 5000);
  model::NodeGroup group = World::group("data", 1);
  group.set_disk_type("mount");
  world.create({group});
  ASSERT_TRUE(world.settle());
  const auto& node = world.node("data-0");
  EXPECT_EQ(node.place().disk_source().root(), "/disks/agent-1-2");
  EXPECT_EQ(node.place().resources().disk_mib(), 5000U);
  EXPECT_EQ(node.resources().disk_mib(), 2048U);  // what was asked for: the node is not taken for outdated
  EXPECT_TRUE(world.events_of(event::Event::kNodeRemovalBegan).empty());
  world.remove();
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.agents[1].disks[1].mib, 5000);
  EXPECT_TRUE(world.violations.empty()) << world.violations.front();
}

TEST(PlacementDisks, APathDiskIsDivided) {
  World world(1);
  add_disk(world.agents[0], "path", 9000);
  model::NodeGroup group = World::group("data", 1);
  group.set_disk_type("path");
  world.create({group});
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.node("data-0").place().resources().disk_mib(), 2048U);
  EXPECT_EQ(world.agents[0].disks[0].mib, 9000 - 2048);
  EXPECT_EQ(world.agents[0].free.disk_mib, 100000);
}

TEST(PlacementDisks, ANodeWaitsForItsKindOfDisk) {
  World world(2);
  add_disk(world.agents[0], "mount", 100);
  model::NodeGroup group = World::group("data", 1);
  group.set_disk_type("mount");
  world.create({group});
  rounds(world, 3);
  const auto figures = figures_of(world, "data-0");
  EXPECT_EQ(figures.at("lacks_disk_type"), "1");
  EXPECT_EQ(figures.at("lacks_disk"), "1");
  EXPECT_EQ(figures.at("lacks_disk_best_mib"), "100");
  EXPECT_EQ(figures.at("lacks_disk_needed_mib"), "2048");
}

}  // namespace
}  // namespace esaas::test
