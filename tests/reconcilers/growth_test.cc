// Nodes that grow where they are: when they may, each step, and what becomes of a growth that is refused or no longer
// wanted.

#include "reconcilers/growth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using event::Event;
using reconcile::ShardState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> actions_of(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& action : scene.plan().actions) names.push_back(action.name);
  return names;
}

/// A cluster at rest whose group shall have 2048 MiB of memory and 4096 of disk, instead of 1024 and 2048.
Scene to_grow(std::uint32_t nodes = 3) {
  Scene scene = Scene::at_rest(nodes);
  auto& wanted = *scene.cluster.mutable_spec()->mutable_node_groups(0)->mutable_resources();
  wanted.set_mem_mib(2048);
  wanted.set_disk_mib(4096);
  return scene;
}

reconcile::Offer& offer_of(Scene& scene, std::string_view node) {
  return *std::ranges::find(scene.offers, scene.node(node).place().agent_id(), &reconcile::Offer::agent_id);
}

void begin(Scene& scene, std::string_view node, state::GrowthStatus status) {
  state::Growth& growth = *scene.node(node).mutable_growth();
  growth.set_status(status);
  *growth.mutable_after() = scene.cluster.spec().node_groups(0).resources();
  growth.set_why("the agent said no");
}

/// What an offer of its agent shows of the node's place: the addition, and beside it the place when it is not in use.
void show(Scene& scene, std::string_view node, bool addition = true) {
  const state::Node& shown = scene.node(node);
  const bool is_free = reconcile::is_stopped(shown);
  reconcile::ReservedPart part{.cluster = "search",
                               .node = std::string(node),
                               .place = shown.place().volume_id(),
                               .role = "es-shop",
                               .quantities = {},
                               .ports = {},
                               .has_volume = is_free};
  if (addition) part.quantities = {.cpus_milli = 0, .mem_mib = 1024, .disk_mib = 2048};
  if (is_free) {
    reconcile::add(part.quantities, {.cpus_milli = 1000, .mem_mib = 1024, .disk_mib = 2048});
    part.volume_mib = 2048;
  }
  offer_of(scene, node).reserved.push_back(part);
}

void stop(Scene& scene, std::string_view node) {
  auto& task = *scene.node(node).mutable_task();
  task.set_state(model::TASK_STATE_KILLED);
  task.set_kill_intended(true);
  task.set_joined(false);
  std::erase(scene.observation.nodes, node);
}

void held_since(Scene& scene, std::string_view rule, std::string_view node, Duration ago) {
  state::Hold& hold = *scene.cluster.add_holds();
  hold.set_rule(std::string(rule));
  hold.set_node(std::string(node));
  hold.set_since_at_us(to_us(scene.now - ago));
}

void add_copy(Scene& scene, ShardState state, std::string_view node) {
  scene.observation.shards.push_back({"logs", 0, scene.observation.shards.empty(), state, std::string(node), ""});
}

std::string refusal_of(const Scene& scene) {
  for (const auto& action : scene.plan().actions) {
    if (action.name == "refuse_growth") return action.events.front().place_growth_failed().why();
  }
  return {};
}

// ---- The beginning ----

TEST(Growth, BeginsWithAReservationOfWhatIsLackingOnTheNodesOwnAgent) {
  Scene scene = to_grow();
  const auto plan = scene.plan();
  ASSERT_THAT(actions_of(scene), ElementsAre("grow_place"));
  const auto& intent = plan.actions.front().events.front().place_growth_intended();
  EXPECT_EQ(intent.node(), "data-0");
  EXPECT_EQ(intent.volume_id(), scene.node("data-0").place().volume_id());
  EXPECT_EQ(intent.before().mem_mib(), 1024U);
  EXPECT_EQ(intent.after().mem_mib(), 2048U);
  EXPECT_EQ(intent.offer_id(), offer_of(scene, "data-0").id);
  EXPECT_EQ(intent.reserve_operation(), "search.data-0.reserve-1000");
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now));
}

