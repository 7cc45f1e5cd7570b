// Copies that lack the newest writes and 2.x: when index.recovery.initial_shards is set, for how long, and when a node
// is stopped without it.

#include "reconcilers/recovery_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::ShardState;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// PATH VALUE of each request for the setting that the plan intends.
std::vector<std::string> asked(const reconcile::Plan& plan) {
  std::vector<std::string> requests;
  for (const auto& action : plan.actions) {
    for (const event::Event& event : action.events) {
      const auto& payload = event.elasticsearch_request_intended();
      if (payload.purpose() != reconcile::kSetGuard && payload.purpose() != reconcile::kTakeGuardAway) continue;
      EXPECT_EQ(payload.method(), "PUT");
      const std::string body = payload.body();
      const auto end = body.rfind('"');
      const auto begin = body.rfind('"', end - 1) + 1;
      EXPECT_EQ(body, R"({"index":{"recovery":{"initial_shards":")" + body.substr(begin, end - begin) + R"("}}})");
      requests.push_back(payload.path().substr(0, payload.path().find('?')) + " " + body.substr(begin, end - begin));
    }
  }
  return requests;
}

std::vector<std::string> asked(const Scene& scene) { return asked(scene.plan()); }

void add_index(Scene& scene, const std::string& name, const std::vector<std::string>& nodes,
               const std::string& value = {}) {
  scene.observation.indices.push_back({.name = name,
                                       .shards = 1,
                                       .replicas = static_cast<std::uint32_t>(nodes.size() - 1),
                                       .auto_expand_replicas = {},
                                       .initial_shards = value});
  for (const std::string& node : nodes) {
    scene.observation.shards.push_back({name, 0, node == nodes.front(), ShardState::kStarted, node, ""});
  }
}

/// Three nodes of 2.3.3; "books" has copies on data-0 and data-1.
Scene at_rest(const std::string& value = {}) {
  Scene scene = Scene::at_rest(3);
  add_index(scene, "books", {"data-0", "data-1"}, value);
  return scene;
}

void begin_restart(Scene& scene, std::string_view node, Duration ago = seconds{1}) {
  state::Restart& restart = *scene.node(node).mutable_restart();
  restart.set_seq(900);
  restart.set_since_at_us(to_us(scene.now - ago));
  restart.set_prepared(true);
}

/// Of every node.
void want_restart(Scene& scene) { scene.cluster.add_restart_seqs(899); }

/// data-0 is in step.
Scene in_step(const std::string& value = {}) {
  Scene scene = at_rest(value);
  begin_restart(scene, "data-0");
  want_restart(scene);
  return scene;
}

/// The primary of "books" was on data-0, which is no member; data-1 was restarted and is back.
Scene red(const std::string& value = "all") {
  Scene scene = at_rest(value);
  for (auto& copy : scene.observation.shards) {
    copy.state = ShardState::kUnassigned;
    copy.node.clear();
  }
  scene.observation.health.set_status(model::HEALTH_STATUS_RED);
  std::erase(scene.observation.nodes, "data-0");
  scene.node("data-0").mutable_task()->set_joined(false);
  scene.node("data-1").mutable_task()->set_launched_at_us(to_us(scene.now - seconds{30}));
  return scene;
}

void hold(Scene& scene, std::string_view rule, Duration since, std::string_view node = {}) {
  state::Hold& one = *scene.cluster.add_holds();
  one.set_rule(std::string(rule));
  one.set_node(std::string(node));
  one.set_since_at_us(to_us(scene.now - since));
}

void set_version(Scene& scene, const std::string& version) {
  scene.cluster.mutable_spec()->set_version(version);
  for (auto& node : *scene.cluster.mutable_nodes()) node.mutable_task()->mutable_inputs()->set_version(version);
}

void refuse(Scene& scene, std::string_view purpose, const std::string& subject) {
  state::ElasticsearchRequest& request = *scene.cluster.add_requests();
  request.set_purpose(std::string(purpose));
  request.set_subject(subject);
  request.set_answered(true);
  request.set_why("blocked by: [FORBIDDEN/9/index metadata (api)];");
  request.set_answered_at_us(to_us(scene.now - seconds{1}));
}

// ---- Set ----

TEST(RecoveryGuard, IsNotSetAtRest) {
  EXPECT_THAT(asked(at_rest()), IsEmpty());
  EXPECT_THAT(asked(at_rest("quorum")), IsEmpty());
}

