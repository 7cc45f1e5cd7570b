// What this controller relies on, tried with its own client: on the embedded Mesos, started here, or on a running
// master.
//   ESAAS_MESOS_MASTER=127.0.0.1:5050 master_contract_test
// Every test uses a framework and a role of its own and tears the framework down.

#include <unistd.h>

#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/embedded/driver.h"
#include "tests/reconcilers/embedded/served_model.h"
#include "tests/reconcilers/mesos/live_client.h"

namespace esaas::mesos {
namespace {

using testing::LiveClient;
using wire::Offer;
using wire::Resource;
using Event = Client::Event;

constexpr double kCpus = 0.5;
constexpr double kMem = 64;
constexpr double kDisk = 64;

class MasterContract : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* named = std::getenv("ESAAS_MESOS_MASTER");
    auto endpoints = parse_endpoints(named != nullptr ? std::string(named) : start_embedded());
    ASSERT_TRUE(endpoints) << endpoints.error().detail;
    config_.masters = *endpoints;
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    spec_.name = std::string("contract-") + info->name();
    role_ = "es-contract-" + std::to_string(::getpid()) + "-" + info->name();
    spec_.principal = "contract";
    spec_.user = "nobody";
    if (const char* user = std::getenv("ESAAS_MESOS_USER")) spec_.user = user;
    spec_.roles = {role_};
    spec_.failover_timeout = std::chrono::seconds(60);
  }

  std::string start_embedded() {
    embedded::ModelOptions options;
    options.allocation_interval = std::chrono::milliseconds(20);
    embedded_ = std::make_unique<embedded::testing::ServedModel>(
        options, std::vector{embedded::testing::agent_spec(1), embedded::testing::agent_spec(2)});
    return "127.0.0.1:" + std::to_string(embedded_->port());
  }

  void start(LiveClient& live) {
    live.client.start(framework_info(spec_));
    ASSERT_TRUE(live.run_until([&] { return live.client.ready(); })) << "not subscribed";
    spec_.id = live.framework_id();
  }

  void send(LiveClient& live, Client::Call call) {
    std::optional<Result<void>> answer;
    live.client.send(std::move(call), [&](const Client::Call&, const Result<void>& result) { answer = result; });
    ASSERT_TRUE(live.run_until([&] { return answer.has_value(); }));
    ASSERT_TRUE(*answer) << answer->error().detail;
  }

  void tear_down(LiveClient& live) {
    Client::Call call;
    call.set_type(Client::Call::TEARDOWN);
    // The master closes the stream before it answers, so how the call ends says nothing.
    bool ended = false;
    live.client.send(std::move(call), [&](const Client::Call&, const Result<void>&) { ended = true; });
    ASSERT_TRUE(live.run_until([&] { return ended; }));
  }

  Offer take_offer(LiveClient& live, const std::function<bool(const Offer&)>& wanted) {
    const auto event =
        live.take(Event::OFFERS, [&](const Event& candidate) { return wanted(candidate.offers().offers(0)); });
    EXPECT_TRUE(event) << "no such offer came";
    return event ? event->offers().offers(0) : Offer();
  }

  void expect_operation(LiveClient& live, const std::string& id, wire::OperationState state) {
    const auto event = live.take(Event::UPDATE_OPERATION_STATUS, [&](const Event& candidate) {
      return candidate.update_operation_status().status().operation_id().value() == id;
    });
    ASSERT_TRUE(event) << "no status of operation " << id;
    const auto& status = event->update_operation_status().status();
    EXPECT_EQ(status.state(), state) << status.ShortDebugString();
    if (auto acknowledgement = calls::acknowledge_operation(status)) send(live, *acknowledgement);
  }

  void expect_task(LiveClient& live, const std::string& id, wire::TaskState state) {
    const auto event = live.take(Event::UPDATE, [&](const Event& candidate) {
      const auto& status = candidate.update().status();
      if (status.task_id().value() != id) return false;
      // What comes on the way (STARTING, KILLING) has to be acknowledged too, or the rest never
      // comes.
      if (status.state() != state) {
        if (auto acknowledgement = calls::acknowledge(status)) live.client.send(*acknowledgement);
        return false;
      }
      return true;
    });
    ASSERT_TRUE(event) << "task " << id << " did not become " << wire::TaskState_Name(state);
    if (auto acknowledgement = calls::acknowledge(event->update().status())) send(live, *acknowledgement);
  }