struct Obstacle {
  const char* name;
  std::function<void(Scene&)> change;
  const char* holds;    ///< by this rule; empty: not at all
  const char* refuses;  ///< part of the reason of PlaceGrowthFailed; empty: no such event
  bool replaces;
};

class GrowthObstacles : public testing::TestWithParam<Obstacle> {};

TEST_P(GrowthObstacles, AreWaitedForOrEndInAReplacement) {
  const Obstacle& tested = GetParam();
  Scene scene = to_grow();
  tested.change(scene);
  EXPECT_FALSE(scene.plans("grow_place"));
  EXPECT_EQ(scene.plans("add_replacement"), tested.replaces);
  if (std::string_view(tested.holds).empty()) {
    EXPECT_THAT(scene.plan().holds, IsEmpty());
  } else {
    EXPECT_TRUE(scene.holds(tested.holds, "data-0"));
  }
  EXPECT_THAT(refusal_of(scene), HasSubstr(tested.refuses));
  EXPECT_EQ(refusal_of(scene).empty(), std::string_view(tested.refuses).empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, GrowthObstacles,
    testing::Values(
        Obstacle{"a_smaller_size",
                 [](Scene& scene) {
                   scene.cluster.mutable_spec()->mutable_node_groups(0)->mutable_resources()->set_cpus_milli(500);
                 },
                 "", "", true},
        Obstacle{"this_size_was_refused",
                 [](Scene& scene) {
                   *scene.node("data-0").mutable_growth_refused() = scene.cluster.spec().node_groups(0).resources();
                 },
                 "", "", true},
        Obstacle{"a_transient_place",
                 [](Scene& scene) { scene.node("data-0").set_place_status(state::PLACE_STATUS_TRANSIENT); }, "", "",
                 true},
        Obstacle{"a_disk_that_is_taken_whole",
                 [](Scene& scene) { scene.node("data-0").mutable_place()->mutable_disk_source()->set_type("mount"); },
                 "", "taken whole", false},
        Obstacle{"health_is_unknown",
                 [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN); },
                 "health_unknown", "", false},
        Obstacle{"red", [](Scene& scene) { scene.observation.health.set_status(model::HEALTH_STATUS_RED); },
                 "cluster_is_not_red", "", false},
        Obstacle{"no_room", [](Scene& scene) { offer_of(scene, "data-0").unreserved.mem_mib = 1023; },
                 "waits_for_room_to_grow", "", false},
        Obstacle{"no_disk", [](Scene& scene) { offer_of(scene, "data-0").unreserved.disk_mib = 2047; },
                 "waits_for_room_to_grow", "", false},
        Obstacle{"no_offer", [](Scene& scene) { scene.offers.clear(); }, "waits_for_room_to_grow", "", false},
        Obstacle{"no_room_for_a_minute",
                 [](Scene& scene) {
                   scene.offers.clear();
                   held_since(scene, "waits_for_room_to_grow", "data-0", std::chrono::minutes{1});
                 },
                 "", "does not offer", false},
        Obstacle{"no_replica_at_all", [](Scene& scene) { add_copy(scene, ShardState::kStarted, "data-0"); }, "",
                 "last started copy", false},
        Obstacle{"a_replica_that_is_being_copied",
                 [](Scene& scene) {
                   add_copy(scene, ShardState::kStarted, "data-0");
                   add_copy(scene, ShardState::kInitializing, "data-1");
                   held_since(scene, "keeps_last_started_copy", "data-0", std::chrono::hours{1});
                 },
                 "keeps_last_started_copy", "", false},
        Obstacle{"a_replica_that_is_not_assigned",
                 [](Scene& scene) {
                   add_copy(scene, ShardState::kStarted, "data-0");
                   add_copy(scene, ShardState::kUnassigned, "");
                 },
                 "keeps_last_started_copy", "", false},
        Obstacle{"a_replica_that_is_not_assigned_for_a_minute",
                 [](Scene& scene) {
                   add_copy(scene, ShardState::kStarted, "data-0");
                   add_copy(scene, ShardState::kUnassigned, "");
                   held_since(scene, "keeps_last_started_copy", "data-0", std::chrono::minutes{1});
                 },
                 "", "last started copy", false},
        Obstacle{"another_has_not_come_back",
                 [](Scene& scene) { scene.node("data-2").mutable_task()->set_joined(false); }, "one_node_at_a_time", "",
                 false},
        Obstacle{"too_few_masters_now",
                 [](Scene& scene) {
                   scene.observation.minimum_master_nodes = 3;
                   scene.cluster.set_minimum_master_nodes_applied(3);
                 },
                 "keeps_quorum_of_masters", "", false},
        Obstacle{"not_a_member", [](Scene& scene) { scene.node("data-0").mutable_task()->set_joined(false); },
                 "growing_node_must_have_joined", "", false}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Growth, WithOneReplicaElsewhereNothingStandsInTheWay) {
  Scene scene = to_grow();
  add_copy(scene, ShardState::kStarted, "data-0");
  add_copy(scene, ShardState::kStarted, "data-1");
  EXPECT_TRUE(scene.plans("grow_place"));
}

TEST(Growth, OfOneOrTwoMastersNoneCanBeMissed) {
  EXPECT_THAT(refusal_of(to_grow(1)), HasSubstr("too few masters"));
  EXPECT_THAT(refusal_of(to_grow(2)), HasSubstr("too few masters"));
}

TEST(Growth, OnlyOneNodeOfTheClusterGrowsOrIsReplaced) {
  Scene scene = to_grow();
  begin(scene, "data-1", state::GROWTH_STATUS_INTENDED);
  EXPECT_FALSE(scene.plans("grow_place"));
  EXPECT_FALSE(scene.plans("add_replacement"));
  EXPECT_FALSE(reconcile::wants_offers(scene.cluster, scene.now));
}

TEST(Growth, APauseHoldsTheBeginningAndTheStop) {
  Scene scene = to_grow();
  scene.operation.set_id("op-1");
  scene.operation.set_paused(true);
  EXPECT_THAT(actions_of(scene), IsEmpty());
  EXPECT_TRUE(scene.holds("operation_paused", ""));
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  EXPECT_THAT(actions_of(scene), IsEmpty());
  EXPECT_TRUE(scene.holds("operation_paused", ""));
  stop(scene, "data-0");
  show(scene, "data-0");
  EXPECT_THAT(actions_of(scene), ElementsAre("grow_volume"));
}

TEST(Growth, ADiskThatWasTakenWholeIsLargeEnoughAlready) {
  Scene scene = to_grow();
  auto& place = *scene.node("data-0").mutable_place();
  place.mutable_disk_source()->set_type("mount");
  place.mutable_resources()->set_disk_mib(9000);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->mutable_resources()->set_mem_mib(1024);
  const auto plan = scene.plan();
  ASSERT_THAT(actions_of(scene), ElementsAre("note_growth"));
  EXPECT_EQ(plan.actions.front().events.front().place_grown().resources().disk_mib(), 4096U);
}

TEST(Growth, APathDiskMustHaveTheRoomItself) {
  Scene scene = to_grow();
  model::DiskSource path;
  path.set_type("path");
  path.set_root("/mnt/a");
  *scene.node("data-0").mutable_place()->mutable_disk_source() = path;
  EXPECT_TRUE(scene.holds("waits_for_room_to_grow", "data-0"));
  offer_of(scene, "data-0").disks.push_back({path, 2048});
  EXPECT_THAT(actions_of(scene), ElementsAre("grow_place"));
}

// ---- Step by step ----

TEST(Growth, OnceReservedTheTaskIsStopped) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  const auto plan = scene.plan();
  ASSERT_THAT(actions_of(scene), ElementsAre("stop_node"));
  const auto& kill = plan.actions.front().events.front().task_kill_intended();
  EXPECT_EQ(kill.task_id(), scene.node("data-0").task().task_id());
  EXPECT_THAT(kill.why(), HasSubstr("1024 MiB memory and 2048 MiB disk to 1000 milli-CPU, 2048 MiB memory"));
}

