// Nodes that run and are no members of their cluster, because they were told of masters that have moved since; places
// that are gone before their first task; kills that were lost; places that Mesos does not say the last word about.

#include "reconcilers/recovery.h"

#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using std::chrono::minutes;

/// data-2 runs for four minutes and is no member, and a master has got its place since it was launched.
Scene stranger() {
  Scene scene = Scene::at_rest(3);
  for (const char* name : {"data-0", "data-1"}) scene.node(name).set_place_seq(1);
  state::Task& task = *scene.node("data-2").mutable_task();
  task.set_joined(false);
  task.set_state_since_at_us(to_us(scene.now - minutes{4}));
  scene.node("data-1").set_place_seq(task.launch_seq() + 1);
  state::Hold& hold = *scene.cluster.add_holds();
  hold.set_rule("waits_for_join");
  hold.set_node("data-2");
  hold.set_since_at_us(to_us(scene.now - minutes{3}));
  std::erase(scene.observation.nodes, "data-2");
  std::erase_if(scene.observation.shards, [](const auto& copy) { return copy.node == "data-2"; });
  return scene;
}

TEST(Stranger, IsStartedAnew) {
  const Scene scene = stranger();
  const auto plan = scene.plan();
  const auto action = std::ranges::find(plan.actions, "restart_stranger", &reconcile::Action::name);
  ASSERT_NE(action, plan.actions.end());
  const auto& kill = action->events.at(0).task_kill_intended();
  EXPECT_EQ(kill.node(), "data-2");
  EXPECT_EQ(kill.task_id(), scene.cluster.nodes(2).task().task_id());
}

TEST(Stranger, IsGivenTimeToJoin) {
  Scene scene = stranger();
  scene.node("data-2").mutable_task()->set_state_since_at_us(to_us(scene.now - minutes{2}));
  EXPECT_FALSE(scene.plans("restart_stranger"));
  ASSERT_TRUE(scene.plan().next_check.has_value());
  EXPECT_LE(*scene.plan().next_check, scene.now + minutes{1});
}

TEST(Stranger, IsWaitedForWhenItWasAMemberTillNow) {
  Scene scene = stranger();
  scene.cluster.clear_holds();
  EXPECT_FALSE(scene.plans("restart_stranger"));
  EXPECT_TRUE(scene.holds("waits_for_join", "data-2"));
}

TEST(Stranger, IsLeftAloneWhereItKnowsTheMasters) {
  Scene scene = stranger();
  scene.node("data-1").set_place_seq(1);
  EXPECT_FALSE(scene.plans("restart_stranger")) << "another reason keeps it out, and a restart would not help";
}

TEST(Stranger, IsLeftAloneWhileTheClusterDoesNotAnswer) {
  Scene scene = stranger();
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_FALSE(scene.plans("restart_stranger")) << "it may be a member";
}

TEST(Stranger, IsNoneOnceItHasJoined) {
  Scene scene = stranger();
  scene.node("data-2").mutable_task()->set_joined(true);
  EXPECT_FALSE(scene.plans("restart_stranger"));
}

TEST(Stranger, IsKilledOnce) {
  Scene scene = stranger();
  scene.node("data-2").mutable_task()->set_kill_intended(true);
  scene.node("data-2").mutable_task()->set_kill_intended_at_us(to_us(scene.now));
  EXPECT_FALSE(scene.plans("restart_stranger"));
}

/// data-3 is a stranger as data-2 is.
Scene two_strangers() {
  World world(7);
  world.create({World::group("data", 5)});
  ESAAS_ASSERT(world.settle(), world.show());
  Scene scene{.cluster = world.cluster(), .observation = world.observe_now(), .now = world.now};
  scene.settings = world.settings;
  for (auto& node : *scene.cluster.mutable_nodes()) node.set_place_seq(1);
  for (const char* name : {"data-2", "data-3"}) {
    state::Task& task = *scene.node(name).mutable_task();
    task.set_joined(false);
    task.set_state_since_at_us(to_us(scene.now - minutes{4}));
    scene.node("data-1").set_place_seq(task.launch_seq() + 1);
    state::Hold& hold = *scene.cluster.add_holds();
    hold.set_rule("waits_for_join");
    hold.set_node(name);
    hold.set_since_at_us(to_us(scene.now - minutes{3}));
    std::erase(scene.observation.nodes, name);
    std::erase_if(scene.observation.shards, [&](const auto& copy) { return copy.node == name; });
  }
  return scene;
}