TEST(RecoveryGuard, IsSetOnTheIndicesOfTheNodeInStep) {
  Scene scene = in_step("quorum");
  add_index(scene, "logs", {"data-1", "data-0"});
  add_index(scene, "elsewhere", {"data-1", "data-2"});
  EXPECT_THAT(asked(scene), ElementsAre("/books,logs/_settings all"));
}

TEST(RecoveryGuard, IsNotSetWhereACopyIsMissingOrThereIsButOne) {
  Scene scene = in_step();
  add_index(scene, "alone", {"data-0"});
  scene.observation.shards[1].state = ShardState::kInitializing;
  EXPECT_THAT(asked(scene), IsEmpty());
}

TEST(RecoveryGuard, LeavesAloneWhatIsSomebodyElses) {
  for (const char* value : {"full", "one", "quorum-1", "2"}) EXPECT_THAT(asked(in_step(value)), IsEmpty()) << value;
}

TEST(RecoveryGuard, IsOf2xAlone) {
  for (const char* version : {"5.6.16", "6.8.23", "7.17.28"}) {
    Scene scene = in_step();
    set_version(scene, version);
    EXPECT_THAT(asked(scene), IsEmpty()) << version;
    scene.observation.indices[0].initial_shards = "all";
    EXPECT_THAT(asked(scene), IsEmpty()) << version;
  }
  Scene scene = in_step();
  set_version(scene, "2.4.6");
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings all"));
  scene.node("data-2").mutable_task()->mutable_inputs()->set_version("5.6.16");
  EXPECT_THAT(asked(scene), IsEmpty()) << "one is newer";
}

TEST(RecoveryGuard, WaitsForAnObservationThatNoAnswerHasOvertaken) {
  Scene scene = in_step();
  scene.observation.persistent_settings.reset();
  EXPECT_THAT(asked(scene), IsEmpty());
  EXPECT_FALSE(scene.plans("stop_node"));
  ASSERT_TRUE(scene.plan().next_check.has_value());
  EXPECT_LE(*scene.plan().next_check, scene.now + seconds{1});
  EXPECT_FALSE(scene.holds(reconcile::kWaitsForGuard, "data-0"));
  scene.node("data-0").mutable_restart()->set_since_at_us(to_us(scene.now - seconds{30}));
  EXPECT_TRUE(scene.holds(reconcile::kWaitsForGuard, "data-0")) << "from now on that is counted";
}

TEST(RecoveryGuard, IsSetForAGrowthThatStopsTheNode) {
  using enum state::GrowthStatus;
  for (const auto status : {GROWTH_STATUS_INTENDED, GROWTH_STATUS_RESERVED}) {
    Scene scene = at_rest();
    scene.node("data-0").mutable_growth()->set_status(status);
    *scene.node("data-0").mutable_growth()->mutable_after() = scene.cluster.spec().node_groups(0).resources();
    EXPECT_THAT(asked(scene), ElementsAre("/books/_settings all"));
    scene.operation.set_id("op-1");
    scene.operation.set_paused(true);
    EXPECT_THAT(asked(scene), IsEmpty()) << "a pause holds the stop";
  }
}

TEST(RecoveryGuard, FollowsWhatTheNodesAreStartedWith) {
  Scene scene = in_step();
  model::Setting& setting = *scene.cluster.mutable_spec()->mutable_node_groups(0)->add_settings();
  setting.set_key("index.recovery.initial_shards");
  setting.set_value("full");
  EXPECT_THAT(asked(scene), IsEmpty()) << "they wait for all copies anyway";
  scene.observation.indices[0].initial_shards = "all";
  scene.node("data-0").clear_restart();
  scene.cluster.clear_restart_seqs();
  for (auto& node : *scene.cluster.mutable_nodes()) *node.mutable_task()->mutable_inputs()->add_settings() = setting;
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings full"));
  setting.set_value("one");
  for (auto& node : *scene.cluster.mutable_nodes()) {
    *node.mutable_task()->mutable_inputs()->mutable_settings(0) = setting;
  }
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings one"));
}

// ---- Before a stop ----

