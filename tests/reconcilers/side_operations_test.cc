// Operations that run beside the active one: what they ask of Elasticsearch, in which order, and how they end.

#include "reconcilers/side_operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/side_operation.h"
#include "tests/reconcilers/side_scene.h"

namespace esaas::test {
namespace {

using reconcile::ShardState;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

model::Setting setting(const std::string& key, const std::string& value) {
  model::Setting made;
  made.set_key(key);
  made.set_value(value);
  return made;
}

model::Setting unset(const std::string& key) {
  model::Setting made;
  made.set_key(key);
  made.set_unset(true);
  return made;
}

model::Request persistent(const model::Setting& setting) {
  model::Request request;
  *request.mutable_settings()->add_persistent() = setting;
  return request;
}

constexpr const char* kEnable = "cluster.routing.allocation.enable";
constexpr const char* kPutSettings = "PUT /_cluster/settings?flat_settings=true&master_timeout=10s&timeout=10s ";

TEST(SettingsOperation, TakesDownWhatWasBeforeFromALookAfterItsStart) {
  SideScene side;
  side.start(persistent(setting(kEnable, "none")));
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty()) << "what was seen before it started may be old";
  side.scene.observation.persistent_settings->push_back(setting(kEnable, "primaries"));
  side.look();
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre(std::string(kPutSettings) +
                                        R"({"persistent":{"cluster.routing.allocation.enable":"none"}})"));
  const event::Event& intent = side.intended().front();
  EXPECT_EQ(intent.operation_id(), "op-1");
  const auto& change = intent.elasticsearch_request_intended().changes(0);
  EXPECT_EQ(change.scope(), "persistent");
  EXPECT_EQ(change.before(), "primaries");
  EXPECT_EQ(change.after(), "none");
  side.answer(true);
  side.reconcile();
  EXPECT_EQ(side.outcome(), "succeeded: The settings are in force.");
  EXPECT_THAT(side.intended(), SizeIs(1));
}

TEST(SettingsOperation, FailsInElasticsearchsOwnWords) {
  SideScene side;
  side.start(persistent(setting("no.such", "1")));
  side.look();
  side.reconcile();
  side.answer(false, "illegal_argument_exception: persistent setting [no.such], not recognized");
  side.reconcile();
  EXPECT_EQ(side.outcome(), "failed: illegal_argument_exception: persistent setting [no.such], not recognized");
}

TEST(SettingsOperation, ThatChangesNothingAsksNothing) {
  SideScene side;
  side.scene.observation.persistent_settings->push_back(setting(kEnable, "none"));
  side.start(persistent(setting(kEnable, "none")));
  side.look();
  side.reconcile();
  EXPECT_EQ(side.outcome(), "succeeded: The settings were so already.");
  EXPECT_THAT(side.lines(), IsEmpty());
}

TEST(SettingsOperation, UnsetsByNullFrom5On) {
  SideScene side(3, "5.6.16");
  side.scene.observation.persistent_settings->push_back(setting(kEnable, "none"));
  side.start(persistent(unset(kEnable)));
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(),
              ElementsAre(std::string(kPutSettings) + R"({"persistent":{"cluster.routing.allocation.enable":null}})"));
  const auto& change = side.intended().front().elasticsearch_request_intended().changes(0);
  EXPECT_TRUE(change.unset_after());
  EXPECT_EQ(change.before(), "none");
}

TEST(SettingsOperation, Of2xIsGivenTheDefaultInsteadOfNothing) {
  SideScene side;
  side.scene.observation.persistent_settings->push_back(setting(kEnable, "none"));
  side.start(persistent(unset(kEnable)));
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(),
              ElementsAre(std::string(kPutSettings) + R"({"persistent":{"cluster.routing.allocation.enable":"all"}})"));
}

TEST(SettingsOperation, Of2xFallsBackToThePersistentValue) {
  SideScene side;
  side.scene.observation.persistent_settings->push_back(setting(kEnable, "primaries"));
  side.scene.observation.transient_settings->push_back(setting(kEnable, "none"));
  model::Request request;
  *request.mutable_settings()->add_transient() = unset(kEnable);
  side.start(request);
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), ElementsAre(std::string(kPutSettings) +
                                        R"({"transient":{"cluster.routing.allocation.enable":"primaries"}})"));
}

