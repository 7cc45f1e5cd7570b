// Operations on offers, tasks, acknowledgement, kill, reconciliation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/embedded/driver.h"

namespace esaas::embedded::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRole = "es-a";

std::vector<wire::Resource> node_resources(const std::string& node) { return resources_of({}, kRole, node); }

TEST(ModelOperations, ReserveCreateLaunchInOneAccept) {
  ModelDriver driver;
  driver.subscribe();
  auto task_resources = node_resources("n1");
  task_resources[2] = volume_of({}, kRole, "n1", "vol-1");
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "r1"),
                                  ModelDriver::create(volume_of({}, kRole, "n1", "vol-1"), "c1"),
                                  ModelDriver::launch("t1", driver.agent(1), task_resources)});
  const auto updates = driver.take(Event::UPDATE_OPERATION_STATUS);
  ASSERT_EQ(updates.size(), 2U);
  for (const auto& update : updates) {
    EXPECT_EQ(update.update_operation_status().status().state(), wire::OPERATION_FINISHED);
    EXPECT_EQ(update.update_operation_status().status().uuid().value().size(), 16U);
  }
  ASSERT_EQ(driver.launches.size(), 1U);
  EXPECT_EQ(driver.launches[0].hostname, "127.0.0.11");
  EXPECT_EQ(driver.launches[0].user, "nobody");
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 3000);
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("disk"), 9'216'000);
}

TEST(ModelOperations, DestroyAndUnreserveGiveEverythingBack) {
  ModelDriver driver;
  driver.subscribe();
  const Resources before = driver.offered(driver.agent(1));
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "r1"),
                                  ModelDriver::create(volume_of({}, kRole, "n1", "vol-1"), "c1")});
  EXPECT_FALSE(driver.offered(driver.agent(1)) == before);
  driver.take(Event::UPDATE_OPERATION_STATUS);
  driver.accept(driver.agent(1), {ModelDriver::unreserve({volume_of({}, kRole, "n1", "vol-1")}, "early")});
  EXPECT_THAT(driver.one_operation_update().message(), HasSubstr("cannot be unreserved directly"));
  driver.accept(driver.agent(1), {ModelDriver::destroy(volume_of({}, kRole, "n1", "vol-1"), "d1"),
                                  ModelDriver::unreserve(node_resources("n1"), "u1")});
  EXPECT_TRUE(driver.offered(driver.agent(1)) == before);
  ASSERT_EQ(driver.destroyed.size(), 1U);
  EXPECT_EQ(driver.destroyed[0].volume_id, "vol-1");
}

struct BadOperation {
  const char* name;
  Operation (*make)();
  const char* text;  // part of the answer
};

class ModelBadOperation : public ::testing::TestWithParam<BadOperation> {};

TEST_P(ModelBadOperation, IsRefusedAndChangesNothing) {
  ModelDriver driver;
  driver.subscribe();
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "")});
  const Resources before = driver.model.agents().at(0).total;
  driver.accept(driver.agent(1), {GetParam().make()});
  const wire::OperationStatus status = driver.one_operation_update();
  EXPECT_EQ(status.state(), wire::OPERATION_ERROR);
  EXPECT_FALSE(status.has_uuid());
  EXPECT_FALSE(status.has_agent_id());
  EXPECT_THAT(status.message(), HasSubstr(GetParam().text));
  EXPECT_TRUE(driver.model.agents().at(0).total == before);
}