TEST(Growth, TheStopWaitsForTheRulesOfARestart) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  add_copy(scene, ShardState::kStarted, "data-0");
  add_copy(scene, ShardState::kInitializing, "data-1");
  EXPECT_THAT(actions_of(scene), IsEmpty());
  EXPECT_TRUE(scene.holds("keeps_last_started_copy", "data-0"));
}

TEST(Growth, TheStopWaitsForAnAnswerThatKnowsOfTheLastCrash) {
  Scene scene = to_grow(5);
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  auto& crashed = *scene.node("data-3").mutable_task();
  crashed.set_state(model::TASK_STATE_FAILED);
  crashed.set_joined(false);
  crashed.set_state_since_at_us(to_us(scene.observation.observed_at));
  EXPECT_FALSE(scene.plans("stop_node"));
  std::erase(scene.observation.nodes, "data-3");
  scene.observation.observed_at += std::chrono::microseconds{1};
  EXPECT_TRUE(scene.plans("stop_node"));
}

TEST(Growth, IsGivenBackWhenTheNodeCanNotBeMissedAnyMore) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  add_copy(scene, ShardState::kStarted, "data-0");
  EXPECT_TRUE(scene.holds("growth_is_not_on_offer", "data-0"));
  held_since(scene, "growth_is_not_on_offer", "data-0", Duration::zero());
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now));
  show(scene, "data-0");
  EXPECT_THAT(actions_of(scene), ElementsAre("give_growth_back"));
}

