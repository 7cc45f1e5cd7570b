// Who votes from Elasticsearch 7 on: a master that leaves gives its vote away before it is stopped.

#include "reconcilers/voting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/rules/stop_rules.h"
#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Four masters of 7.x of which data-3 leaves: drained, and nothing on it.
Scene leaving_master() {
  static const Scene made = [] {
    Scene scene = Scene::at_rest(4);
    scene.cluster.mutable_spec()->set_version("7.17.28");
    scene.settings.catalogue.artifacts["7.17.28"].uri = "file:///cache/elasticsearch-7.17.28.tar.gz";
    for (auto& node : *scene.cluster.mutable_nodes()) node.mutable_task()->mutable_inputs()->set_version("7.17.28");
    scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(3);
    scene.cluster.set_minimum_master_nodes_intended(0);
    scene.cluster.set_minimum_master_nodes_applied(0);
    scene.observation.minimum_master_nodes = 0;
    scene.observation.voting_configuration = {{"data-0", "data-1", "data-3"}};
    scene.observation.voting_exclusions.emplace();
    scene.node("data-3").set_removing(true);
    scene.node("data-3").set_drain(state::DRAIN_STATUS_FINISHED);
    scene.cluster.add_exclusions_intended("data-3");
    scene.cluster.add_exclusions_applied("data-3");
    scene.observation.excluded_nodes = {{"data-3"}};
    return scene;
  }();
  return made;
}

std::vector<std::string> excluded_by(const Scene& scene) {
  for (const auto& action : scene.plan().actions) {
    for (const auto& event : action.events) {
      if (!event.has_voting_exclusions_intended()) continue;
      const auto& nodes = event.voting_exclusions_intended().nodes();
      return {nodes.begin(), nodes.end()};
    }
  }
  return {"no change"};
}

TEST(Voting, IsKeptByTheClusterItselfFromSevenOn) {
  EXPECT_FALSE(reconcile::keeps_voting_configuration("2.3.3"));
  EXPECT_FALSE(reconcile::keeps_voting_configuration("6.8.23"));
  EXPECT_TRUE(reconcile::keeps_voting_configuration("7.17.28"));
  EXPECT_FALSE(reconcile::keeps_voting_configuration("nonsense"));
}

TEST(Voting, AMasterThatLeavesIsExcludedBeforeItIsStopped) {
  const Scene scene = leaving_master();
  EXPECT_THAT(excluded_by(scene), ElementsAre("data-3"));
  EXPECT_TRUE(scene.holds("vote_is_handed_over", "data-3"));
  EXPECT_FALSE(scene.plans("stop_node"));
}

TEST(Voting, ItIsStoppedOnceItsVoteIsWithOthers) {
  Scene scene = leaving_master();
  scene.cluster.add_voting_exclusions_intended("data-3");
  scene.cluster.add_voting_exclusions_applied("data-3");
  EXPECT_FALSE(scene.plans("stop_node"));
  scene.observation.voting_configuration = {{"data-0", "data-1", "data-2"}};
  EXPECT_TRUE(scene.plans("stop_node"));
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change"));
}

TEST(Voting, AnIntentThatIsNotConfirmedIsRepeated) {
  Scene scene = leaving_master();
  scene.cluster.add_voting_exclusions_intended("data-3");
  const auto plan = scene.plan();
  EXPECT_TRUE(std::ranges::any_of(plan.repeats, [](const auto& one) { return one.has_voting_exclusions_intended(); }));
}

TEST(Voting, TheListIsClearedWhenItHasStopped) {
  Scene scene = leaving_master();
  scene.cluster.add_voting_exclusions_intended("data-3");
  scene.cluster.add_voting_exclusions_applied("data-3");
  scene.node("data-3").mutable_task()->set_state(model::TASK_STATE_KILLED);
  scene.node("data-3").mutable_task()->set_joined(false);
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change")) << "Elasticsearch has not missed it yet";
  std::erase(scene.observation.nodes, "data-3");
  EXPECT_THAT(excluded_by(scene), IsEmpty());
}

TEST(Voting, OneThatIsForgottenStaysExcludedWhileItIsAMember) {
  Scene scene = leaving_master();
  scene.cluster.add_voting_exclusions_intended("data-3");
  scene.cluster.add_voting_exclusions_applied("data-3");
  scene.cluster.mutable_nodes()->RemoveLast();
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change"));
  std::erase(scene.observation.nodes, "data-3");
  EXPECT_THAT(excluded_by(scene), IsEmpty());
}

/// data-3 was lost with its machine while its vote counted.
Scene lost_master() {
  Scene scene = leaving_master();
  scene.cluster.mutable_nodes()->RemoveLast();
  scene.cluster.clear_exclusions_intended();
  scene.cluster.clear_exclusions_applied();
  scene.observation.excluded_nodes.emplace();
  std::erase(scene.observation.nodes, "data-3");
  scene.observation.voting_configuration = {{"#nIqwjjrnTJudv6VN_0jGbQ", "data-0", "data-1"}};
  return scene;
}

TEST(Voting, AVoterThatIsGoneForGoodIsExcludedByItsId) {
  EXPECT_THAT(excluded_by(lost_master()), ElementsAre("#nIqwjjrnTJudv6VN_0jGbQ"));
}