std::vector<std::string> restarted(const Scene& scene) {
  std::vector<std::string> names;
  for (const auto& action : scene.plan().actions) {
    if (action.name == "restart_stranger") names.push_back(action.events.at(0).task_kill_intended().node());
  }
  return names;
}

TEST(Stranger, IsStartedAnewAfterTheOther) {
  Scene scene = two_strangers();
  EXPECT_EQ(restarted(scene), std::vector<std::string>{"data-2"});
  EXPECT_TRUE(scene.holds("waits_for_join", "data-3")) << "without an interruption";
  state::Task& task = *scene.node("data-2").mutable_task();
  task.set_kill_intended(true);
  task.set_kill_intended_at_us(to_us(scene.now));
  EXPECT_TRUE(restarted(scene).empty()) << "the other is being stopped";
  EXPECT_TRUE(scene.holds("waits_for_join", "data-3"));
  task.set_state(model::TASK_STATE_UNREACHABLE);
  EXPECT_EQ(restarted(scene), std::vector<std::string>{"data-3"}) << "the other may never end";
  task.set_state(model::TASK_STATE_KILLED);
  EXPECT_EQ(restarted(scene), std::vector<std::string>{"data-3"});
}

// ---- A place without a task ----

struct Vanished {
  reconcile::LedgerStatus status;
  bool is_given_up;
  bool is_held;
};

class PlaceBeforeItsFirstTask : public testing::TestWithParam<Vanished> {};

TEST_P(PlaceBeforeItsFirstTask, IsGivenUpWhenTheBooksLackIt) {
  Scene scene = Scene::at_rest(3);
  state::Node& node = scene.node("data-2");
  node.clear_task();
  node.set_ever_joined(false);
  std::erase(scene.observation.nodes, "data-2");
  EXPECT_FALSE(scene.plans("give_up_lost_place"));
  scene.ledger.push_back({.cluster = scene.cluster.name(),
                          .node = "data-2",
                          .place = node.place().volume_id(),
                          .status = GetParam().status,
                          .why = "So it is."});
  EXPECT_EQ(scene.plans("give_up_lost_place"), GetParam().is_given_up);
  EXPECT_EQ(scene.holds("ledger_differs", "data-2"), GetParam().is_held);
}

INSTANTIATE_TEST_SUITE_P(All, PlaceBeforeItsFirstTask,
                         testing::Values(Vanished{reconcile::LedgerStatus::kMissing, true, false},
                                         Vanished{reconcile::LedgerStatus::kVolumeMissing, true, false},
                                         Vanished{reconcile::LedgerStatus::kDiffers, false, true},
                                         // of an adopted place, until the books are compared again
                                         Vanished{reconcile::LedgerStatus::kWithoutOwner, false, false},
                                         Vanished{reconcile::LedgerStatus::kBalanced, false, false},
                                         Vanished{reconcile::LedgerStatus::kUnderWay, false, false},
                                         Vanished{reconcile::LedgerStatus::kAgentAway, false, false}),
                         [](const auto& one) { return std::string(reconcile::name_of(one.param.status)); });

// ---- A machine that is another agent now ----

/// data-2 is out of sight on a transient place, and another agent of its hostname makes offers.
Scene renewed_machine() {
  Scene scene = Scene::at_rest(3);
  state::Node& node = scene.node("data-2");
  node.set_place_status(state::PLACE_STATUS_TRANSIENT);
  node.mutable_task()->set_state(model::TASK_STATE_UNREACHABLE);
  const std::string old_agent = node.place().agent_id();
  for (auto& offer : scene.offers) {
    if (offer.agent_id == old_agent) offer.agent_id = "another";
  }
  return scene;
}

TEST(RenewedMachine, TellsThatTheTaskIsGone) { EXPECT_TRUE(renewed_machine().plans("note_lost_task")); }

TEST(RenewedMachine, IsNoneWhileTheOldAgentMakesOffers) {
  Scene scene = renewed_machine();
  reconcile::Offer offer = scene.offers.front();
  offer.id = "of the old one";
  offer.agent_id = scene.node("data-2").place().agent_id();
  scene.offers.push_back(offer);
  EXPECT_FALSE(scene.plans("note_lost_task"));
  EXPECT_TRUE(scene.holds("waits_for_unreachable_task", "data-2"));
}

