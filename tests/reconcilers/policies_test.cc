// Policies: what is a breach, what puts it right, and which snapshots a schedule takes and deletes.

#include "reconcilers/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "reconcilers/policy_snapshots.h"
#include "reconcilers/questions.h"
#include "tests/reconcilers/side_scene.h"

namespace esaas::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;

model::Policies& policies_of(SideScene& side) { return *side.scene.cluster.mutable_spec()->mutable_policies(); }

SideScene with_replicas_min(std::uint32_t minimum, bool correct, std::uint32_t nodes = 3) {
  SideScene side(nodes);
  policies_of(side).set_replicas_min(minimum);
  policies_of(side).set_correct(correct);
  return side;
}

TEST(ReplicasPolicy, OnlyShowsABreachUnlessItMayCorrectIt) {
  SideScene side = with_replicas_min(1, false);
  side.index("logs", 0);
  side.index("shop", 1);
  side.reconcile();
  EXPECT_EQ(side.why(reconcile::kPolicyReplicasMin), "Fewer than 1 replicas: logs. The policies only show it.");
  EXPECT_THAT(side.lines(), IsEmpty());
}

TEST(ReplicasPolicy, CorrectsABreachByARequestOfNoOperation) {
  SideScene side = with_replicas_min(1, true);
  side.index("logs", 0);
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre(StartsWith("PUT /logs/_settings")));
  EXPECT_EQ(side.intended().front().operation_id(), "");
  EXPECT_THAT(side.intended().front().elasticsearch_request_intended().purpose(), StartsWith("policy_"));
  side.answer(true);
  side.scene.observation.persistent_settings.reset();  // as the controller does: an answer has overtaken it
  side.reconcile();
  EXPECT_THAT(side.lines(), SizeIs(1)) << "what was seen before the answer is not corrected twice";
  side.scene.observation.indices.front().replicas = 1;
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), SizeIs(1));
  EXPECT_FALSE(side.holds(reconcile::kPolicyReplicasMin));
}

TEST(ReplicasPolicy, DoesNotAskForCopiesThatNoNodeCouldHold) {
  SideScene side = with_replicas_min(2, true, 2);
  side.index("logs", 1);
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_THAT(side.why(reconcile::kPolicyReplicasMin), HasSubstr("2 data nodes can not hold 3 copies"));
}

TEST(ReplicasPolicy, LeavesIndicesAloneThatExpandOrAreClosed) {
  SideScene side = with_replicas_min(1, true);
  side.index("closed", 0).open = false;
  side.index("grows", 0).auto_expand_replicas = "0-1";
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_FALSE(side.holds(reconcile::kPolicyReplicasMin));
}

TEST(ReplicasPolicy, DoesNotWorkAgainstAnOperation) {
  SideScene side = with_replicas_min(1, true);
  side.index("logs", 0);
  model::Request request;
  request.mutable_replicas()->set_replicas(0);
  side.start(request).set_paused(true);
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_THAT(side.why(reconcile::kPolicyReplicasMin), HasSubstr("op-1 is setting replicas."));
}

TEST(ReplicasPolicy, TellsARefusalAndTriesAgainLater) {
  SideScene side = with_replicas_min(1, true);
  side.index("logs", 0);
  side.reconcile();
  side.answer(false, "cluster_block_exception: blocked");
  side.look();
  side.reconcile();
  EXPECT_THAT(side.why(reconcile::kPolicyReplicasMin),
              HasSubstr("refused to change it: cluster_block_exception: blocked"));
  EXPECT_THAT(side.lines(), SizeIs(1));
  side.wait(minutes{11});
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), SizeIs(2));
}

TEST(Policies, ABreachIsOneUntilTheClusterIsSeenAgain) {
  SideScene side = with_replicas_min(1, false);
  side.index("logs", 0);
  side.reconcile();
  const std::string why = side.why(reconcile::kPolicyReplicasMin);
  state::Hold& hold = *side.scene.cluster.add_holds();
  hold.set_rule(std::string(reconcile::kPolicyReplicasMin));
  hold.set_why(why);
  side.scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  side.reconcile();
  EXPECT_EQ(side.why(reconcile::kPolicyReplicasMin), why);
}

