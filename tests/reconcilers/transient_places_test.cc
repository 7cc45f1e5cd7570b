// Nodes that keep nothing: placed last, launched at once, never again on the same place; and what of them may be
// revocable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/maintenance.h"
#include "tests/reconcilers/constraints.h"
#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using state::PLACE_STATUS_NONE;
using state::PLACE_STATUS_TRANSIENT;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kMaster = model::NODE_ROLE_MASTER;
constexpr auto kData = model::NODE_ROLE_DATA;

model::NodeGroup coordinating(std::uint32_t count, bool preemptible = true) {
  model::NodeGroup group = World::group("front", count, {model::NODE_ROLE_COORDINATING});
  group.set_preemptible(preemptible);
  return group;
}

/// One node of everything and one that only coordinates.
World small_world(int agents = 3, bool preemptible = true) {
  World world(agents);
  for (WorldAgent& agent : world.agents) agent.lent = {4000, 8192, 0};
  world.create({coordinating(1, preemptible), World::group("data", 1)});
  EXPECT_TRUE(world.settle()) << world.show();
  return world;
}

event::Event last_place(const World& world) { return world.events_of(event::Event::kPlaceIntended).back(); }

// ---- Life ----

TEST(TransientPlaces, BeginWithATaskAndReserveNothing) {
  const World world = small_world();
  const auto& node = world.node("front-0");
  EXPECT_EQ(node.place_status(), PLACE_STATUS_TRANSIENT);
  EXPECT_TRUE(node.place().transient());
  EXPECT_TRUE(node.task().joined());
  const auto events = world.events_of(event::Event::kPlaceIntended);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].place_intended().node(), "data-0") << "what keeps data chooses first, whatever the order";
  const auto& intent = events[1].place_intended();
  EXPECT_TRUE(intent.reserve_operation().empty());
  EXPECT_TRUE(intent.create_operation().empty());
  EXPECT_FALSE(intent.place().volume_id().empty());
  // The launch is of the same action, so no crash can come between.
  const auto launches = world.events_of(event::Event::kTaskLaunchIntended);
  EXPECT_EQ(launches.back().seq(), events[1].seq() + 1);
  const std::string& command = launches.back().task_launch_intended().launch().command();
  EXPECT_NE(command.find("mkdir -p data && "), std::string::npos);
  EXPECT_NE(command.find("node.master='false'"), std::string::npos);
  EXPECT_NE(command.find("node.data='false'"), std::string::npos);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(TransientPlaces, AreOnAnAgentOfTheirOwn) {
  World world(1);
  world.create({coordinating(1), World::group("data", 1)});
  EXPECT_FALSE(world.settle(20));
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_NONE);
  EXPECT_TRUE(world.has_hold("waits_for_offer"));
}

TEST(TransientPlaces, WaitUntilAllThatKeepsSomethingHasAPlace) {
  World world(3);
  world.agents[2].is_up = false;
  world.create({coordinating(1), World::group("master", 1, {kMaster}), World::group("data", 2, {kData})});
  for (int i = 0; i < 5; ++i) world.round();
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_NONE);
  EXPECT_TRUE(world.has_hold("nodes_that_keep_data_first"));
  world.agents[2].is_up = true;
  WorldAgent& more = world.agents.emplace_back();
  more.id = "agent-9";
  more.hostname = "127.0.1.99";
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(TransientPlaces, EndWithTheTaskAndTheNodeIsPlacedAnew) {
  World world = small_world();
  const std::string first = world.node("front-0").place().volume_id();
  world.end_task("front-0", model::TASK_STATE_GONE, "REASON_CONTAINER_PREEMPTED");
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_NONE);
  EXPECT_TRUE(reconcile::wants_offers(world.cluster(), world.now));
  world.round();
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_TRANSIENT) << "at once: it has not failed";
  EXPECT_NE(world.node("front-0").place().volume_id(), first);
  EXPECT_EQ(world.node("front-0").failures(), 0U);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(TransientPlaces, ANodeThatFailsAgainAndAgainWaitsLonger) {
  World world = small_world();
  for (int i = 0; i < 3; ++i) {
    world.end_task("front-0", model::TASK_STATE_FAILED);
    for (int rounds = 0; rounds < 15; ++rounds) world.round();
  }
  world.end_task("front-0", model::TASK_STATE_FAILED);
  world.round();
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_NONE);
  EXPECT_TRUE(world.has_hold("waits_after_failure"));
  ASSERT_TRUE(world.settle()) << world.show();
}

TEST(TransientPlaces, ALaunchThatNeverHappenedEnds) {
  // After a crash between the intent and ACCEPT, reconciliation says one of these of the task.
  for (const auto state : {model::TASK_STATE_GONE, model::TASK_STATE_DROPPED, model::TASK_STATE_GONE_BY_OPERATOR}) {
    World world = small_world();
    const std::string first = world.node("front-0").task().task_id();
    world.end_task("front-0", state);
    ASSERT_TRUE(world.settle()) << world.show();
    EXPECT_NE(world.node("front-0").task().task_id(), first);
    EXPECT_TRUE(world.node("front-0").task().joined());
  }
}