  std::vector<Resource> node_resources(const Offer& offer) {
    std::uint64_t port = 0;
    for (const auto& resource : offer.resources()) {
      if (resource.name() == "ports") port = resource.ranges().range(0).begin();
    }
    const Reservation reservation{role_, spec_.principal, {{"node", "n1"}}};
    return {reserved(scalar_resource("cpus", kCpus, role_), reservation),
            reserved(scalar_resource("mem", kMem, role_), reservation),
            reserved(scalar_resource("disk", kDisk, role_), reservation),
            reserved(port_resource(port, port, role_), reservation)};
  }

  wire::TaskInfo sleeper(const Offer& offer, const std::string& id, const std::vector<Resource>& resources) {
    wire::TaskInfo task;
    task.set_name("sleeper");
    task.mutable_task_id()->set_value(id);
    *task.mutable_agent_id() = offer.agent_id();
    for (const auto& resource : resources) *task.add_resources() = resource;
    task.mutable_command()->set_value("sleep 1000");
    *task.mutable_labels() = labels({{"node", "n1"}});
    return task;
  }

  std::unique_ptr<embedded::testing::ServedModel> embedded_;
  boost::asio::io_context io_;
  ClientConfig config_;
  FrameworkSpec spec_;
  std::string role_;
};

const auto kAnyOffer = [](const Offer&) { return true; };

TEST_F(MasterContract, LaunchesOnReservedVolumeAndGivesAllBack) {
  LiveClient live(io_, config_);
  start(live);
  EXPECT_EQ(live.confirmations, std::vector<bool>{true});

  const Offer first = take_offer(live, kAnyOffer);
  EXPECT_EQ(first.allocation_info().role(), role_);
  send(live, calls::decline({first.id().value()}, calls::Refusal(0)));
  const Offer offer = take_offer(live, [&](const Offer& other) { return other.id().value() != first.id().value(); });

  auto resources = node_resources(offer);
  auto with_volume = resources;
  with_volume[2] = persistent_volume(resources[2], "contract-volume-" + role_, spec_.principal, "data");
  send(live, calls::accept({offer.id().value()},
                           {calls::reserve("reserve-1", resources), calls::create("create-1", {with_volume[2]}),
                            calls::launch({sleeper(offer, "t1", with_volume)})},
                           calls::Refusal(0)));
  expect_operation(live, "reserve-1", wire::OPERATION_FINISHED);
  expect_operation(live, "create-1", wire::OPERATION_FINISHED);
  expect_task(live, "t1", wire::TASK_RUNNING);

  send(live, calls::kill("t1", offer.agent_id().value(), std::chrono::seconds(2)));
  expect_task(live, "t1", wire::TASK_KILLED);

  const Offer back = take_offer(live, [](const Offer& other) {
    for (const auto& resource : other.resources()) {
      if (resource.disk().has_persistence()) return reservation_label(resource, "node") == "n1";
    }
    return false;
  });
  send(live, calls::accept({back.id().value()},
                           {calls::destroy("destroy-1", {with_volume[2]}), calls::unreserve("unreserve-1", resources)},
                           calls::Refusal(0)));
  expect_operation(live, "destroy-1", wire::OPERATION_FINISHED);
  expect_operation(live, "unreserve-1", wire::OPERATION_FINISHED);
  EXPECT_THAT(live.failures, ::testing::IsEmpty());
  EXPECT_THAT(live.skipped, ::testing::IsEmpty());
  tear_down(live);
}

TEST_F(MasterContract, ReconcilesKnownAndUnknownTasks) {
  LiveClient live(io_, config_);
  start(live);
  const Offer offer = take_offer(live, kAnyOffer);
  send(live,
       calls::accept({offer.id().value()},
                     {calls::launch({sleeper(
                         offer, "t1", {scalar_resource("cpus", kCpus, role_), scalar_resource("mem", kMem, role_)})})},
                     calls::Refusal(0)));
  expect_task(live, "t1", wire::TASK_RUNNING);

  send(live, calls::reconcile_tasks({{"t1", offer.agent_id().value()}, {"never-was", offer.agent_id().value()}}));
  const auto known = live.take(Event::UPDATE, [](const Event& event) {
    const auto& status = event.update().status();
    return status.task_id().value() == "t1" && status.reason() == wire::TaskStatus::REASON_RECONCILIATION;
  });
  ASSERT_TRUE(known);
  EXPECT_EQ(known->update().status().state(), wire::TASK_RUNNING);
  EXPECT_FALSE(calls::acknowledge(known->update().status())) << "answers to reconciliation carry no uuid";
  expect_task(live, "never-was", wire::TASK_GONE);

  send(live, calls::reconcile_tasks({}));
  expect_task(live, "t1", wire::TASK_RUNNING);
  tear_down(live);
}