TEST(Policies, AreTheTenantsWhereTheClusterHasNone) {
  SideScene side;
  side.tenant.mutable_policies()->set_replicas_min(1);
  side.index("logs", 0);
  side.reconcile();
  EXPECT_TRUE(side.holds(reconcile::kPolicyReplicasMin));
  policies_of(side);  // its own, and they ask for nothing
  side.reconcile();
  EXPECT_FALSE(side.holds(reconcile::kPolicyReplicasMin));
}

TEST(ShardsPolicy, KeepsTheLimitInElasticsearchAndShowsWhoHasMore) {
  SideScene side;
  policies_of(side).set_shards_per_node_max(2);
  policies_of(side).set_correct(true);
  for (std::uint32_t shard = 0; shard < 3; ++shard) {
    side.scene.observation.shards.push_back({"logs", shard, true, reconcile::ShardState::kStarted, "data-0", ""});
  }
  side.reconcile();
  ASSERT_THAT(side.lines(),
              ElementsAre(HasSubstr(R"({"persistent":{"cluster.routing.allocation.total_shards_per_node":"2"}})")));
  EXPECT_TRUE(side.intended().front().elasticsearch_request_intended().changes(0).unset_before());
  EXPECT_THAT(side.why(reconcile::kPolicyShardsPerNodeMax), HasSubstr("More than 2 shards: data-0."));
  side.answer(true);
  model::Setting& setting = side.scene.observation.persistent_settings->emplace_back();
  setting.set_key("cluster.routing.allocation.total_shards_per_node");
  setting.set_value("2");
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), SizeIs(1));
  EXPECT_EQ(side.why(reconcile::kPolicyShardsPerNodeMax), "More than 2 shards: data-0.");
}

void show_limit(SideScene& side, const std::string& value) {
  side.scene.observation.persistent_settings.emplace();
  if (!value.empty()) {
    model::Setting& setting = side.scene.observation.persistent_settings->emplace_back();
    setting.set_key("cluster.routing.allocation.total_shards_per_node");
    setting.set_value(value);
  }
  side.look();
  side.reconcile();
}

/// A limit of 2, then of 3, where somebody had set `before`.
SideScene with_limit(const std::string& before, const std::string& version) {
  SideScene side(3, version);
  for (const std::uint32_t limit : {2U, 3U}) {
    policies_of(side).set_shards_per_node_max(limit);
    policies_of(side).set_correct(true);
    show_limit(side, limit == 2 ? before : "2");
    side.answer(true);
    show_limit(side, std::to_string(limit));
  }
  EXPECT_THAT(side.lines(), SizeIs(2));
  EXPECT_EQ(side.scene.cluster.policy_runs(0).subject(), "3/" + before);
  return side;
}