Operation reserve_with(void (*spoil)(wire::Resource&)) {
  auto resources = resources_of({}, kRole, "n2");
  spoil(resources[0]);
  return ModelDriver::reserve(resources, "op");
}
Operation create_with(void (*spoil)(wire::Resource&)) {
  auto volume = volume_of({}, kRole, "n1", "vol-1");
  spoil(volume);
  return ModelDriver::create(volume, "op");
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelBadOperation,
    ::testing::Values(
        BadOperation{"TooMuch",
                     [] { return reserve_with([](wire::Resource& each) { each.mutable_scalar()->set_value(50); }); },
                     "does not contain cpus(allocated: es-a):50"},
        BadOperation{"Unreserved", [] { return reserve_with([](wire::Resource& each) { each.clear_reservations(); }); },
                     "is not reserved"},
        BadOperation{"OtherPrincipal",
                     [] {
                       return reserve_with(
                           [](wire::Resource& each) { each.mutable_reservations(0)->set_principal("someone"); });
                     },
                     "A reserve operation was attempted by authenticated principal 'es', which does not match a "
                     "reserved resource in the request with principal 'someone'; on agent "},
        BadOperation{
            "NoPrincipal",
            [] { return reserve_with([](wire::Resource& each) { each.mutable_reservations(0)->clear_principal(); }); },
            "but there is a reserved resource in the request with no principal set"},
        BadOperation{
            "OtherRole",
            [] { return reserve_with([](wire::Resource& each) { each.mutable_reservations(0)->set_role("es-b"); }); },
            "with role 'es-b', but the resource was allocated to role 'es-a'"},
        BadOperation{
            "OtherAllocation",
            [] { return reserve_with([](wire::Resource& each) { each.mutable_allocation_info()->set_role("es-b"); }); },
            "allocated to role 'es-b', while the offer is allocated to role 'es-a'"},
        BadOperation{
            "OldFormat",
            [] { return reserve_with([](wire::Resource& each) { each.mutable_reservation()->set_principal("x"); }); },
            "uses 'role' or 'reservation'"},
        BadOperation{"Negative",
                     [] { return reserve_with([](wire::Resource& each) { each.mutable_scalar()->set_value(-1); }); },
                     "the value is out of range"},
        BadOperation{"VolumeOtherPrincipal",
                     [] {
                       return create_with([](wire::Resource& each) {
                         each.mutable_disk()->mutable_persistence()->set_principal("x");
                       });
                     },
                     "which does not match a volume in the operation with principal 'x' set in 'disk.persistence'"},
        BadOperation{"VolumeUnreserved",
                     [] { return create_with([](wire::Resource& each) { each.clear_reservations(); }); },
                     "Persistent volumes cannot be created from unreserved resources"},
        BadOperation{"VolumeReadOnly",
                     [] {
                       return create_with([](wire::Resource& each) {
                         each.mutable_disk()->mutable_volume()->set_mode(wire::Volume::RO);
                       });
                     },
                     "Read-only persistent volume not supported"},
        BadOperation{"VolumeWithoutPath",
                     [] { return create_with([](wire::Resource& each) { each.mutable_disk()->clear_volume(); }); },
                     "Expecting 'volume' to be set"},
        BadOperation{"DestroyUnknown", [] { return ModelDriver::destroy(volume_of({}, kRole, "n1", "never"), "op"); },
                     "does not contain disk(allocated: es-a)"},
        BadOperation{"ReservationUpdate",
                     [] {
                       Operation operation = ModelDriver::reserve(resources_of({}, kRole, "n2"), "op");
                       *operation.mutable_reserve()->add_source() = resources_of({}, kRole, "n1")[0];
                       return operation;
                     },
                     "Reservation updates are not yet implemented for the scheduler API."}),
    [](const auto& each) { return each.param.name; });

TEST(ModelOperations, PersistenceIdsAreUniqueOnAnAgent) {
  ModelDriver driver;
  driver.subscribe();
  const Want half{1000, 512, 512, 31000, 31001};
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), ""),
                                  ModelDriver::create(volume_of(half, kRole, "n1", "v"), "c1"),
                                  ModelDriver::create(volume_of(half, kRole, "n1", "v"), "c2")});
  const auto updates = driver.take(Event::UPDATE_OPERATION_STATUS);
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].update_operation_status().status().state(), wire::OPERATION_FINISHED);
  EXPECT_THAT(updates[1].update_operation_status().status().message(), HasSubstr("Persistence ID 'v' is not unique"));
}

TEST(ModelOperations, FeedbackIsRepeatedUntilAcknowledged) {
  ModelDriver driver;
  driver.subscribe();
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "r1")});
  const wire::OperationStatus first = driver.one_operation_update();
  driver.pass(std::chrono::seconds(11));
  const wire::OperationStatus again = driver.one_operation_update();
  EXPECT_EQ(again.uuid().value(), first.uuid().value());
  driver.acknowledge(again);
  driver.pass(std::chrono::minutes(20));
  EXPECT_TRUE(driver.take(Event::UPDATE_OPERATION_STATUS).empty());
}

TEST(ModelOperations, ReconciliationForgetsWhatWasAcknowledged) {
  ModelDriver driver;
  driver.subscribe();
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "r1")});
  const wire::OperationStatus done = driver.one_operation_update();
  Call call = driver.make(Call::RECONCILE_OPERATIONS);
  auto* asked = call.mutable_reconcile_operations()->add_operations();
  asked->mutable_operation_id()->set_value("r1");
  asked->mutable_agent_id()->set_value(driver.agent(1));
  driver.send(call);
  const wire::OperationStatus known = driver.one_operation_update();
  EXPECT_EQ(known.state(), wire::OPERATION_FINISHED);
  EXPECT_FALSE(known.has_uuid());
  driver.acknowledge(done);
  driver.send(call);
  EXPECT_EQ(driver.one_operation_update().message(), "Reconciliation: Operation is unknown");
  asked->clear_agent_id();
  driver.send(call);
  EXPECT_EQ(driver.one_operation_update().message(),
            "Reconciliation: Operation is unknown and no 'agent_id' was provided");
}