TEST(Growth, WhyItIsGivenBackIsHeldOnWhileWhatWasAddedIsNotOnOffer) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  add_copy(scene, ShardState::kStarted, "data-0");
  add_copy(scene, ShardState::kUnassigned, "");
  held_since(scene, "keeps_last_started_copy", "data-0", std::chrono::minutes{1});
  EXPECT_TRUE(scene.holds("growth_is_not_on_offer", "data-0"));
  EXPECT_TRUE(scene.holds("keeps_last_started_copy", "data-0")) << "else its patience begins anew each time it is over";
}

TEST(Growth, TheVolumeGrowsWhenTheOfferShowsItAndTheAddition) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  stop(scene, "data-0");
  EXPECT_TRUE(scene.holds("growth_is_not_on_offer", "data-0"));
  show(scene, "data-0", false);
  EXPECT_THAT(actions_of(scene), IsEmpty());
  offer_of(scene, "data-0").reserved.clear();
  show(scene, "data-0");
  const auto plan = scene.plan();
  ASSERT_THAT(actions_of(scene), ElementsAre("grow_volume"));
  const auto& intent = plan.actions.front().events.front().volume_growth_intended();
  EXPECT_EQ(intent.offer_id(), offer_of(scene, "data-0").id);
  EXPECT_EQ(intent.grow_operation(), "search.data-0.grow-1000");
}

TEST(Growth, WithoutMoreDiskTheStopIsEnough) {
  Scene scene = to_grow();
  scene.cluster.mutable_spec()->mutable_node_groups(0)->mutable_resources()->set_disk_mib(2048);
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  stop(scene, "data-0");
  EXPECT_THAT(actions_of(scene), ElementsAre("note_growth"));
}

TEST(Growth, AVolumeThatGrewThoughNobodySaidSoIsNotGrownTwice) {
  for (const auto status : {state::GROWTH_STATUS_RESERVED, state::GROWTH_STATUS_REFUSED}) {
    Scene scene = to_grow();
    begin(scene, "data-0", status);
    stop(scene, "data-0");
    show(scene, "data-0");
    offer_of(scene, "data-0").reserved.back().volume_mib = 4096;
    EXPECT_THAT(actions_of(scene), ElementsAre("note_growth"));
  }
}

TEST(Growth, NoTaskIsLaunchedBetweenTwoSizes) {
  for (const auto status : {state::GROWTH_STATUS_INTENDED, state::GROWTH_STATUS_GROWING, state::GROWTH_STATUS_REFUSED,
                            state::GROWTH_STATUS_RELEASING}) {
    Scene scene = to_grow();
    begin(scene, "data-0", status);
    stop(scene, "data-0");
    show(scene, "data-0");
    EXPECT_FALSE(scene.plans("launch_node")) << state::GrowthStatus_Name(status);
    EXPECT_EQ(scene.plans("give_growth_back"), status == state::GROWTH_STATUS_REFUSED);
    EXPECT_TRUE(scene.plan().next_check.has_value());
  }
}