TEST(RecoveryGuard, IsSeenBeforeANodeStops) {
  Scene scene = in_step();
  EXPECT_FALSE(scene.plans("stop_node"));
  EXPECT_TRUE(scene.holds(reconcile::kWaitsForGuard, "data-0"));
  for (const char* value : {"all", "full", "one"}) {
    scene.observation.indices[0].initial_shards = value;
    EXPECT_TRUE(scene.plans("stop_node")) << value;
    EXPECT_FALSE(scene.holds(reconcile::kWaitsForGuard, "data-0")) << value;
  }
}

TEST(RecoveryGuard, IsNotWaitedForForEver) {
  Scene scene = in_step();
  hold(scene, reconcile::kWaitsForGuard, seconds{29}, "data-0");
  EXPECT_FALSE(scene.plans("stop_node"));
  scene.now += seconds{1};
  scene.observation.observed_at = scene.now;
  EXPECT_TRUE(scene.plans("stop_node"));
}

TEST(RecoveryGuard, IsNotWaitedForWhereElasticsearchRefuses) {
  Scene scene = in_step();
  add_index(scene, "logs", {"data-0", "data-1"});
  refuse(scene, reconcile::kSetGuard, "books,logs");
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings all", "/logs/_settings all")) << "one by one now";
  EXPECT_FALSE(scene.plans("stop_node"));
  refuse(scene, reconcile::kSetGuard, "books");
  scene.observation.indices[1].initial_shards = "all";
  EXPECT_THAT(asked(scene), IsEmpty());
  EXPECT_TRUE(scene.plans("stop_node"));
  const auto plan = scene.plan();
  const auto told = std::ranges::find(plan.holds, reconcile::kGuardIsRefused, &reconcile::Hold::rule);
  ASSERT_NE(told, plan.holds.end());
  EXPECT_THAT(told->why, HasSubstr("FORBIDDEN/9"));
  EXPECT_EQ(told->basis.at(0).value(), "books");
}

// ---- Taken away ----

TEST(RecoveryGuard, IsTakenAwayWhenNoNodeIsInStep) {
  EXPECT_THAT(asked(at_rest("all")), ElementsAre("/books/_settings quorum")) << "whoever set it, and whenever";
  EXPECT_THAT(asked(in_step("all")), IsEmpty());
}

TEST(RecoveryGuard, StaysUntilAllCopiesAreStarted) {
  Scene scene = at_rest("all");
  scene.observation.shards[1].state = ShardState::kInitializing;
  scene.node("data-0").mutable_task()->set_launched_at_us(to_us(scene.now - minutes{9}));
  EXPECT_THAT(asked(scene), IsEmpty());
  scene.node("data-0").mutable_task()->set_launched_at_us(to_us(scene.now - minutes{10}));
  for (const char* name : {"data-1", "data-2"}) scene.node(name).mutable_task()->set_launched_at_us(0);
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum")) << "what is missing does not come back soon";
}

TEST(RecoveryGuard, StaysBetweenTheNodesOfAnOperationThatGoesOn) {
  Scene scene = at_rest("all");
  want_restart(scene);
  scene.observation.health.set_status(model::HEALTH_STATUS_YELLOW);  // the next one waits
  scene.node("data-2").mutable_task()->set_launched_at_us(to_us(scene.now - minutes{1}));
  scene.operation.set_id("op-1");
  EXPECT_THAT(asked(scene), IsEmpty());
  scene.operation.set_paused(true);
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum")) << "paused";
  scene.operation.set_paused(false);
  scene.node("data-2").mutable_task()->set_launched_at_us(to_us(scene.now - minutes{10}));
  for (const char* name : {"data-0", "data-1"}) scene.node(name).mutable_task()->set_launched_at_us(0);
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum")) << "the next one waits for long";
}

TEST(RecoveryGuard, StaysWhileTheObservationIsOfBeforeANodeStopped) {
  Scene scene = at_rest("all");
  state::Task& task = *scene.node("data-0").mutable_task();
  task.set_state(model::TASK_STATE_KILLED);
  task.set_state_since_at_us(to_us(scene.now));
  task.set_joined(false);
  scene.observation.observed_at = scene.now - seconds{1};
  EXPECT_THAT(asked(scene), IsEmpty()) << "its copies only seem to be started";
  task.set_state_since_at_us(to_us(scene.now - seconds{2}));
  EXPECT_THAT(asked(scene), IsEmpty()) << "it is still listed";
  std::erase(scene.observation.nodes, "data-0");
  for (auto& copy : scene.observation.shards) copy.node = copy.primary ? "data-1" : "data-2";
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum")) << "other nodes have all copies by now";
}