TEST(ModelTasks, UpdatesComeOneByOneAsTheyAreAcknowledged) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  const wire::TaskStatus starting = driver.one_update();
  EXPECT_EQ(starting.state(), wire::TASK_STARTING);
  driver.acknowledge(starting);
  const wire::TaskStatus running = driver.one_update();
  EXPECT_EQ(running.state(), wire::TASK_RUNNING);
  EXPECT_EQ(running.source(), wire::TaskStatus::SOURCE_EXECUTOR);
  EXPECT_EQ(running.container_status().network_infos(0).ip_addresses(0).ip_address(), "127.0.0.11");
  driver.acknowledge(running);
  driver.pass(std::chrono::minutes(30));
  EXPECT_TRUE(driver.take(Event::UPDATE).empty());
}

TEST(ModelTasks, UnacknowledgedUpdateComesAgainWithBackOff) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.pass(std::chrono::seconds(72));  // after 10, 30 and 70 seconds
  const auto updates = driver.take(Event::UPDATE);
  ASSERT_EQ(updates.size(), 4U);
  for (const auto& each : updates) EXPECT_EQ(each.update().status().uuid(), updates[0].update().status().uuid());
}

TEST(ModelTasks, NewSubscriptionGetsWhatIsOpenAtOnce) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.model.disconnect(driver.stream, driver.now);
  driver.events.clear();
  driver.subscribe();
  EXPECT_EQ(driver.one_update().state(), wire::TASK_STARTING);
}

TEST(ModelTasks, TerminalTaskIsForgottenOnceAcknowledged) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.report("t1", wire::TASK_FINISHED);
  EXPECT_TRUE(driver.model.agents().at(0).used.empty());
  EXPECT_EQ(driver.model.tasks().size(), 1U);
  driver.acknowledge_all();
  EXPECT_TRUE(driver.model.tasks().empty());
}

TEST(ModelTasks, LateReportsAreIgnored) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.report("t1", wire::TASK_STARTING);
  driver.report("t1", wire::TASK_FAILED);
  driver.report("t1", wire::TASK_RUNNING);
  driver.report("t1", wire::TASK_KILLED);
  EXPECT_THAT(driver.task_states(), ElementsAre("TASK_FAILED"));
}

TEST(ModelTasks, KillSaysKillingThenKilled) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  Call kill = driver.make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("t1");
  kill.mutable_kill()->mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(7'000'000'000);
  driver.send(kill);
  ASSERT_EQ(driver.kills.size(), 1U);
  EXPECT_EQ(driver.kills[0].grace, std::chrono::seconds(7));
  driver.report("t1", wire::TASK_KILLED, "Command terminated with signal Terminated");
  const auto seen = driver.acknowledge_all();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].state(), wire::TASK_KILLING);
  EXPECT_EQ(seen[1].state(), wire::TASK_KILLED);
  EXPECT_EQ(seen[1].message(), "Command terminated with signal Terminated");
}

TEST(ModelTasks, KillOfAnUnknownTaskIsAnsweredByReconciliation) {
  ModelDriver driver;
  driver.subscribe();
  Call kill = driver.make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("nope");
  kill.mutable_kill()->mutable_agent_id()->set_value(driver.agent(1));
  driver.send(kill);
  EXPECT_EQ(driver.one_update().state(), wire::TASK_GONE);
}

TEST(ModelTasks, KillForAnAgentThatIsAwayIsCarriedOutOnReturn) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.model.agent_lost(driver.agent(1), driver.now);
  Call kill = driver.make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("t1");
  driver.send(kill);
  EXPECT_TRUE(driver.kills.empty());
  driver.model.agent_back(driver.agent(1), driver.now);
  driver.settle();
  EXPECT_EQ(driver.kills.size(), 1U);
}