TEST(SettingsOperation, Of2xThatHasNoKnownDefaultIsRefusedAndNothingIsSent) {
  SideScene side;
  side.scene.observation.persistent_settings->push_back(setting("indices.breaker.total.limit", "60%"));
  side.start(persistent(unset("indices.breaker.total.limit")));
  side.look();
  side.reconcile();
  EXPECT_THAT(side.outcome(), HasSubstr("Elasticsearch 2.x can not take a setting away"));
  EXPECT_THAT(side.lines(), IsEmpty());
}

model::Request replicas(std::uint32_t count, std::vector<std::string> indices = {}) {
  model::Request request;
  request.mutable_replicas()->set_replicas(count);
  for (std::string& index : indices) request.mutable_replicas()->add_indices(std::move(index));
  return request;
}

TEST(ReplicasOperation, AsksOncePerNumberBeforeAndLooksWhetherItIsSoEverywhere) {
  SideScene side;
  side.index("a", 0);
  side.index("b", 0);
  side.index("c", 2);
  side.index("d", 1);
  side.start(replicas(1));
  side.look();
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre(StartsWith("PUT /a,b/_settings"), StartsWith("PUT /c/_settings")));
  EXPECT_THAT(side.lines()[0], HasSubstr(R"({"index":{"number_of_replicas":1}})"));
  const auto& changes = side.intended()[0].elasticsearch_request_intended().changes();
  ASSERT_EQ(changes.size(), 2);
  EXPECT_EQ(changes[1].scope(), "b");
  EXPECT_EQ(changes[1].before(), "0");
  side.answer(true);
  side.answer(true);
  side.reconcile();
  EXPECT_EQ(side.outcome(), "") << "the answers are newer than what was seen";
  for (auto& index : side.scene.observation.indices) index.replicas = 1;
  side.look();
  side.reconcile();
  EXPECT_EQ(side.outcome(), "succeeded: 4 indices have 1 replicas.");
}

TEST(ReplicasOperation, LeavesClosedAndExpandingIndicesAloneAndNamesThem) {
  SideScene side;
  side.index("closed", 0).open = false;
  side.index("grows", 0).auto_expand_replicas = "0-all";
  side.index("logs", 1);
  side.start(replicas(1));
  side.look();
  side.reconcile();
  EXPECT_THAT(side.outcome(), HasSubstr("Left alone: closed (closed), grows (expands by itself)."));
  EXPECT_THAT(side.lines(), IsEmpty());
}

TEST(ReplicasOperation, TellsThatThereAreTooFewNodesForTheCopies) {
  SideScene side;
  side.index("logs", 4);
  side.start(replicas(4));
  side.look();
  side.reconcile();
  EXPECT_THAT(side.outcome(), HasSubstr("There are 3 data nodes, so 2 copies of each shard can not be assigned."));
}

TEST(ReplicasOperation, OfAnIndexThatIsNotThereFailsInElasticsearchsOwnWords) {
  SideScene side;
  side.start(replicas(1, {"nosuch"}));
  side.look();
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre(StartsWith("PUT /nosuch/_settings")));
  side.answer(false, "index_not_found_exception: no such index");
  side.reconcile();
  EXPECT_EQ(side.outcome(), "failed: index_not_found_exception: no such index");
}

TEST(ReplicasOperation, GoesByPatterns) {
  SideScene side;
  side.index("logs-2016", 0);
  side.index("logs-2017", 0);
  side.index("shop", 0);
  side.start(replicas(1, {"logs-*7", "shop"}));
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), ElementsAre(StartsWith("PUT /logs-2017,shop/_settings")));
}

TEST(ReplicasOperation, EndsWhenSomethingElseChangesThemBack) {
  SideScene side;
  side.index("logs", 0);
  side.start(replicas(1));
  side.look();
  side.reconcile();
  side.answer(true);
  side.look();
  side.reconcile();
  EXPECT_THAT(side.outcome(), HasSubstr("something else has changed"));
}