TEST(Growth, ALaunchTakesNoOfferThatShowsHalfOfThePlace) {
  Scene scene = Scene::at_rest(3);
  stop(scene, "data-0");
  show(scene, "data-0", false);
  EXPECT_TRUE(scene.plans("launch_node"));
  offer_of(scene, "data-0").reserved.back().quantities.mem_mib = 1023;
  EXPECT_FALSE(scene.plans("launch_node"));
  EXPECT_TRUE(scene.holds("waits_for_own_agent", "data-0"));
}

struct Unanswered {
  state::GrowthStatus status;
  const char* operation;
};

class GrowthAnswers : public testing::TestWithParam<Unanswered> {
 protected:
  GrowthAnswers() {
    begin(scene_, "data-0", GetParam().status);
    auto& growth = *scene_.node("data-0").mutable_growth();
    growth.set_reserve_operation("the reservation");
    growth.set_grow_operation("the growth");
    growth.set_unreserve_operation("the release");
  }
  void stop_before(Duration ago) {
    stop(scene_, "data-0");
    scene_.node("data-0").mutable_task()->set_state_since_at_us(to_us(scene_.now - ago));
  }

  Scene scene_ = to_grow();
};

TEST_P(GrowthAnswers, ThatAreLateHoldAStoppedNode) {
  stop_before(std::chrono::seconds{10});
  const auto plan = scene_.plan();
  const auto hold = std::ranges::find(plan.holds, "waits_for_mesos_answer", &reconcile::Hold::rule);
  ASSERT_NE(hold, plan.holds.end());
  EXPECT_EQ(hold->node, "data-0");
  EXPECT_EQ(hold->next_check, scene_.now + std::chrono::seconds{30});
  EXPECT_EQ(hold->basis.at(0).value(), GetParam().operation);
}

TEST_P(GrowthAnswers, HoldNothingInTheirUsualTime) {
  stop_before(std::chrono::seconds{9});
  EXPECT_FALSE(scene_.holds("waits_for_mesos_answer", "data-0"));
  EXPECT_TRUE(scene_.plan().next_check.has_value());
}

TEST_P(GrowthAnswers, HoldNothingWhileTheOperationGetsOn) {
  stop_before(std::chrono::minutes{9});
  scene_.operation.set_id("op-1");
  scene_.operation.set_started_at_us(to_us(scene_.now - std::chrono::seconds{10}));
  EXPECT_TRUE(scene_.holds("waits_for_mesos_answer", "data-0"));
  scene_.operation.add_steps()->set_since_at_us(to_us(scene_.now - std::chrono::seconds{9}));
  EXPECT_FALSE(scene_.holds("waits_for_mesos_answer", "data-0"));
}

TEST_P(GrowthAnswers, AreNotWaitedForByANodeThatRuns) {
  scene_.node("data-0").mutable_task()->set_state_since_at_us(1);
  EXPECT_FALSE(scene_.holds("waits_for_mesos_answer", "data-0"));
}

TEST_P(GrowthAnswers, HoldAPlaceThatIsToBeGivenBackToo) {
  stop_before(std::chrono::seconds{10});
  scene_.cluster.set_phase(state::CLUSTER_PHASE_DELETING);
  show(scene_, "data-0");
  EXPECT_TRUE(scene_.holds("waits_for_mesos_answer", "data-0"));
  EXPECT_FALSE(scene_.plans("release_place"));
}

INSTANTIATE_TEST_SUITE_P(All, GrowthAnswers,
                         testing::Values(Unanswered{state::GROWTH_STATUS_INTENDED, "the reservation"},
                                         Unanswered{state::GROWTH_STATUS_GROWING, "the growth"},
                                         Unanswered{state::GROWTH_STATUS_RELEASING, "the release"}),
                         [](const auto& one) { return state::GrowthStatus_Name(one.param.status); });