TEST_F(MasterContract, SubscribesAgainUnderTheSameIdAndFencesTheFirst) {
  LiveClient first(io_, config_);
  start(first);
  LiveClient second(io_, config_);
  second.client.start(framework_info(spec_));
  ASSERT_TRUE(second.run_until([&] { return second.client.ready() && first.stop_reason.has_value(); }));
  EXPECT_EQ(second.framework_id(), spec_.id);
  EXPECT_EQ(second.confirmations, std::vector<bool>{false});
  EXPECT_EQ(first.stop_reason, StopReason::kFailedOver) << first.stop_why;
  tear_down(second);
}

TEST_F(MasterContract, RefusesAnIdThatWasTornDown) {
  {
    LiveClient live(io_, config_);
    start(live);
    tear_down(live);
  }
  LiveClient again(io_, config_);
  again.client.start(framework_info(spec_));
  ASSERT_TRUE(again.run_until([&] { return again.stop_reason.has_value(); }));
  EXPECT_EQ(again.stop_reason, StopReason::kFrameworkRemoved) << again.stop_why;
}

TEST_F(MasterContract, AnswersAnUnknownOperationAndAUsedUpOffer) {
  LiveClient live(io_, config_);
  start(live);
  const Offer offer = take_offer(live, kAnyOffer);
  send(live, calls::reconcile_operations({{"never-was", offer.agent_id().value()}}));
  expect_operation(live, "never-was", wire::OPERATION_UNKNOWN);

  send(live, calls::decline({offer.id().value()}, calls::Refusal(3600)));
  send(live, calls::accept({offer.id().value()},
                           {calls::launch({sleeper(offer, "t1", {scalar_resource("cpus", kCpus, role_)})})},
                           calls::Refusal(0)));
  expect_task(live, "t1", wire::TASK_DROPPED);

  // The long filter holds until REVIVE clears it.
  send(live, calls::revive({role_}));
  take_offer(live, kAnyOffer);
  tear_down(live);
}

TEST_F(MasterContract, TakesAnotherRoleAndKeepsSuppressedOnes) {
  LiveClient live(io_, config_);
  start(live);
  const Offer first = take_offer(live, kAnyOffer);
  send(live, calls::suppress({role_}));
  send(live, calls::decline({first.id().value()}, calls::Refusal(0)));
  spec_.roles = {role_, role_ + "-b"};
  std::optional<Result<void>> answer;
  live.client.update_framework_info(framework_info(spec_),
                                    [&](const Client::Call&, const Result<void>& result) { answer = result; });
  ASSERT_TRUE(live.run_until([&] { return answer.has_value(); }));
  ASSERT_TRUE(*answer) << answer->error().detail;
  take_offer(live, [&](const Offer& offer) { return offer.allocation_info().role() == role_ + "-b"; });
  tear_down(live);
}

/// Also on a master whose --rate_limits allow this principal next to nothing: they count no call that comes over HTTP.
TEST_F(MasterContract, ManyCallsAtOnceAreAllTaken) {
  constexpr int kCalls = 500;
  LiveClient live(io_, config_);
  start(live);
  int taken = 0;
  for (int i = 0; i < kCalls; ++i) {
    live.client.send(calls::revive({role_}),
                     [&](const Client::Call&, const Result<void>& result) { taken += result.has_value() ? 1 : 0; });
  }
  ASSERT_TRUE(live.run_until([&] { return live.client.calls_pending() == 0; }));
  EXPECT_EQ(taken, kCalls);
  EXPECT_TRUE(live.client.ready());
  EXPECT_THAT(live.disconnections, ::testing::IsEmpty());
  EXPECT_EQ(live.stop_reason, std::nullopt) << live.stop_why;
  take_offer(live, kAnyOffer);
  tear_down(live);
}

}  // namespace
}  // namespace esaas::mesos