TEST(IndicesOperation, ClosesByNameAndFailsInElasticsearchsOwnWords) {
  SideScene side;
  model::Request request;
  request.mutable_close_indices()->add_indices("logs-*");
  request.mutable_close_indices()->add_indices("shop");
  side.start(request);
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre("POST /logs-*,shop/_close?master_timeout=10s&timeout=10s"));
  side.answer(false, "index_not_found_exception: no such index");
  side.reconcile();
  EXPECT_EQ(side.outcome(), "failed: index_not_found_exception: no such index");
}

model::Request take() {
  model::Request request;
  request.mutable_take_snapshot()->set_repository("backup");
  request.mutable_take_snapshot()->set_snapshot("s1");
  return request;
}

/// `began`: by the clock of Elasticsearch; else just now.
void show_snapshot(SideScene& side, const std::string& state, const std::string& reason = {},
                   std::optional<Time> began = std::nullopt) {
  side.scene.observation.snapshots = {{"backup", "s1", state, reason, to_us(began.value_or(side.scene.now))}};
  side.look();
  side.reconcile();
}

/// The request is out: there was none of the name.
void begin_taking(SideScene& side) {
  side.scene.observation.repositories = {"backup"};
  side.start(take());
  show_snapshot(side, "MISSING", "snapshot_missing_exception: [backup:s1] is missing");
  ASSERT_THAT(side.lines(),
              ElementsAre(R"(PUT /_snapshot/backup/s1?wait_for_completion=false {"include_global_state":true})"));
}

TEST(SnapshotOperation, IsDoneWhenTheSnapshotIs) {
  SideScene side;
  begin_taking(side);
  side.answer(true);
  show_snapshot(side, "IN_PROGRESS");
  EXPECT_TRUE(side.holds(reconcile::kSideOperationWaitsForSnapshot));
  EXPECT_EQ(side.outcome(), "");
  show_snapshot(side, "SUCCESS");
  EXPECT_EQ(side.outcome(), "succeeded: Snapshot backup/s1 is complete.");
}

TEST(SnapshotOperation, ThatIsPartialHasFailedAndSaysWhy) {
  SideScene side;
  begin_taking(side);
  side.answer(true);
  show_snapshot(side, "PARTIAL", "primary shard is not allocated");
  EXPECT_EQ(side.outcome(), "failed: Snapshot backup/s1 is PARTIAL: primary shard is not allocated");
}

TEST(SnapshotOperation, ThatElasticsearchForgetsHasFailed) {
  SideScene side;
  begin_taking(side);
  side.answer(true);
  show_snapshot(side, "MISSING");
  EXPECT_EQ(side.outcome(), "");
  side.wait(minutes{2});
  show_snapshot(side, "MISSING");
  EXPECT_THAT(side.outcome(), HasSubstr("does not know of snapshot backup/s1"));
}

TEST(SnapshotOperation, WhoseFirstAnswerWasLostFindsItsSnapshot) {
  SideScene side;
  begin_taking(side);
  side.wait(seconds{7});
  side.answer(false, "invalid_snapshot_name_exception: [backup:s1] snapshot with such name already exists");
  show_snapshot(side, "SUCCESS");
  EXPECT_EQ(side.outcome(), "succeeded: Snapshot backup/s1 is complete.");
}

TEST(SnapshotOperation, ThatAControllerStartedAnewAskedForAtOnceAgainFindsItsSnapshot) {
  SideScene side;
  begin_taking(side);
  const auto began = side.scene.now - std::chrono::milliseconds{200};  // as Elasticsearch knows the time
  side.wait(seconds{1});
  side.answer(false, "invalid_snapshot_name_exception: [backup:s1] snapshot with such name already exists");
  show_snapshot(side, "SUCCESS", {}, began);
  EXPECT_EQ(side.outcome(), "succeeded: Snapshot backup/s1 is complete.");
}

