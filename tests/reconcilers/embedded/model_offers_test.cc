// Subscription, offers, filters, suppression, quota.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/embedded/driver.h"

namespace esaas::embedded::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ModelSubscription, BeginsWithSubscribedThenHeartbeatThenOffers) {
  ModelDriver driver(2);
  driver.subscribe();
  ASSERT_EQ(driver.events.size(), 3U);
  EXPECT_EQ(driver.events[0].event.type(), Event::SUBSCRIBED);
  EXPECT_EQ(driver.events[0].event.subscribed().heartbeat_interval_seconds(), 15.0);
  EXPECT_EQ(driver.events[1].event.type(), Event::HEARTBEAT);
  ASSERT_EQ(driver.events[2].event.type(), Event::OFFERS);
  EXPECT_EQ(driver.events[2].event.offers().offers_size(), 2);
  const auto& offer = driver.events[2].event.offers().offers(0);
  EXPECT_EQ(offer.hostname(), "127.0.0.11");
  EXPECT_EQ(offer.allocation_info().role(), "es-a");
  EXPECT_EQ(offer.attributes(0).text().value(), "r1");
  EXPECT_EQ(offer.resources(0).allocation_info().role(), "es-a");
  EXPECT_TRUE(driver.state_changed);
}

TEST(ModelSubscription, HeartbeatsComeEveryFifteenSeconds) {
  ModelDriver driver;
  driver.subscribe();
  driver.events.clear();
  driver.pass(std::chrono::seconds(61));
  EXPECT_EQ(driver.last(Event::HEARTBEAT).size(), 4U);
}

TEST(ModelSubscription, SecondSubscriberEndsTheFirstStream) {
  ModelDriver driver;
  driver.subscribe();
  const StreamId first = driver.stream;
  const std::string first_offer = driver.model.offers().at(0).id;
  driver.events.clear();
  driver.subscribe();
  ASSERT_FALSE(driver.events.empty());
  EXPECT_EQ(driver.events[0].stream, first);
  EXPECT_EQ(driver.events[0].event.error().message(), "Framework failed over");
  EXPECT_TRUE(driver.events[0].last);
  EXPECT_NE(driver.model.offers().at(0).id, first_offer);
  const Answer late = driver.model.call(driver.make(Call::REVIVE), first, {}, driver.now);
  EXPECT_EQ(late.status, 400);
  EXPECT_THAT(late.text, HasSubstr("didn't match the stream ID currently associated with framework ID"));
}

TEST(ModelSubscription, TornDownFrameworkMayNotComeBack) {
  ModelDriver driver;
  driver.subscribe();
  driver.send(driver.make(Call::TEARDOWN));
  EXPECT_THAT(driver.closed, ElementsAre(driver.stream));
  driver.events.clear();
  driver.subscribe();
  ASSERT_EQ(driver.last(Event::ERROR).size(), 1U);
  EXPECT_EQ(driver.last(Event::ERROR)[0].error().message(), "Framework has been removed");
  EXPECT_TRUE(driver.events[0].last);
}

TEST(ModelSubscription, FailoverTimeoutRemovesWhoStaysAway) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.model.disconnect(driver.stream, driver.now);
  driver.pass(std::chrono::seconds(3599));
  EXPECT_TRUE(driver.kills.empty());
  driver.pass(std::chrono::seconds(2));
  ASSERT_EQ(driver.kills.size(), 1U);
  EXPECT_EQ(driver.kills[0].task.task_id, "t1");
  // The process is still there until the runner says otherwise: its resources are not offered to anybody.
  EXPECT_EQ(driver.model.agents().at(0).used.scalars().at("cpus"), 1000);
  driver.report("t1", wire::TASK_KILLED);
  EXPECT_TRUE(driver.model.tasks().empty());
  EXPECT_TRUE(driver.model.agents().at(0).used.empty());
}