TEST(ShardsPolicy, GivesBackWhatWasThereBeforeItWhenItEnds) {
  for (const auto& [version, before, given_back, body] :
       {std::tuple{"2.3.3", "9", "9", R"("9")"}, std::tuple{"2.3.3", "", "-1", R"("-1")"},
        std::tuple{"7.17.28", "9", "9", R"("9")"}, std::tuple{"7.17.28", "", "", "null"}}) {
    SideScene side = with_limit(before, version);
    policies_of(side).clear_shards_per_node_max();
    show_limit(side, "3");
    ASSERT_THAT(side.lines(), SizeIs(3)) << version << before;
    EXPECT_THAT(side.lines().back(), HasSubstr(std::string(R"(total_shards_per_node":)") + body));
    EXPECT_THAT(side.why(reconcile::kPolicyShardsPerNodeMax), HasSubstr("still keeps 3"));
    side.answer(true);
    show_limit(side, given_back);
    EXPECT_TRUE(side.scene.cluster.policy_runs(0).finished());
    EXPECT_EQ(side.scene.cluster.policy_runs(0).failure(), "");
    EXPECT_FALSE(side.holds(reconcile::kPolicyShardsPerNodeMax));
    show_limit(side, "3");
    EXPECT_THAT(side.lines(), SizeIs(3)) << "whoever sets it from now on is not the policy";
  }
}

TEST(ShardsPolicy, LeavesWhatSomebodyElseHasSetSince) {
  SideScene side = with_limit("9", "7.17.28");
  policies_of(side).clear_shards_per_node_max();
  show_limit(side, "50");
  EXPECT_THAT(side.lines(), SizeIs(2));
  EXPECT_THAT(side.scene.cluster.policy_runs(0).failure(), HasSubstr("Somebody else has set"));
}

TEST(ShardsPolicy, ALimitOfWhichTheLogDoesNotSayThatItIsOursStays) {
  SideScene side;
  show_limit(side, "3");
  EXPECT_THAT(side.lines(), IsEmpty());
}

TEST(ScheduledName, SaysTheClusterAndTheMoment) {
  const Time moment = *parse_rfc3339("2016-10-09T12:28:05Z");
  EXPECT_EQ(reconcile::scheduled_name("search", moment), "esaas-search-20161009-122805");
  EXPECT_TRUE(reconcile::is_scheduled_name("search", "esaas-search-20161009-122805"));
  for (const char* other : {"esaas-search-20161009-12280", "esaas-search-2-20161009-122805",
                            "esaas-shop-20161009-122805", "esaas-search-20161009x122805", "mine"}) {
    EXPECT_FALSE(reconcile::is_scheduled_name("search", other)) << other;
  }
}

SideScene with_schedule(std::uint32_t keep) {
  SideScene side;
  auto& schedule = *policies_of(side).mutable_snapshots();
  schedule.set_repository("backup");
  schedule.set_every_s(3600);
  schedule.set_keep(keep);
  side.scene.observation.repositories = {"backup"};
  return side;
}

std::string name_of(const SideScene& side) {
  const std::string& subject = side.scene.cluster.policy_runs(0).subject();
  return subject.substr(subject.find('/') + 1);
}

void show(SideScene& side, std::vector<std::pair<std::string, std::string>> snapshots) {
  side.scene.observation.snapshots.clear();
  for (auto& [name, state] : snapshots) side.scene.observation.snapshots.push_back({"backup", name, state, "", 0});
  side.look();
  side.reconcile();
}

TEST(SnapshotsPolicy, TakesOneWhenItIsDueAndLooksForItsEnd) {
  SideScene side = with_schedule(3);
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre(StartsWith("PUT /_snapshot/backup/esaas-search-")));
  EXPECT_EQ(side.intended().front().operation_id(), "");
  EXPECT_THAT(reconcile::questions_for(side.scene.cluster, {}, side.scene.now).snapshots,
              ElementsAre(Pair("backup", "")));
  side.answer(true);
  show(side, {{name_of(side), "IN_PROGRESS"}});
  EXPECT_FALSE(side.scene.cluster.policy_runs(0).finished());
  show(side, {{name_of(side), "SUCCESS"}});
  EXPECT_TRUE(side.scene.cluster.policy_runs(0).finished());
  EXPECT_EQ(side.scene.cluster.policy_runs(0).failure(), "");
  EXPECT_THAT(reconcile::questions_for(side.scene.cluster, {}, side.scene.now).snapshots, IsEmpty());
  ASSERT_TRUE(side.plan.next_check.has_value());
  EXPECT_EQ(*side.plan.next_check, from_us(side.scene.cluster.policy_runs(0).began_at_us()) + hours{1});
  side.wait(hours{1});
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), SizeIs(2));
}

TEST(SnapshotsPolicy, DeletesTheOldestGoodOnesThatItMadeItself) {
  SideScene side = with_schedule(2);
  side.reconcile();
  side.answer(true);
  const std::vector<std::pair<std::string, std::string>> all = {{"esaas-search-20160101-000000", "SUCCESS"},
                                                                {"esaas-search-20160102-000000", "PARTIAL"},
                                                                {"esaas-search-20160103-000000", "SUCCESS"},
                                                                {"esaas-shop-20160101-000000", "SUCCESS"},
                                                                {"mine", "SUCCESS"},
                                                                {name_of(side), "SUCCESS"}};
  show(side, all);
  ASSERT_THAT(side.lines(), SizeIs(2));
  EXPECT_EQ(side.lines()[1], "DELETE /_snapshot/backup/esaas-search-20160101-000000");
  EXPECT_FALSE(side.scene.cluster.policy_runs(0).finished());
  side.answer(true);
  show(side, {all.begin() + 1, all.end()});
  EXPECT_THAT(side.lines(), SizeIs(2));
  EXPECT_TRUE(side.scene.cluster.policy_runs(0).finished());
}