TEST(TransientPlaces, ATaskOutOfSightIsNotDoubled) {
  World world = small_world();
  const std::string task = world.node("front-0").task().task_id();
  world.lose_agent_of("front-0");
  for (int i = 0; i < 30; ++i) world.round();
  EXPECT_EQ(world.node("front-0").task().task_id(), task);
  EXPECT_TRUE(world.has_hold("waits_for_unreachable_task"));
  world.see_agents_again();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.node("front-0").task().task_id(), task);
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(TransientPlaces, AMachineThatIsAnotherAgentNowHasLostTheTask) {
  World world = small_world(2);
  const std::string task = world.node("front-0").task().task_id();
  const std::string old_agent = world.node("front-0").place().agent_id();
  world.lose_agent_of("front-0");
  world.round();
  for (WorldAgent& agent : world.agents) {
    if (agent.id != old_agent) continue;
    WorldAgent renewed = agent;
    renewed.id = "agent-renewed";
    renewed.is_up = true;
    renewed.free = {8000, 16384, 100000};
    world.agents.push_back(renewed);
    break;
  }
  world.round();
  const auto statuses = world.events_of(event::Event::kTaskStatusChanged);
  EXPECT_TRUE(std::ranges::any_of(statuses, [&](const event::Event& event) {
    return event.task_status_changed().task_id() == task &&
           event.task_status_changed().state() == model::TASK_STATE_GONE;
  })) << world.show();
  EXPECT_EQ(world.node("front-0").place().agent_id(), "agent-renewed");
}

TEST(TransientPlaces, WithoutAZoneLeaveTheOthersTheirAwareness) {
  World world(4);
  for (std::size_t i = 0; i < 3; ++i) world.agents[i].zone = std::string(1, "abc"[i]);
  model::NodeGroup front = coordinating(1);
  constrain(front, "@region", kUnlike, "there");
  world.create({World::group("data", 2), front});
  world.agents[2].is_up = false;
  ASSERT_TRUE(world.settle()) << world.show();
  ASSERT_EQ(world.node("front-0").place().zone(), "");
  world.agents[2].is_up = true;
  world.scale("data", 3);
  ASSERT_TRUE(world.settle()) << world.show();
  const auto launches = world.events_of(event::Event::kTaskLaunchIntended);
  const auto& newest = launches.back().task_launch_intended();
  EXPECT_EQ(newest.node(), "data-2");
  EXPECT_NE(newest.launch().command().find("awareness.attributes='zone'"), std::string::npos);
}

// ---- Leaving ----

TEST(TransientPlaces, LeaveWithoutADrainEvenWhileTheClusterIsSilent) {
  World world(5);
  world.create({World::group("data", 1), coordinating(2)});
  ASSERT_TRUE(world.settle()) << world.show();
  world.index("logs", 1, 0);
  world.elasticsearch_is_silent = true;
  world.scale("front", 1);
  world.round();
  world.round();
  EXPECT_FALSE(world.has_node("front-1"));
  EXPECT_THAT(world.events_of(event::Event::kDrainBegan), IsEmpty());
  EXPECT_THAT(world.events_of(event::Event::kExclusionsIntended), IsEmpty());
  EXPECT_THAT(world.events_of(event::Event::kPlaceReleaseIntended), IsEmpty());
  world.elasticsearch_is_silent = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(TransientPlaces, AreResizedByReplacement) {
  World world = small_world();
  world.resize("front", 2048);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_FALSE(world.has_node("front-0"));
  EXPECT_EQ(world.node("front-1").place().resources().mem_mib(), 2048U);
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
}

TEST(TransientPlaces, AreGivenUpWhileSuspendedAndDeletedWithTheCluster) {
  World world = small_world();
  world.suspend();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_NONE);
  EXPECT_EQ(world.node("data-0").place_status(), state::PLACE_STATUS_RESERVED);
  world.resume();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.node("front-0").place_status(), PLACE_STATUS_TRANSIENT);
  world.remove();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_FALSE(world.exists());
  for (const WorldAgent& agent : world.agents) {
    EXPECT_EQ(agent.free.cpus_milli, 8000);
    EXPECT_EQ(agent.lent.cpus_milli, 4000);
  }
}