TEST(SnapshotOperation, OfANameThatSomebodyElseHasIsRefused) {
  SideScene side;
  const auto began = side.scene.now;
  side.wait(seconds{3});
  begin_taking(side);
  side.answer(false, "invalid_snapshot_name_exception: [backup:s1] snapshot with such name already exists");
  show_snapshot(side, "SUCCESS", {}, began);
  EXPECT_THAT(side.outcome(), StartsWith("failed: invalid_snapshot_name_exception"));
}

TEST(SnapshotOperation, OfANameThatIsThereIsRefusedAndNothingIsSent) {
  SideScene side;
  side.scene.observation.repositories = {"backup"};
  side.start(take());
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty()) << "nobody has looked yet";
  EXPECT_TRUE(side.holds(reconcile::kSideOperationWaitsForSnapshot));
  show_snapshot(side, "SUCCESS");
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_EQ(side.outcome(), "failed: Snapshot backup/s1 already exists: SUCCESS.");
}

TEST(SnapshotOperation, IntoARepositoryThatIsNotThereFailsInElasticsearchsOwnWords) {
  SideScene side;
  side.start(take());
  side.look();
  side.reconcile();
  ASSERT_THAT(side.lines(), SizeIs(1));
  side.answer(false, "repository_missing_exception: [backup] missing");
  side.reconcile();
  EXPECT_EQ(side.outcome(), "failed: repository_missing_exception: [backup] missing");
}

model::Request delete_snapshot() {
  model::Request request;
  request.mutable_delete_snapshot()->set_repository("backup");
  request.mutable_delete_snapshot()->set_snapshot("s1");
  return request;
}

TEST(SnapshotOperation, DeletesOnlyWhatIsThere) {
  SideScene side;
  side.scene.observation.repositories = {"backup"};
  side.start(delete_snapshot());
  side.look();
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  show_snapshot(side, "MISSING", "snapshot_missing_exception: [backup:s1] is missing");
  EXPECT_EQ(side.outcome(), "failed: snapshot_missing_exception: [backup:s1] is missing");
}

TEST(SnapshotOperation, ThatIsGoneAtTheSecondTryIsDeleted) {
  SideScene side;
  side.scene.observation.repositories = {"backup"};
  side.start(delete_snapshot());
  show_snapshot(side, "SUCCESS");
  ASSERT_THAT(side.lines(), ElementsAre("DELETE /_snapshot/backup/s1"));
  side.answer(false, "snapshot_missing_exception: [backup:s1] is missing");
  side.reconcile();
  EXPECT_EQ(side.outcome(), "succeeded: Snapshot backup/s1 is deleted.");
}

TEST(SnapshotOperation, OfARepositoryThatIsNotThereIsNotDeleted) {
  SideScene side;
  side.start(delete_snapshot());
  side.look();
  side.reconcile();
  EXPECT_EQ(side.outcome(), "failed: There is no repository backup.");
}

model::Request restore(std::vector<std::string> indices = {}) {
  model::Request request;
  request.mutable_restore_snapshot()->set_repository("backup");
  request.mutable_restore_snapshot()->set_snapshot("s1");
  for (std::string& index : indices) request.mutable_restore_snapshot()->add_indices(std::move(index));
  return request;
}

TEST(RestoreOperation, IsDoneWhenAllRestoredPrimariesAreStarted) {
  SideScene side;
  side.scene.observation.shards = {{"other", 0, true, ShardState::kUnassigned, "", ""}};
  side.start(restore({"logs"}));
  side.reconcile();
  ASSERT_THAT(side.lines(), ElementsAre("POST /_snapshot/backup/s1/_restore?wait_for_completion=false "
                                        R"({"indices":"logs","include_global_state":false})"));
  side.answer(true);
  side.scene.observation.shards.push_back({"logs", 0, true, ShardState::kInitializing, "data-0", ""});
  side.scene.observation.shards.push_back({"logs", 1, true, ShardState::kStarted, "data-1", ""});
  side.look();
  side.reconcile();
  EXPECT_TRUE(side.holds(reconcile::kSideOperationWaitsForShards));
  side.scene.observation.shards[1].state = ShardState::kStarted;
  side.look();
  side.reconcile();
  EXPECT_EQ(side.outcome(), "succeeded: backup/s1 is restored: 2 primary shards are started.");
}