// ---- Back ----

/// Mesos refused to take back what was added.
Scene release_refused() {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_REFUSED);
  scene.node("data-0").mutable_growth()->set_unreserve_operation("the release");
  return scene;
}

TEST(Growth, ANodeGoesOnInItsOldSizeWhenMesosRefusesToTakeTheAdditionBack) {
  Scene scene = release_refused();
  stop(scene, "data-0");
  EXPECT_FALSE(scene.plans("launch_node")) << "its place is not on offer";
  show(scene, "data-0");
  EXPECT_TRUE(scene.holds("release_is_refused", "data-0"));
  const auto plan = scene.plan();
  ASSERT_THAT(actions_of(scene), ElementsAre("launch_node"));
  EXPECT_EQ(plan.actions.front().events.front().task_launch_intended().offer_id(), offer_of(scene, "data-0").id);
}

TEST(Growth, ARefusedReleaseIsTriedAgainNowAndThenWhileTheTaskRuns) {
  Scene scene = release_refused();
  show(scene, "data-0");
  held_since(scene, "release_is_refused", "data-0", std::chrono::seconds{59});
  EXPECT_THAT(actions_of(scene), IsEmpty());
  EXPECT_EQ(scene.plan().next_check, scene.now + std::chrono::seconds{1});
  scene.now += std::chrono::seconds{1};
  EXPECT_THAT(actions_of(scene), ElementsAre("give_growth_back"));
}

TEST(Growth, ARefusedReleaseOfWhatVanishedIsNotTriedForEver) {
  Scene scene = release_refused();
  held_since(scene, "release_is_refused", "data-0", std::chrono::minutes{2});
  EXPECT_TRUE(scene.holds("growth_is_not_on_offer", "data-0"));
  EXPECT_TRUE(scene.holds("release_is_refused", "data-0")) << "both waits go on";
  held_since(scene, "growth_is_not_on_offer", "data-0", std::chrono::minutes{1});
  EXPECT_EQ(refusal_of(scene), "the agent said no What was added is not on offer any more.");
}

TEST(Growth, AVolumeThatGrewIsNotLaunchedOnInTheOldSizeAfterARefusedRelease) {
  Scene scene = release_refused();
  stop(scene, "data-0");
  show(scene, "data-0");
  offer_of(scene, "data-0").reserved.back().volume_mib = 4096;
  EXPECT_THAT(actions_of(scene), ElementsAre("note_growth"));
}

TEST(Growth, WhatWasRefusedIsGivenBackFirst) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_REFUSED);
  stop(scene, "data-0");
  show(scene, "data-0");
  const auto plan = scene.plan();
  ASSERT_THAT(actions_of(scene), ElementsAre("give_growth_back"));
  EXPECT_EQ(plan.actions.front().events.front().place_growth_release_intended().why(), "the agent said no");
}

TEST(Growth, WhatIsNoLongerWantedIsGivenBackWhileTheTaskRuns) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->mutable_resources()->set_mem_mib(3000);
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now));
  show(scene, "data-0");
  EXPECT_THAT(actions_of(scene), ElementsAre("give_growth_back"));
}

TEST(Growth, WhatSomebodyElseTookAwayIsNotWaitedForForEver) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  stop(scene, "data-0");
  show(scene, "data-0", false);
  EXPECT_TRUE(scene.holds("growth_is_not_on_offer", "data-0"));
  held_since(scene, "growth_is_not_on_offer", "data-0", std::chrono::minutes{1});
  EXPECT_THAT(refusal_of(scene), HasSubstr("not on offer any more"));
  scene.offers.clear();  // its agent is away: nothing is known
  EXPECT_EQ(refusal_of(scene), "");
}