TEST(SnapshotsPolicy, AFailureIsAHoldUntilTheNext) {
  SideScene side = with_schedule(2);
  side.reconcile();
  side.answer(false, "repository_missing_exception: [backup] missing");
  side.look();
  side.reconcile();
  EXPECT_THAT(side.why(reconcile::kPolicySnapshots),
              HasSubstr("failed: repository_missing_exception: [backup] missing"));
  side.wait(hours{1});
  side.look();
  side.reconcile();
  EXPECT_FALSE(side.holds(reconcile::kPolicySnapshots));
  EXPECT_THAT(side.lines(), SizeIs(2));
}

TEST(SnapshotsPolicy, APartialOneHasFailedAndNothingIsDeletedForIt) {
  SideScene side = with_schedule(1);
  side.reconcile();
  side.answer(true);
  show(side, {{"esaas-search-20160101-000000", "SUCCESS"},
              {"esaas-search-20160102-000000", "SUCCESS"},
              {name_of(side), "PARTIAL"}});
  EXPECT_THAT(side.lines(), SizeIs(1));
  EXPECT_EQ(side.scene.cluster.policy_runs(0).failure(), "PARTIAL");
}

TEST(SnapshotsPolicy, WaitsForARepositoryThatIsNotRegistered) {
  SideScene side = with_schedule(1);
  side.scene.observation.repositories.clear();
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_THAT(side.why(reconcile::kPolicySnapshots), HasSubstr("repository backup is not registered"));
}

TEST(SnapshotsPolicy, ThatIsTakenAwayEndsItsRun) {
  SideScene side = with_schedule(1);
  side.reconcile();
  side.answer(true);
  policies_of(side).clear_snapshots();
  side.look();
  side.reconcile();
  EXPECT_TRUE(side.scene.cluster.policy_runs(0).finished());
  EXPECT_THAT(side.plan.holds, IsEmpty());
}

TEST(Questions, AreAskedOnlyWhileSomebodyWaits) {
  Scene scene = Scene::at_rest(3);
  EXPECT_EQ(reconcile::questions_for(scene.cluster, {}, scene.now), reconcile::Questions{});
  scene.node("data-1").set_removing(true);
  EXPECT_TRUE(reconcile::questions_for(scene.cluster, {}, scene.now).nodes);
}

TEST(Questions, ExplainWhatHasBeenUnassignedForAWhile) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.mutable_health()->set_unassigned_shards(2);
  scene.cluster.set_health_since_at_us(to_us(scene.now));
  EXPECT_FALSE(reconcile::questions_for(scene.cluster, {}, scene.now).explain);
  EXPECT_TRUE(reconcile::questions_for(scene.cluster, {}, scene.now + minutes{1}).explain);
}

TEST(Questions, AreAboutNodesThatRunOtherwiseThanTheyAreWanted) {
  Scene scene = Scene::at_rest(3);
  auto& inputs = *scene.node("data-1").mutable_task()->mutable_inputs();
  inputs.set_version(scene.cluster.spec().version());
  EXPECT_FALSE(reconcile::questions_for(scene.cluster, {}, scene.now).nodes);
  inputs.set_version("2.1.0");
  EXPECT_TRUE(reconcile::questions_for(scene.cluster, {}, scene.now).nodes);
}

TEST(Questions, AreAboutTheSnapshotsThatAreAwaited) {
  Scene scene = Scene::at_rest(3);
  state::Operation operation;
  operation.mutable_request()->mutable_take_snapshot()->set_repository("backup");
  operation.mutable_request()->mutable_take_snapshot()->set_snapshot("s1");
  const state::Operation* running[] = {&operation};
  auto& request = *scene.cluster.add_requests();
  request.set_purpose("take_snapshot");
  request.set_subject("backup/before-op-7");
  EXPECT_THAT(reconcile::questions_for(scene.cluster, running, scene.now).snapshots,
              ElementsAre(Pair("backup", "s1"), Pair("backup", "before-op-7")));
}

TEST(Questions, WhileNodesChangeEachRepositoryIsAskedWhatIsBeingTakenIntoIt) {
  SideScene side;
  const std::vector<std::string> repositories{"backup", "nas"};
  EXPECT_THAT(reconcile::questions_for(side.scene.cluster, {}, side.scene.now, repositories).snapshots, IsEmpty());
  side.scene.node("data-1").set_removing(true);
  EXPECT_THAT(reconcile::questions_for(side.scene.cluster, {}, side.scene.now, repositories).snapshots,
              ElementsAre(Pair("backup", "_current"), Pair("nas", "_current")));
}

}  // namespace
}  // namespace esaas::test