TEST(RenewedMachine, IsNoneWhileTheMastersBooksListTheOldAgent) {
  Scene scene = renewed_machine();
  scene.ledger.push_back({.cluster = scene.cluster.name(),
                          .node = "data-9",
                          .place = "another place",
                          .agent_id = scene.node("data-2").place().agent_id(),
                          .status = reconcile::LedgerStatus::kBalanced});
  EXPECT_FALSE(scene.plans("note_lost_task"));
  scene.ledger.front().status = reconcile::LedgerStatus::kAgentAway;
  EXPECT_TRUE(scene.plans("note_lost_task"));
}

TEST(RenewedMachine, EndsAPlaceWhoseReservationNobodyAnswered) {
  Scene scene = renewed_machine();
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now));
  state::Node& node = scene.node("data-2");
  node.set_place_status(state::PLACE_STATUS_INTENDED);
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now)) << "only an offer shows it";
  const auto plan = scene.plan();
  const auto action = std::ranges::find(plan.actions, "note_lost_task", &reconcile::Action::name);
  ASSERT_NE(action, plan.actions.end());
  ASSERT_EQ(action->events.size(), 2U);
  EXPECT_EQ(action->events[0].task_status_changed().state(), model::TASK_STATE_GONE);
  EXPECT_EQ(action->events[1].place_failed().volume_id(), node.place().volume_id());
}

// ---- A kill that was lost ----

/// data-2 was told to stop a minute ago for its restart, and runs on; each shard has another copy.
Scene lost_kill() {
  Scene scene = Scene::at_rest(3);
  state::Node& node = scene.node("data-2");
  node.mutable_restart()->set_seq(node.task().launch_seq() + 1);
  node.mutable_restart()->set_prepared(true);
  node.mutable_restart()->set_since_at_us(to_us(scene.now - minutes{1}));
  node.mutable_task()->set_kill_intended(true);
  node.mutable_task()->set_kill_intended_at_us(to_us(scene.now - minutes{1}));
  scene.cluster.add_restart_seqs(node.task().launch_seq() + 1);
  scene.observation.shards.push_back({"logs", 0, true, reconcile::ShardState::kStarted, "data-2", ""});
  scene.observation.shards.push_back({"logs", 0, false, reconcile::ShardState::kStarted, "data-1", ""});
  return scene;
}

bool repeats_kill(const Scene& scene) {
  const auto plan = scene.plan();
  return std::ranges::any_of(plan.repeats, [](const auto& intent) { return intent.has_task_kill_intended(); });
}

TEST(LostKill, IsSentAgainWhileTheNodeCanBeMissed) { EXPECT_TRUE(repeats_kill(lost_kill())); }

TEST(LostKill, IsHeldWhileTheNodeHasTheLastCopyByNow) {
  Scene scene = lost_kill();
  scene.observation.shards.back().state = reconcile::ShardState::kUnassigned;
  scene.observation.shards.back().node.clear();
  EXPECT_FALSE(repeats_kill(scene));
  EXPECT_TRUE(scene.holds("keeps_last_started_copy", "data-2"));
}

TEST(LostKill, IsHeldWhileTheClusterDoesNotAnswer) {
  Scene scene = lost_kill();
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_FALSE(repeats_kill(scene));
  EXPECT_TRUE(scene.holds("health_unknown", "data-2"));
}

TEST(LostKill, IsNotLeftToTheMasterForATaskOutOfSight) {
  Scene scene = lost_kill();
  scene.node("data-2").mutable_task()->set_state(model::TASK_STATE_UNREACHABLE);
  EXPECT_FALSE(repeats_kill(scene)) << "the master would carry it out whenever the agent comes back";
}

TEST(LostKill, AsksNoRuleOfAClusterThatIsDeleted) {
  Scene scene = lost_kill();
  scene.cluster.set_phase(state::CLUSTER_PHASE_DELETING);
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_TRUE(repeats_kill(scene));
}

/// data-3 is drained and was told to stop a minute ago, to leave.
Scene lost_kill_of_a_leaving_node() {
  Scene scene = Scene::at_rest(4);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(3);
  state::Node& node = scene.node("data-3");
  node.set_removing(true);
  node.set_drain(state::DRAIN_STATUS_FINISHED);
  node.mutable_task()->set_kill_intended(true);
  node.mutable_task()->set_kill_intended_at_us(to_us(scene.now - minutes{1}));
  scene.cluster.add_exclusions_intended("data-3");
  scene.cluster.add_exclusions_applied("data-3");
  scene.observation.excluded_nodes = {{"data-3"}};
  return scene;
}