TEST(ModelTasks, UsedUpOfferDropsTheTask) {
  ModelDriver driver;
  driver.subscribe();
  Call call = driver.make(Call::ACCEPT);
  call.mutable_accept()->add_offer_ids()->set_value("used-up");
  *call.mutable_accept()->add_operations() = ModelDriver::launch("t1", driver.agent(1), resources_of({}, kRole, ""));
  *call.mutable_accept()->add_operations() = ModelDriver::reserve(node_resources("n1"), "stale");
  driver.send(call);
  const wire::TaskStatus status = driver.one_update();
  EXPECT_EQ(status.state(), wire::TASK_DROPPED);
  EXPECT_EQ(status.reason(), wire::TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_EQ(status.message(), "Task launched with invalid offers: Offer used-up is no longer valid");
  EXPECT_EQ(driver.one_operation_update().message(),
            "Operation attempted with invalid offers: Offer used-up is no longer valid");
}

struct BadTask {
  const char* name;
  void (*spoil)(wire::TaskInfo&);
  const char* text;
};

class ModelBadTask : public ::testing::TestWithParam<BadTask> {};

TEST_P(ModelBadTask, IsAnError) {
  ModelDriver driver;
  driver.subscribe();
  Operation operation = ModelDriver::launch("t1", driver.agent(1), resources_of({}, kRole, ""));
  GetParam().spoil(*operation.mutable_launch()->mutable_task_infos(0));
  driver.accept(driver.agent(1), {operation});
  const wire::TaskStatus status = driver.one_update();
  EXPECT_EQ(status.state(), wire::TASK_ERROR);
  EXPECT_EQ(status.reason(), wire::TaskStatus::REASON_TASK_INVALID);
  EXPECT_TRUE(status.uuid().empty());
  EXPECT_THAT(status.message(), HasSubstr(GetParam().text));
  EXPECT_TRUE(driver.launches.empty());
  EXPECT_TRUE(driver.model.agents().at(0).used.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelBadTask,
    ::testing::Values(
        BadTask{"TooLarge", [](wire::TaskInfo& task) { task.mutable_resources(0)->mutable_scalar()->set_value(100); },
                "required by task and its executor is more than available cpus(allocated: es-a):4;"},
        BadTask{"OtherAgent", [](wire::TaskInfo& task) { task.mutable_agent_id()->set_value("x"); },
                "Task uses invalid agent x while agent embedded-S0 is expected"},
        BadTask{"NoResources", [](wire::TaskInfo& task) { task.clear_resources(); }, "Task uses no resources"},
        BadTask{"NoCommand", [](wire::TaskInfo& task) { task.clear_command(); }, "CommandInfo"},
        BadTask{"EmptyCommand", [](wire::TaskInfo& task) { task.mutable_command()->clear_value(); },
                "Shell command is not specified"},
        BadTask{"PathInId", [](wire::TaskInfo& task) { task.mutable_task_id()->set_value("../x"); },
                "contains invalid characters"},
        BadTask{"Docker", [](wire::TaskInfo& task) { task.mutable_container()->set_type(wire::ContainerInfo::DOCKER); },
                "container image"},
        BadTask{"NegativeGrace",
                [](wire::TaskInfo& task) { task.mutable_kill_policy()->mutable_grace_period()->set_nanoseconds(-1); },
                "must be non-negative"}),
    [](const auto& each) { return each.param.name; });

TEST(ModelTasks, TaskIdInUseIsRefused) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.accept(driver.agent(1),
                {ModelDriver::launch("t1", driver.agent(1), resources_of({1000, 64, 64, 31050, 31051}, kRole, ""))});
  EXPECT_EQ(driver.one_update().message(), "Task has duplicate ID: t1");
}

Call reconcile_call(const ModelDriver& driver, const std::string& task_id, const std::string& agent_id) {
  Call call = driver.make(Call::RECONCILE);
  auto* task = call.mutable_reconcile()->add_tasks();
  task->mutable_task_id()->set_value(task_id);
  if (!agent_id.empty()) task->mutable_agent_id()->set_value(agent_id);
  return call;
}

TEST(ModelReconciliation, AnswersByWhatIsKnown) {
  ModelDriver driver(2);
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.send(reconcile_call(driver, "t1", driver.agent(1)));
  const wire::TaskStatus known = driver.one_update();
  EXPECT_EQ(known.state(), wire::TASK_RUNNING);
  EXPECT_EQ(known.message(), "Reconciliation: Latest task state");
  EXPECT_TRUE(known.uuid().empty());
  driver.send(reconcile_call(driver, "nope", driver.agent(1)));
  EXPECT_EQ(driver.one_update().state(), wire::TASK_GONE);
  driver.send(reconcile_call(driver, "nope", "no-agent"));
  EXPECT_EQ(driver.one_update().state(), wire::TASK_UNKNOWN);
  driver.send(reconcile_call(driver, "nope", ""));
  EXPECT_EQ(driver.one_update().state(), wire::TASK_UNKNOWN);

  driver.model.agent_lost(driver.agent(1), driver.now);
  driver.settle();
  driver.send(reconcile_call(driver, "t1", driver.agent(1)));
  EXPECT_EQ(driver.one_update().state(), wire::TASK_RUNNING);  // not given up on yet
  driver.pass(std::chrono::seconds(80));
  driver.task_states();
  driver.send(reconcile_call(driver, "t1", driver.agent(1)));
  const wire::TaskStatus unreachable = driver.one_update();
  EXPECT_EQ(unreachable.state(), wire::TASK_UNREACHABLE);
  EXPECT_TRUE(unreachable.has_unreachable_time());
  driver.model.agent_gone(driver.agent(1), driver.now);
  driver.task_states();
  driver.send(reconcile_call(driver, "t1", driver.agent(1)));
  driver.settle();
  EXPECT_THAT(driver.task_states(), ::testing::Contains("TASK_GONE_BY_OPERATOR"));
}

TEST(ModelReconciliation, RecoveringAgentsGetNoAnswer) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.model.master_failover(driver.now);
  driver.collect();
  driver.events.clear();
  driver.subscribe();
  driver.send(reconcile_call(driver, "t1", driver.agent(1)));
  driver.send(reconcile_call(driver, "nope", ""));
  EXPECT_TRUE(driver.take(Event::UPDATE).empty());
  driver.model.agent_back(driver.agent(1), driver.now);
  driver.send(reconcile_call(driver, "t1", driver.agent(1)));
  EXPECT_EQ(driver.one_update().state(), wire::TASK_RUNNING);
}