TEST(TransientPlaces, DoNotHoldBackWhatKeepsData) {
  World world(6);
  world.create({World::group("data", 3), coordinating(1)});
  ASSERT_TRUE(world.settle()) << world.show();
  world.scale("data", 2);
  for (int i = 0; i < 60 && world.has_node("data-2"); ++i) {
    // It starts again and again: never joined when a data node is to be stopped.
    if (world.node("front-0").place_status() == PLACE_STATUS_TRANSIENT) {
      world.end_task("front-0", model::TASK_STATE_GONE, "REASON_CONTAINER_PREEMPTED");
    }
    world.round();
  }
  EXPECT_FALSE(world.has_node("data-2")) << world.show();
}

TEST(TransientPlaces, AreNoReasonToDeclineMaintenance) {
  World world = small_world();
  const reconcile::Observation seen = world.observe_now();
  const reconcile::Input input{.cluster = world.cluster(),
                               .observation = &seen,
                               .offers = {},
                               .settings = world.settings,
                               .now = world.now,
                               .next_seq = 1000};
  const auto judge = [&](const char* node) {
    return reconcile::judge_maintenance({world.node(node).place().agent_id(), {world.now, std::chrono::hours{1}}},
                                        std::vector{input});
  };
  EXPECT_TRUE(judge("front-0").accepted);
  EXPECT_FALSE(judge("data-0").accepted) << "it is the only master";
}

// ---- What is revocable ----

struct Lending {
  const char* name;
  bool preemptible;
  reconcile::Quantities free;  ///< of the only agent for the node
  reconcile::Quantities lent;
  bool placed;
  std::uint32_t revocable_cpus_milli;
  std::uint32_t revocable_mem_mib;
};
void PrintTo(const Lending& one, std::ostream* out) { *out << one.name; }

class RevocablePlaces : public testing::TestWithParam<Lending> {};

TEST_P(RevocablePlaces, TakeEachResourceWhollyOfOneKind) {
  const Lending& lending = GetParam();
  World world(2);
  world.agents[1].free = {};
  world.create({World::group("data", 1), coordinating(1, lending.preemptible)});
  world.round();
  world.agents[1].free = lending.free;
  world.agents[1].lent = lending.lent;
  for (int i = 0; i < 5; ++i) world.round();
  const auto& node = world.node("front-0");
  ASSERT_EQ(node.place_status() == PLACE_STATUS_TRANSIENT, lending.placed) << world.show();
  EXPECT_EQ(node.place().revocable().cpus_milli(), lending.revocable_cpus_milli);
  EXPECT_EQ(node.place().revocable().mem_mib(), lending.revocable_mem_mib);
  EXPECT_EQ(node.place().revocable().disk_mib(), 0U);
  EXPECT_THAT(world.violations, IsEmpty());
}

constexpr reconcile::Quantities kEnough{1000, 1024, 2048};
INSTANTIATE_TEST_SUITE_P(
    Table, RevocablePlaces,
    testing::Values(Lending{"both_lent", true, {0, 0, 2048}, {1000, 1024, 0}, true, 1000, 1024},
                    Lending{"only_cpus_lent", true, {0, 1024, 2048}, {1000, 0, 0}, true, 1000, 0},
                    Lending{"lent_is_preferred", true, kEnough, {1000, 1024, 0}, true, 1000, 1024},
                    Lending{"too_little_is_lent", true, kEnough, {999, 1023, 0}, true, 0, 0},
                    Lending{"nothing_is_lent", true, kEnough, {}, true, 0, 0},
                    Lending{"kinds_do_not_add_up", true, {500, 1024, 2048}, {500, 0, 0}, false, 0, 0},
                    Lending{"disk_is_never_lent", true, {0, 0, 0}, {1000, 1024, 4096}, false, 0, 0},
                    Lending{"not_preemptible_takes_none", false, kEnough, {1000, 1024, 0}, true, 0, 0},
                    Lending{"not_preemptible_waits", false, {0, 1024, 2048}, {9000, 9000, 0}, false, 0, 0}),
    [](const testing::TestParamInfo<Lending>& tested) { return std::string(tested.param.name); });

TEST(TransientPlaces, GoWhereTheMostIsLent) {
  World world(4);
  world.agents[1].free.mem_mib = 1024;  // the tightest, and lends nothing
  world.agents[2].lent = {4000, 0, 0};
  world.agents[3].lent = {4000, 8192, 0};
  world.agents[0].free.mem_mib = 1024;
  world.create({World::group("data", 1), coordinating(1)});
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(last_place(world).place_intended().place().agent_id(), "agent-3");
}

TEST(TransientPlaces, NeverGiveRevocableResourcesToMastersAndDataNodes) {
  World world(3);
  for (WorldAgent& agent : world.agents) {
    agent.free = {0, 0, 100000};
    agent.lent = {8000, 16384, 0};
  }
  world.create({World::group("master", 1, {kMaster}), World::group("data", 1, {kData})});
  EXPECT_FALSE(world.settle(20));
  EXPECT_THAT(world.events_of(event::Event::kPlaceIntended), IsEmpty());
}

}  // namespace
}  // namespace esaas::test