TEST(Voting, BeforeSevenEightNobodyCanBeExcludedWhoIsNotThere) {
  Scene scene = lost_master();
  scene.node("data-1").mutable_task()->mutable_inputs()->set_version("7.7.1");
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change"));
}

TEST(Voting, AnIdThatMayBeOfANodeThatComesBackIsNotExcluded) {
  Scene scene = lost_master();
  scene.node("data-2").mutable_task()->set_joined(false);
  std::erase(scene.observation.nodes, "data-2");
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change")) << "it runs";
  scene.node("data-2").mutable_task()->set_state(model::TASK_STATE_FAILED);
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change")) << "it is started again on its volume";
  scene.node("data-2").mutable_task()->set_state(model::TASK_STATE_UNREACHABLE);
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change")) << "it is out of sight";
  scene.node("data-2").clear_task();
  scene.node("data-2").clear_place();
  scene.node("data-2").set_place_status(state::PLACE_STATUS_NONE);
  EXPECT_THAT(excluded_by(scene), ElementsAre("#nIqwjjrnTJudv6VN_0jGbQ")) << "its volume is gone";
}

TEST(Voting, OneThatLeavesAndWillNotStartAgainHoldsNothingUp) {
  Scene scene = leaving_master();
  scene.node("data-3").mutable_task()->set_state(model::TASK_STATE_FAILED);
  scene.node("data-3").mutable_task()->set_joined(false);
  std::erase(scene.observation.nodes, "data-3");
  scene.observation.voting_configuration = {{"#nIqwjjrnTJudv6VN_0jGbQ", "data-0", "data-1"}};
  EXPECT_THAT(excluded_by(scene), ElementsAre("#nIqwjjrnTJudv6VN_0jGbQ"));
}

TEST(Voting, TheIdIsTakenFromTheListWhenItsVoteIsSeenToBeGone) {
  Scene scene = lost_master();
  scene.cluster.add_voting_exclusions_intended("#nIqwjjrnTJudv6VN_0jGbQ");
  scene.cluster.add_voting_exclusions_applied("#nIqwjjrnTJudv6VN_0jGbQ");
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change"));
  scene.observation.voting_configuration = {{"data-0", "data-1"}};
  scene.observation.voting_exclusions.reset();
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change")) << "what is seen may be from before an answer";
  scene.observation.voting_exclusions = {{"#nIqwjjrnTJudv6VN_0jGbQ"}};
  EXPECT_THAT(excluded_by(scene), IsEmpty());
  scene.node("data-2").mutable_task()->set_joined(false);
  EXPECT_THAT(excluded_by(scene), IsEmpty()) << "whoever else is away has nothing to do with it";
}

TEST(Voting, IdsAndNamesAreNeverOnTheListTogether) {
  Scene scene = leaving_master();
  scene.observation.voting_configuration = {{"#nIqwjjrnTJudv6VN_0jGbQ", "data-0", "data-3"}};
  EXPECT_THAT(excluded_by(scene), ElementsAre("data-3"));
  scene.cluster.add_voting_exclusions_intended("#nIqwjjrnTJudv6VN_0jGbQ");
  scene.cluster.add_voting_exclusions_applied("#nIqwjjrnTJudv6VN_0jGbQ");
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change"));
  scene.observation.voting_configuration = {{"data-0", "data-3"}};
  EXPECT_THAT(excluded_by(scene), IsEmpty());
}

TEST(Voting, AnExclusionThatNobodyWantsIsTakenAwayUntilItIsGone) {
  Scene scene = leaving_master();
  scene.node("data-3").set_removing(false);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(4);
  scene.cluster.add_voting_exclusions_applied("data-3");
  const auto plan = scene.plan();
  const auto cleared =
      std::ranges::find_if(plan.repeats, [](const auto& one) { return one.has_voting_exclusions_intended(); });
  ASSERT_NE(cleared, plan.repeats.end());
  EXPECT_EQ(cleared->voting_exclusions_intended().nodes_size(), 0);
}

TEST(Voting, WhatIsNotKnownOfTheVotesRefuses) {
  Scene scene = leaving_master();
  scene.observation.voting_configuration.reset();
  EXPECT_TRUE(scene.holds("vote_is_handed_over", "data-3"));
}

TEST(Voting, APauseExcludesNobody) {
  Scene scene = leaving_master();
  scene.operation.set_id("op-9");
  scene.operation.set_paused(true);
  EXPECT_THAT(excluded_by(scene), ElementsAre("no change"));
}

TEST(Voting, MinimumMasterNodesIsNeverPut) {
  const Scene scene = leaving_master();
  const auto plan = scene.plan();
  for (const auto& action : plan.actions) EXPECT_NE(action.name, "set_minimum_master_nodes");
  for (const auto& repeat : plan.repeats) EXPECT_FALSE(repeat.has_minimum_master_nodes_intended());
}

TEST(Voting, VotesAreCountedAmongTheVotersThatAreMembers) {
  Scene scene = leaving_master();
  const auto votes = [&](const char* node) {
    const reconcile::Input input = scene.input();
    return reconcile::count_votes(reconcile::View(input), scene.node(node));
  };
  EXPECT_EQ(votes("data-0").others, 2U);
  EXPECT_EQ(votes("data-0").needed, 2U);
  EXPECT_EQ(votes("data-2").others, 3U);
  std::erase(scene.observation.nodes, "data-1");
  EXPECT_EQ(votes("data-0").others, 1U);
}

}  // namespace
}  // namespace esaas::test