TEST(LostKill, OfALeavingNodeIsSentAgainWhileItIsEmptyAndExcluded) {
  Scene scene = lost_kill_of_a_leaving_node();
  EXPECT_TRUE(repeats_kill(scene));
  scene.observation.excluded_nodes = {{"data-2"}};
  EXPECT_FALSE(repeats_kill(scene)) << "an old list came last";
  EXPECT_TRUE(scene.holds("drain_waits_for_shards", "data-3"));
}

TEST(LostKill, OfALeavingNodeIsHeldWhileShardsAreOnItAgain) {
  Scene scene = lost_kill_of_a_leaving_node();
  scene.observation.shards.push_back({"logs", 0, true, reconcile::ShardState::kStarted, "data-3", ""});
  scene.observation.shards.push_back({"logs", 0, false, reconcile::ShardState::kStarted, "data-1", ""});
  EXPECT_FALSE(repeats_kill(scene));
  EXPECT_TRUE(scene.holds("drain_waits_for_shards", "data-3"));
}

TEST(LostKill, OfALeavingNodeDoesNotWaitForItsTurnAgain) {
  Scene scene = lost_kill_of_a_leaving_node();
  scene.node("data-2").mutable_restart()->set_seq(7);
  EXPECT_TRUE(repeats_kill(scene));
}

TEST(LostKill, OfALeavingNodeIsHeldWhileTheClusterDoesNotAnswer) {
  Scene scene = lost_kill_of_a_leaving_node();
  scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  EXPECT_FALSE(repeats_kill(scene));
  scene.node("data-3").set_ever_joined(false);
  EXPECT_TRUE(repeats_kill(scene)) << "one that never joined has nothing";
}

TEST(LostKill, LetsCopiesBeAllocatedMeanwhile) {
  Scene scene = lost_kill();
  scene.cluster.set_allocation_intended("primaries");
  scene.cluster.set_allocation_applied("primaries");
  scene.observation.allocation_enable = "primaries";
  EXPECT_TRUE(scene.plans("hold_allocation")) << "it is given back";
  scene.node("data-2").mutable_task()->set_kill_intended_at_us(to_us(scene.now - std::chrono::seconds{20}));
  EXPECT_FALSE(scene.plans("hold_allocation"));
}

// ---- No answer of Mesos ----

struct Unanswered {
  const char* name;
  state::PlaceStatus status;
  bool first_finished;
  const char* operation;
};

class PlaceWithoutAnAnswer : public testing::TestWithParam<Unanswered> {};

TEST_P(PlaceWithoutAnAnswer, IsHeldOnceTheAnswerIsLate) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.set_phase(state::CLUSTER_PHASE_DELETING);
  state::Node& node = scene.node("data-2");
  node.set_place_status(GetParam().status);
  node.set_reserve_operation("reserve");
  node.set_create_operation("create");
  node.set_destroy_operation("destroy");
  node.set_unreserve_operation("unreserve");
  node.set_reserve_finished(GetParam().first_finished);
  node.set_destroy_finished(GetParam().first_finished);
  node.mutable_task()->set_state(model::TASK_STATE_KILLED);
  node.mutable_task()->set_state_since_at_us(to_us(scene.now - std::chrono::seconds{9}));
  EXPECT_FALSE(scene.holds("waits_for_mesos_answer", "data-2"));
  scene.now += std::chrono::seconds{1};
  const auto plan = scene.plan();
  const auto hold = std::ranges::find(plan.holds, "waits_for_mesos_answer", &reconcile::Hold::rule);
  ASSERT_NE(hold, plan.holds.end());
  EXPECT_EQ(hold->node, "data-2");
  EXPECT_EQ(hold->basis.at(0).value(), GetParam().operation);
}

INSTANTIATE_TEST_SUITE_P(All, PlaceWithoutAnAnswer,
                         testing::Values(Unanswered{"reserving", state::PLACE_STATUS_INTENDED, false, "reserve"},
                                         Unanswered{"creating", state::PLACE_STATUS_INTENDED, true, "create"},
                                         Unanswered{"destroying", state::PLACE_STATUS_RELEASING, false, "destroy"},
                                         Unanswered{"unreserving", state::PLACE_STATUS_RELEASING, true, "unreserve"}),
                         [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace esaas::test