TEST(RestoreOperation, OfNothingHasFailed) {
  SideScene side;
  side.start(restore({"nosuch"}));
  side.reconcile();
  side.answer(true);
  side.look();
  side.reconcile();
  EXPECT_THAT(side.outcome(), StartsWith("failed: Nothing is restored"));
}

TEST(RestoreOperation, ThatIsRefusedAfterARepeatSaysThatItIsInDoubt) {
  SideScene side;
  side.start(restore());
  side.reconcile();
  side.wait(seconds{6});
  side.answer(false, "snapshot_restore_exception: [backup:s1] cannot restore index [logs] because it's open");
  side.reconcile();
  EXPECT_THAT(side.outcome(), HasSubstr("an earlier one may have been taken"));
}

TEST(SideOperation, WaitsWhileTheClusterDoesNotAnswerAndNamesTheOperation) {
  SideScene side;
  side.start(take());
  side.scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_EQ(side.why(reconcile::kSideOperationWaitsForHealth),
            "op-1 (take_snapshot): The cluster does not answer; this goes on when it does.");
}

TEST(SideOperation, TwoThatWaitForTheSameAreBothNamed) {
  SideScene side;
  side.start(take());
  side.start(restore());
  side.scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  side.reconcile();
  EXPECT_THAT(side.why(reconcile::kSideOperationWaitsForHealth), HasSubstr("op-1 (take_snapshot)"));
  EXPECT_THAT(side.why(reconcile::kSideOperationWaitsForHealth), HasSubstr("op-2 (restore_snapshot)"));
}

TEST(SideOperation, WaitsWhileTheClusterIsSuspended) {
  SideScene side;
  side.start(take());
  side.scene.cluster.set_phase(state::CLUSTER_PHASE_SUSPENDED);
  for (auto& node : *side.scene.cluster.mutable_nodes()) node.mutable_task()->set_state(model::TASK_STATE_KILLED);
  side.plan = reconcile::reconcile(side.input());
  EXPECT_TRUE(side.holds(reconcile::kSideOperationWaitsForResume));
}

TEST(SideOperation, GoesOnWhileTheActiveOperationIsPaused) {
  SideScene side;
  side.scene.operation.set_id("op-9");
  side.scene.operation.mutable_request()->mutable_scale()->set_group("data");
  side.scene.operation.set_paused(true);
  side.scene.cluster.set_active_operation("op-9");
  side.start(restore());
  side.reconcile();
  EXPECT_THAT(side.lines(), SizeIs(1));
}

TEST(SideOperation, ThatIsPausedItselfWaits) {
  SideScene side;
  side.start(take()).set_paused(true);
  side.reconcile();
  EXPECT_THAT(side.lines(), IsEmpty());
  EXPECT_TRUE(side.holds(reconcile::kSideOperationPaused));
}

TEST(SideOperation, RepeatsWhatIsNotAnsweredAndSaysSoAfterAWhile) {
  SideScene side;
  side.start(restore());
  side.reconcile();
  ASSERT_THAT(side.plan.repeats, SizeIs(1));
  EXPECT_EQ(side.plan.repeats.front().seq(), side.intended().front().seq());
  EXPECT_EQ(side.plan.repeats.front().elasticsearch_request_intended().path(),
            side.intended().front().elasticsearch_request_intended().path());
  EXPECT_FALSE(side.holds(reconcile::kElasticsearchDoesNotAnswer));
  side.wait(seconds{20});
  side.look();
  side.reconcile();
  EXPECT_THAT(side.why(reconcile::kElasticsearchDoesNotAnswer), StartsWith("op-1 waits for an answer to POST"));
  EXPECT_THAT(side.intended(), SizeIs(1));
}

TEST(SideOperation, SetsPoliciesWithoutAskingAnybody) {
  SideScene side;
  side.scene.observation.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  model::Request request;
  request.mutable_policies();
  side.start(request);
  side.reconcile();
  EXPECT_EQ(side.outcome(), "succeeded: The policies are set.");
}

}  // namespace
}  // namespace esaas::test