TEST(RecoveryGuard, OfAClosedIndexIsTakenAwayToo) {
  Scene scene = at_rest("all");
  scene.observation.indices[0].open = false;
  scene.observation.shards.clear();
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum"));
}

TEST(RecoveryGuard, IsAskedForAgainUntilThereIsAnAnswer) {
  Scene scene = at_rest("all");
  state::ElasticsearchRequest& request = *scene.cluster.add_requests();
  request.set_seq(77);
  request.set_purpose(std::string(reconcile::kTakeGuardAway));
  request.set_subject("books");
  request.set_intended_at_us(to_us(scene.now));
  const auto plan = scene.plan();
  EXPECT_THAT(asked(plan), IsEmpty());
  ASSERT_EQ(plan.repeats.size(), 1U);
  EXPECT_EQ(plan.repeats[0].seq(), 77U);
}

// ---- Red ----

TEST(RecoveryGuard, KeepsTheIndexRedWhileANodeIsAway) {
  Scene scene = red();
  EXPECT_THAT(asked(scene), IsEmpty());
  EXPECT_TRUE(scene.holds(reconcile::kWaitsForNewestCopy, ""));
  EXPECT_FALSE(scene.holds(reconcile::kNewestCopyIsMissing, ""));
  hold(scene, reconcile::kWaitsForNewestCopy, minutes{10} - seconds{1});
  EXPECT_THAT(asked(scene), IsEmpty());
  scene.cluster.mutable_holds(0)->set_since_at_us(to_us(scene.now - minutes{10}));
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum"));
}

TEST(RecoveryGuard, KeepsTheIndexRedForAMinuteOnceAllNodesAreThere) {
  Scene scene = red();
  scene.observation.nodes = {"data-0", "data-1", "data-2"};
  scene.node("data-0").mutable_task()->set_joined(true);
  EXPECT_THAT(asked(scene), IsEmpty());
  EXPECT_TRUE(scene.holds(reconcile::kNewestCopyIsMissing, ""));
  hold(scene, reconcile::kNewestCopyIsMissing, seconds{59});
  EXPECT_THAT(asked(scene), IsEmpty());
  scene.cluster.mutable_holds(0)->set_since_at_us(to_us(scene.now - minutes{1}));
  EXPECT_THAT(asked(scene), ElementsAre("/books/_settings quorum"));
}

TEST(RecoveryGuard, CountsOnWhileTheClusterCanNotBeSeen) {
  Scene scene = red();
  hold(scene, reconcile::kWaitsForNewestCopy, minutes{5});
  scene.observation.persistent_settings.reset();
  EXPECT_TRUE(scene.holds(reconcile::kWaitsForNewestCopy, ""));
  scene.observation.observed_at = scene.now - minutes{5};
  EXPECT_TRUE(scene.holds(reconcile::kWaitsForNewestCopy, ""));
}

TEST(RecoveryGuard, OfOthersKeepsTheirIndicesRed) {
  Scene scene = red("full");
  hold(scene, reconcile::kWaitsForNewestCopy, minutes{60});
  EXPECT_THAT(asked(scene), IsEmpty());
  EXPECT_FALSE(scene.holds(reconcile::kWaitsForNewestCopy, ""));
}

// ---- Whole stories ----

World three_nodes() {
  World world;
  world.create({World::group("data", 3)});
  EXPECT_TRUE(world.settle()) << world.show();
  world.index("logs", 4, 1);
  world.index("everywhere", 1, 2);
  return world;
}

/// "all", "stop" and "quorum" in the order of the log.
std::vector<std::string> story(const World& world) {
  std::vector<std::string> told;
  for (const event::Event& event : world.log) {
    if (event.has_task_kill_intended()) told.emplace_back("stop");
    const std::string& purpose = event.elasticsearch_request_intended().purpose();
    if (purpose == reconcile::kSetGuard) told.emplace_back("all");
    if (purpose == reconcile::kTakeGuardAway) told.emplace_back("quorum");
  }
  return told;
}

void expect_taken_away(const World& world) {
  EXPECT_THAT(world.violations, IsEmpty());
  for (const auto& [name, index] : world.indices) EXPECT_NE(index.initial_shards, "all") << name;
  EXPECT_EQ(world.cluster().requests_size(), 0);
}