TEST(Growth, APlaceIsGivenBackTogetherWithWhatWasAdded) {
  Scene scene = to_grow();
  begin(scene, "data-0", state::GROWTH_STATUS_RESERVED);
  scene.cluster.set_phase(state::CLUSTER_PHASE_DELETING);
  stop(scene, "data-0");
  show(scene, "data-0", false);
  EXPECT_FALSE(scene.plans("release_place"));
  offer_of(scene, "data-0").reserved.clear();
  show(scene, "data-0");
  EXPECT_TRUE(scene.plans("release_place"));
  begin(scene, "data-0", state::GROWTH_STATUS_GROWING);
  EXPECT_FALSE(scene.plans("release_place"));
}

// ---- Whole lives ----

World grown_to(std::uint32_t nodes) {
  World world;
  world.create({World::group("data", nodes)});
  ESAAS_ASSERT(world.settle(), world.show());
  world.index("logs", 4, 1);
  return world;
}

TEST(GrowthLife, EveryNodeKeepsItsNameItsPlaceAndItsVolume) {
  World world = grown_to(3);
  std::map<std::string, std::string> volumes;
  for (const auto& node : world.cluster().nodes()) volumes[node.name()] = node.place().volume_id();
  world.resize_disk("data", 4096);
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-0", "data-1", "data-2"}));
  for (const auto& node : world.cluster().nodes()) {
    EXPECT_EQ(node.place().volume_id(), volumes[node.name()]);
    EXPECT_EQ(node.place().resources().disk_mib(), 4096U);
    EXPECT_EQ(node.attempt(), 2U);
    EXPECT_EQ(node.failures(), 0U);
  }
  EXPECT_THAT(world.events_of(Event::kNodeAdded), testing::SizeIs(3));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(GrowthLife, ANodeWhoseAgentIsFullIsReplacedAndTheOthersGrow) {
  World world = grown_to(3);
  const std::string full = world.node("data-1").place().agent_id();
  std::ranges::find(world.agents, full, &WorldAgent::id)->free.mem_mib = 100;
  world.resize("data", 2048);
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-0", "data-2", "data-3"}));
  const auto failed = world.events_of(Event::kPlaceGrowthFailed);
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed.front().place_growth_failed().node(), "data-1");
  EXPECT_THAT(failed.front().place_growth_failed().why(), HasSubstr("does not offer"));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(GrowthLife, AVolumeThatDoesNotGrowEndsInAReplacementWithNothingLeftBehind) {
  World world = grown_to(3);
  world.volumes_do_not_grow = true;
  world.resize_disk("data", 4096);
  ASSERT_TRUE(world.settle(300)) << world.show();
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-3", "data-4", "data-5"}));
  for (const WorldAgent& agent : world.agents) EXPECT_THAT(agent.additions, IsEmpty());
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(GrowthLife, ASizeThatIsTakenBackHalfWayLeavesNothingBehind) {
  World world = grown_to(3);
  world.kills_are_lost = true;  // the growth is reserved, and goes no further
  world.resize("data", 2048);
  for (int i = 0; i < 5; ++i) world.round();
  ASSERT_EQ(world.node("data-0").growth().status(), state::GROWTH_STATUS_RESERVED);
  world.give_up_operation();
  world.resize("data", 1024);
  world.kills_are_lost = false;
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_EQ(world.joined(), (std::set<std::string>{"data-0", "data-1", "data-2"}));
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.place().resources().mem_mib(), 1024U);
  for (const WorldAgent& agent : world.agents) EXPECT_THAT(agent.additions, IsEmpty());
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(GrowthLife, IsResumedAfterASuspensionInTheMiddle) {
  World world = grown_to(3);
  world.kills_are_lost = true;
  world.resize_disk("data", 4096);
  for (int i = 0; i < 5; ++i) world.round();
  ASSERT_EQ(world.node("data-0").growth().status(), state::GROWTH_STATUS_RESERVED);
  world.kills_are_lost = false;
  world.give_up_operation();
  world.suspend();
  ASSERT_TRUE(world.settle()) << world.show();
  world.resume();
  ASSERT_TRUE(world.settle()) << world.show();
  for (const auto& node : world.cluster().nodes()) EXPECT_EQ(node.place().resources().disk_mib(), 4096U);
  EXPECT_THAT(world.violations, IsEmpty());
}

}  // namespace
}  // namespace esaas::test