TEST(ModelOffers, ShowFaultDomainsAndDisksWithASource) {
  ModelDriver driver(0);
  AgentSpec spec = agent_spec(1);
  spec.region = "here";
  EXPECT_FALSE(driver.model.add_agent(spec, driver.now).has_value());  // a region alone
  spec.zone = "z1";
  DiskSpec& disk = spec.disks.emplace_back();
  disk.source.set_type(wire::Resource::DiskInfo::Source::MOUNT);
  disk.source.mutable_mount()->set_root("/mnt/a");
  disk.mib = 2000;
  const std::string agent = driver.model.add_agent(spec, driver.now).value();
  driver.subscribe();
  const auto offer = driver.last(Event::OFFERS).at(0).offers().offers(0);
  EXPECT_EQ(offer.domain().fault_domain().zone().name(), "z1");
  EXPECT_EQ(offer.domain().fault_domain().region().name(), "here");
  wire::Resource whole;
  for (const auto& one : offer.resources()) {
    if (one.disk().has_source()) whole = one;
  }
  EXPECT_EQ(whole.scalar().value(), 2000);
  EXPECT_EQ(whole.disk().source().mount().root(), "/mnt/a");
  reserve_for(whole, "es-a", "n1");
  wire::Resource part = whole;
  part.mutable_scalar()->set_value(500);
  driver.events.clear();
  driver.accept(agent, {ModelDriver::reserve({part}, "part")});
  ASSERT_EQ(driver.last(Event::UPDATE_OPERATION_STATUS).size(), 1U);
  EXPECT_EQ(driver.last(Event::UPDATE_OPERATION_STATUS)[0].update_operation_status().status().state(),
            wire::OPERATION_ERROR);
  driver.events.clear();
  driver.pass(std::chrono::seconds(2));
  driver.events.clear();
  driver.accept(agent, {ModelDriver::reserve({whole}, "whole")});
  ASSERT_EQ(driver.last(Event::UPDATE_OPERATION_STATUS).size(), 1U);
  EXPECT_EQ(driver.last(Event::UPDATE_OPERATION_STATUS)[0].update_operation_status().status().state(),
            wire::OPERATION_FINISHED);
  // The machine comes back as it was configured: what is reserved of the disk is not there twice.
  driver.model.add_agent(spec, driver.now).value();
  EXPECT_EQ(driver.model.agents().at(0).total.scalars().at("disk"), (2000 + spec.disk_mib) * 1000);
}

struct BadCall {
  const char* name;
  void (*spoil)(Call&);
  int status;
  const char* text;
};

class ModelBadCall : public ::testing::TestWithParam<BadCall> {};