TEST(RecoveryGuardStory, IsSetOnceForARollingRestartAndGoneBeforeItEnds) {
  World world = three_nodes();
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  const auto told = story(world);
  EXPECT_EQ(std::ranges::count(told, "stop"), 3);
  EXPECT_EQ(std::ranges::count(told, "quorum"), 1);
  EXPECT_EQ(told.front(), "all");
  EXPECT_EQ(told.back(), "quorum");
  EXPECT_EQ(world.indices.at("logs").initial_shards, "quorum");
  const auto finished = std::ranges::find_if(world.log.rbegin(), world.log.rend(),
                                             [](const auto& event) { return event.has_operation_finished(); });
  const auto asked_last = std::ranges::find_if(world.log.rbegin(), world.log.rend(), [](const auto& event) {
    return event.elasticsearch_request_intended().purpose() == reconcile::kTakeGuardAway;
  });
  EXPECT_LT(asked_last->seq(), finished->seq());
  EXPECT_EQ(asked_last->operation_id(), "");
  expect_taken_away(world);
}

TEST(RecoveryGuardStory, IsSetBeforeNodesGrow) {
  World world = three_nodes();
  world.resize("data", 2048);
  ASSERT_TRUE(world.settle(400)) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  const auto told = story(world);
  ASSERT_EQ(std::ranges::count(told, "stop"), 3);
  EXPECT_EQ(told.front(), "all");
  EXPECT_EQ(told.back(), "quorum");
  expect_taken_away(world);
}

TEST(RecoveryGuardStory, IsTakenAwayInAPause) {
  World world = three_nodes();
  world.restart();
  while (world.events_of(event::Event::kNodeRestartBegan).empty()) world.round();
  world.control(command::OperationVerb::kPause);
  for (int i = 0; i < 30; ++i) world.round();
  EXPECT_THAT(story(world), ElementsAre("all", "stop", "quorum"));
  expect_taken_away(world);
}

TEST(RecoveryGuardStory, IsTakenAwayWhenTheOperationIsGivenUp) {
  World world = three_nodes();
  world.flushes_are_lost = true;  // so that the preparation lasts
  world.restart();
  while (world.indices.at("logs").initial_shards != "all") world.round();
  world.give_up_operation();
  world.flushes_are_lost = false;
  ASSERT_TRUE(world.settle()) << world.show();
  expect_taken_away(world);
}

TEST(RecoveryGuardStory, GoesOnWithoutItWhenNobodyAnswersAndTakesAwayWhatCameLate) {
  World world = three_nodes();
  world.index_settings_are_lost = true;
  world.restart();
  for (int i = 0; i < 50; ++i) world.round();
  EXPECT_GE(world.events_of(event::Event::kTaskKillIntended).size(), 1U) << world.show();
  EXPECT_EQ(world.indices.at("logs").initial_shards, "");
  world.index_settings_are_lost = false;
  ASSERT_TRUE(world.settle(400)) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  expect_taken_away(world);
}

TEST(RecoveryGuardStory, GuardsTheOthersWhereOneIsRefused) {
  World world = three_nodes();
  world.unchangeable = {"logs"};
  world.restart();
  ASSERT_TRUE(world.settle()) << world.show();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  EXPECT_EQ(world.indices.at("logs").initial_shards, "");
  EXPECT_EQ(world.indices.at("everywhere").initial_shards, "quorum");
  EXPECT_THAT(world.violations, IsEmpty());
}

TEST(RecoveryGuardStory, IsNotTakenAwayForEverWhereThatIsRefused) {
  World world = three_nodes();
  world.restart();
  while (world.events_of(event::Event::kTaskKillIntended).size() < 3) world.round();
  world.unchangeable = {"logs"};
  for (int i = 0; i < 60; ++i) world.round();
  EXPECT_THAT(world.outcomes, ElementsAre("succeeded", "succeeded"));
  EXPECT_TRUE(world.has_hold(std::string(reconcile::kGuardIsRefused)));
  EXPECT_EQ(world.indices.at("logs").initial_shards, "all");
  world.unchangeable.clear();
  for (int i = 0; i < 700; ++i) world.round();
  EXPECT_EQ(world.indices.at("logs").initial_shards, "quorum");
}

}  // namespace
}  // namespace esaas::test