TEST(ModelReconciliation, ImplicitListsAllTasks) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.run_task("t2", driver.agent(1), {1000, 64, 64, 31010, 31011});
  driver.acknowledge_all();
  Call call = driver.make(Call::RECONCILE);
  call.mutable_reconcile();
  driver.send(call);
  EXPECT_THAT(driver.task_states(), ElementsAre("TASK_RUNNING", "TASK_RUNNING"));
}

TEST(ModelState, RestoreKeepsTasksReservationsAndWhatIsUnacknowledged) {
  ModelDriver driver;
  driver.subscribe();
  auto task_resources = node_resources("n1");
  task_resources[2] = volume_of({}, kRole, "n1", "vol-1");
  driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "r1"),
                                  ModelDriver::create(volume_of({}, kRole, "n1", "vol-1"), "c1"),
                                  ModelDriver::launch("t1", driver.agent(1), task_resources)});
  driver.report("t1", wire::TASK_RUNNING);
  const State saved = driver.model.state();
  driver.model = MesosModel::restore({}, saved, driver.now).value();
  ASSERT_EQ(driver.model.add_agent(agent_spec(1), driver.now).value(), driver.agent(1));
  driver.collect();
  driver.events.clear();
  driver.subscribe();
  EXPECT_EQ(driver.one_update().state(), wire::TASK_RUNNING);
  EXPECT_EQ(driver.take(Event::UPDATE_OPERATION_STATUS).size(), 2U);
  EXPECT_EQ(driver.model.agents().at(0).used.scalars().at("cpus"), 1000);
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 3000);
}

TEST(ModelState, SameHistorySameBytes) {
  const auto history = [] {
    ModelDriver driver(2);
    driver.subscribe();
    driver.accept(driver.agent(1), {ModelDriver::reserve(node_resources("n1"), "r1")});
    driver.run_task("t1", driver.agent(2));
    return driver.model.state().SerializeAsString();
  };
  EXPECT_EQ(history(), history());
}

TEST(ModelState, RefusesAnotherFormatAndContradictions) {
  ModelDriver driver;
  State other = driver.model.state();
  other.set_format(2);
  EXPECT_EQ(MesosModel::restore({}, other, driver.now).error().code, ErrorCode::kUnsupportedVersion);
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  State broken = driver.model.state();
  broken.clear_agents();
  EXPECT_EQ(MesosModel::restore({}, broken, driver.now).error().code, ErrorCode::kDataLoss);
}

TEST(ModelState, AgentMayGrowButNotBelowWhatIsUsed) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  AgentSpec spec = agent_spec(1);
  spec.cpus_milli = 8000;
  EXPECT_EQ(driver.model.add_agent(spec, driver.now).value(), driver.agent(1));
  driver.settle();
  EXPECT_EQ(driver.offered(driver.agent(1)).scalars().at("cpus"), 7000);
  spec.cpus_milli = 500;
  EXPECT_EQ(driver.model.add_agent(spec, driver.now).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace esaas::embedded::testing