TEST_P(ModelBadCall, IsRefused) {
  ModelDriver driver;
  driver.subscribe();
  Call call = driver.make(Call::REVIVE);
  GetParam().spoil(call);
  const Answer answer = driver.model.call(call, driver.stream, {}, driver.now);
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(answer.text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    All, ModelBadCall,
    ::testing::Values(BadCall{"NoType", [](Call& call) { call.clear_type(); }, 400,
                              "Failed to validate scheduler::Call: Expecting 'type' to be present"},
                      BadCall{"NoFramework", [](Call& call) { call.clear_framework_id(); }, 400,
                              "Failed to validate scheduler::Call: Expecting 'framework_id' to be present"},
                      BadCall{"UnknownFramework", [](Call& call) { call.mutable_framework_id()->set_value("x"); }, 400,
                              "Framework cannot be found"},
                      BadCall{"NoContent", [](Call& call) { call.set_type(Call::ACCEPT); }, 400,
                              "Failed to validate scheduler::Call: Expecting 'accept' to be present"},
                      BadCall{"ShortUuid",
                              [](Call& call) {
                                call.set_type(Call::ACKNOWLEDGE);
                                call.mutable_acknowledge()->mutable_agent_id()->set_value("a");
                                call.mutable_acknowledge()->mutable_task_id()->set_value("t");
                                call.mutable_acknowledge()->set_uuid("short");
                              },
                              400, "Failed to validate scheduler::Call: Not a valid UUID"},
                      BadCall{"Unknown", [](Call& call) { call.set_type(Call::UNKNOWN); }, 501, ""}),
    [](const auto& each) { return each.param.name; });

TEST(ModelCalls, NeedASubscriptionAndItsStream) {
  ModelDriver driver;
  driver.subscribe();
  EXPECT_EQ(driver.model.call(driver.make(Call::REVIVE), {}, {}, driver.now).text,
            "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  driver.model.disconnect(driver.stream, driver.now);
  const Answer away = driver.model.call(driver.make(Call::REVIVE), driver.stream, {}, driver.now);
  EXPECT_EQ(away.status, 403);
  EXPECT_EQ(away.text, "Framework is not subscribed");
}

TEST(ModelOffers, DeclinedOnesComeBackAfterTheFilter) {
  ModelDriver driver;
  driver.subscribe();
  Call call = driver.make(Call::DECLINE);
  call.mutable_decline()->add_offer_ids()->set_value(driver.model.offers().at(0).id);
  call.mutable_decline()->mutable_filters()->set_refuse_seconds(60);
  driver.send(call);
  EXPECT_TRUE(driver.model.offers().empty());
  driver.pass(std::chrono::seconds(58));
  EXPECT_TRUE(driver.model.offers().empty());
  driver.pass(std::chrono::seconds(2));
  EXPECT_EQ(driver.model.offers().size(), 1U);
}

TEST(ModelOffers, ReviveForgetsWhatWasDeclined) {
  ModelDriver driver;
  driver.subscribe();
  driver.accept(driver.agent(1), {}, 3600);
  EXPECT_TRUE(driver.model.offers().empty());
  driver.send(driver.make(Call::REVIVE));
  EXPECT_EQ(driver.model.offers().size(), 1U);
}

TEST(ModelOffers, MoreThanWasDeclinedIsOfferedAtOnce) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.accept(driver.agent(1), {}, 3600);
  EXPECT_TRUE(driver.model.offers().empty());
  driver.report("t1", wire::TASK_FINISHED);
  EXPECT_EQ(driver.model.offers().size(), 1U);
}

TEST(ModelOffers, SuppressedRolesGetNothingNewAndKeepWhatTheyHave) {
  ModelDriver driver;
  driver.subscribe();
  driver.send(driver.make(Call::SUPPRESS));
  EXPECT_EQ(driver.model.offers().size(), 1U);
  driver.accept(driver.agent(1), {}, 0);
  EXPECT_TRUE(driver.model.offers().empty());
  driver.send(driver.make(Call::REVIVE));
  EXPECT_EQ(driver.model.offers().size(), 1U);
}

TEST(ModelOffers, RolesTakeTurns) {
  ModelDriver driver(2);
  driver.subscribe(framework_info({"es-a", "es-b"}));
  std::set<std::string> roles;
  for (const auto& offer : driver.model.offers()) roles.insert(offer.role);
  EXPECT_EQ(roles.size(), 2U);
}

TEST(ModelOffers, QuotaCutsOffers) {
  ModelDriver driver(2);
  wire::master::Call call;
  call.set_type(wire::master::Call::UPDATE_QUOTA);
  auto* config = call.mutable_update_quota()->add_quota_configs();
  config->set_role("es-a");
  (*config->mutable_limits())["cpus"].set_value(1.5);
  ASSERT_TRUE(driver.model.operate(call, driver.now).has_value());
  driver.subscribe();
  std::int64_t cpus = 0;
  for (const auto& offer : driver.model.offers()) {
    const auto scalars = offer.resources.scalars();
    if (scalars.contains("cpus")) cpus += scalars.at("cpus");
    EXPECT_EQ(scalars.at("mem"), 4'096'000);
  }
  EXPECT_EQ(cpus, 1500);
  // The second agent's offer has no cpus at all, as with a real master.
  EXPECT_EQ(driver.model.offers().size(), 2U);
}

TEST(ModelOffers, NestedRolesHaveNoQuota) {
  ModelDriver driver;
  wire::master::Call call;
  call.set_type(wire::master::Call::UPDATE_QUOTA);
  call.mutable_update_quota()->add_quota_configs()->set_role("es/t1");
  const auto answer = driver.model.operate(call, driver.now);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().detail, "Updating quota on nested role 'es/t1' is not supported yet");
}

TEST(ModelFramework, UpdateReplacesSuppressedRolesAndRescindsOffersOfRolesThatAreGone) {
  ModelDriver driver(2);
  driver.subscribe(framework_info({"es-a", "es-b"}));
  driver.events.clear();
  Call call = driver.make(Call::UPDATE_FRAMEWORK);
  auto* info = call.mutable_update_framework()->mutable_framework_info();
  *info = framework_info({"es-b"});
  info->mutable_id()->set_value(driver.framework_id);
  const Answer answer = driver.send(call);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(driver.last(Event::RESCIND).size(), 1U);
  for (const auto& offer : driver.model.offers()) EXPECT_EQ(offer.role, "es-b");
}

TEST(ModelFramework, UpdateKeepsPrincipalAndRolesHonest) {
  ModelDriver driver;
  driver.subscribe();
  Call call = driver.make(Call::UPDATE_FRAMEWORK);
  auto* info = call.mutable_update_framework()->mutable_framework_info();
  *info = framework_info();
  info->mutable_id()->set_value(driver.framework_id);
  call.mutable_update_framework()->add_suppressed_roles("nope");
  EXPECT_EQ(driver.send(call).text,
            "Supplied FrameworkInfo is not valid: Suppressed role 'nope' is not contained in the list of roles");
  call.mutable_update_framework()->clear_suppressed_roles();
  info->set_principal("other");
  EXPECT_EQ(driver.send(call).text,
            "FrameworkInfo update is not valid: Changing framework's principal is not allowed.");
}

TEST(ModelAgents, LostOneIsUnreachableAfterTheTimeoutAndTasksComeBackRunning) {
  ModelDriver driver(2);
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.events.clear();
  driver.model.agent_lost(driver.agent(1), driver.now);
  driver.settle();
  EXPECT_EQ(driver.take(Event::RESCIND).size(), 1U);
  driver.pass(std::chrono::seconds(70));
  EXPECT_TRUE(driver.last(Event::UPDATE).empty());
  driver.pass(std::chrono::seconds(10));
  const wire::TaskStatus lost = driver.one_update();
  EXPECT_EQ(lost.state(), wire::TASK_UNREACHABLE);
  EXPECT_EQ(lost.reason(), wire::TaskStatus::REASON_AGENT_REMOVED);
  EXPECT_TRUE(lost.uuid().empty());
  EXPECT_EQ(driver.take(Event::FAILURE).size(), 1U);
  driver.model.agent_back(driver.agent(1), driver.now);
  driver.settle();
  const wire::TaskStatus back = driver.one_update();
  EXPECT_EQ(back.state(), wire::TASK_RUNNING);
  EXPECT_EQ(back.reason(), wire::TaskStatus::REASON_AGENT_REREGISTERED);
}

TEST(ModelAgents, WhatHappenedWhileAwayIsToldOnReturn) {
  ModelDriver driver;
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  driver.model.agent_lost(driver.agent(1), driver.now);
  driver.report("t1", wire::TASK_FAILED, "gone");
  EXPECT_TRUE(driver.take(Event::UPDATE).empty());
  driver.model.agent_back(driver.agent(1), driver.now);
  driver.settle();
  EXPECT_EQ(driver.one_update().state(), wire::TASK_FAILED);
}

TEST(ModelAgents, GoneOnesTakeTasksAndVolumesWithThem) {
  ModelDriver driver(2);
  driver.subscribe();
  driver.run_task("t1", driver.agent(1));
  driver.acknowledge_all();
  EXPECT_TRUE(driver.model.agent_gone(driver.agent(1), driver.now));
  driver.settle();
  EXPECT_EQ(driver.one_update().state(), wire::TASK_GONE_BY_OPERATOR);
  EXPECT_EQ(driver.model.agents().size(), 1U);
  EXPECT_FALSE(driver.model.agent_gone(driver.agent(1), driver.now));
}

}  // namespace
}  // namespace esaas::embedded::testing
