// A client that begins as a new framework, or takes one over, and what it asks the master before.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/operator_calls.h"
#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/mesos/fake_master.h"
#include "tests/reconcilers/mesos/live_client.h"

namespace esaas::mesos {
namespace {

using std::chrono::milliseconds;
using testing::FakeMaster;
using ::testing::HasSubstr;
using testing::LiveClient;
using Response = wire::master::Response;

wire::FrameworkInfo info(const std::string& id = {}) {
  FrameworkSpec spec;
  spec.principal = "p";
  spec.id = id;
  return framework_info(spec);
}

class BeginAnewTest : public ::testing::Test {
 protected:
  BeginAnewTest() {
    config_.masters = {master_.endpoint()};
    config_.session = SessionConfig{};
    config_.session->backoff_first = milliseconds(4);
    config_.refuses_beside_live_tasks = true;
    config_.credentials = Credentials{"p", "s"};
    master_.answer = [this](const FakeMaster::Call&) {
      return is_question() ? frameworks_ : FakeMaster::Answer{.status = 202};
    };
  }

  [[nodiscard]] bool is_question() const { return master_.seen.back().target == operator_calls::kPath; }
  [[nodiscard]] std::size_t questions() const {
    return static_cast<std::size_t>(std::ranges::count(master_.seen, operator_calls::kPath, &FakeMaster::Seen::target));
  }
  [[nodiscard]] std::size_t subscriptions() const { return master_.seen.size() - questions(); }

  static FakeMaster::Answer live(const std::string& id) {
    Response response;
    response.set_type(Response::GET_FRAMEWORKS);
    if (!id.empty()) {
      auto& framework = *response.mutable_get_frameworks()->add_frameworks();
      *framework.mutable_framework_info() = info(id);
      framework.set_active(false);
      framework.set_connected(false);
      framework.set_recovered(false);
      *framework.add_allocated_resources() = scalar_resource("cpus", 1, "es-shop");
    }
    return {.status = 200, .text = response.SerializeAsString()};
  }

  boost::asio::io_context io_;
  FakeMaster master_{io_};
  ClientConfig config_;
  FakeMaster::Answer frameworks_ = live("");
};

TEST_F(BeginAnewTest, AsksFirstAndSubscribesWhereNothingLives) {
  LiveClient client(io_, config_);
  client.client.start(info());
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
  ASSERT_EQ(master_.seen.size(), 2U);
  EXPECT_EQ(master_.seen[0].target, "/api/v1");
  EXPECT_EQ(master_.seen[0].authorization, "Basic cDpz");
  EXPECT_EQ(master_.seen[1].target, "/api/v1/scheduler");
  master_.push_subscribed("fw-1");
  ASSERT_TRUE(client.run_until([&] { return client.client.ready(); }));
}

TEST_F(BeginAnewTest, BesideLiveTasksItDoesNotSubscribeSaysSoOnceAndAsksAgain) {
  frameworks_ = live("fw-0");
  LiveClient client(io_, config_);
  client.client.start(info());
  ASSERT_TRUE(client.run_until([&] { return questions() >= 3; }));
  EXPECT_EQ(subscriptions(), 0U);
  ASSERT_EQ(client.disconnections.size(), 1U);
  EXPECT_THAT(client.disconnections[0], HasSubstr("framework fw-0"));
  EXPECT_EQ(client.client.problem(), MasterProblem::kLiveFramework);
  frameworks_ = live("");  // torn down
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
}

TEST_F(BeginAnewTest, AKnownFrameworkAsksNothing) {
  frameworks_ = live("fw-0");
  LiveClient client(io_, config_);
  client.client.start(info("fw-0"));
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
  EXPECT_EQ(questions(), 0U);
}

TEST_F(BeginAnewTest, ASecondSubscriptionAsksNothing) {
  LiveClient client(io_, config_);
  client.client.start(info());
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
  master_.push_subscribed("fw-1");
  ASSERT_TRUE(client.run_until([&] { return client.client.ready(); }));
  frameworks_ = live("fw-1");
  master_.close_stream();
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 2; }));
  EXPECT_EQ(questions(), 1U);
}

TEST_F(BeginAnewTest, WhereTheQuestionIsForbiddenItGoesOnWithANote) {
  frameworks_ = {.status = 403, .text = "not for you"};
  LiveClient client(io_, config_);
  client.client.start(info());
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
  ASSERT_EQ(client.notes.size(), 1U);
  EXPECT_THAT(client.notes[0], HasSubstr("can not be told"));
  EXPECT_THAT(client.notes[0], HasSubstr("not for you"));
}

TEST_F(BeginAnewTest, WhatIsTakenOverIsAskedForFirstAndConfirmedLikeANewOne) {
  frameworks_ = live("fw-0");
  config_.takes_over = true;
  LiveClient client(io_, config_);
  client.confirm_at_once = false;
  client.client.start(info("fw-0"));
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
  EXPECT_EQ(questions(), 1U);
  EXPECT_EQ(master_.seen[0].target, operator_calls::kPath);
  EXPECT_EQ(master_.seen[1].call.framework_id().value(), "fw-0");
  master_.push_subscribed("fw-0");
  ASSERT_TRUE(client.run_until([&] { return client.subscriptions.size() == 1; }));
  EXPECT_TRUE(client.confirmations[0]);
  EXPECT_FALSE(client.client.ready());
  master_.close_stream();  // before the log has it: it is asked for no more
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 2; }));
  EXPECT_EQ(questions(), 1U);
  client.confirm_at_once = true;
  master_.push_subscribed("fw-0");
  ASSERT_TRUE(client.run_until([&] { return client.client.ready(); }));
}

TEST_F(BeginAnewTest, WhatTheMasterDoesNotKnowAsOursIsNotTakenOverAndAskedForAgain) {
  frameworks_ = live("fw-0");
  config_.takes_over = true;
  LiveClient client(io_, config_);
  client.client.start(info("fw-mistyped"));
  ASSERT_TRUE(client.run_until([&] { return questions() >= 3; }));
  EXPECT_EQ(subscriptions(), 0U);
  ASSERT_EQ(client.disconnections.size(), 1U);
  EXPECT_THAT(client.disconnections[0], HasSubstr("framework_id = \"fw-mistyped\""));
  EXPECT_THAT(client.disconnections[0], HasSubstr("lists fw-0"));
  EXPECT_EQ(client.client.problem(), MasterProblem::kWrongFramework);
  EXPECT_EQ(name_of(client.client.problem()), "wrong_framework");
  frameworks_ = live("fw-mistyped");  // its agents are back at a new master, say
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
}

TEST_F(BeginAnewTest, WhereTheQuestionIsForbiddenItIsTakenOverWithANote) {
  frameworks_ = {.status = 403, .text = "not for you"};
  config_.takes_over = true;
  LiveClient client(io_, config_);
  client.client.start(info("fw-0"));
  ASSERT_TRUE(client.run_until([&] { return subscriptions() == 1; }));
  ASSERT_EQ(client.notes.size(), 1U);
  EXPECT_THAT(client.notes[0], HasSubstr("whether the framework to take over is ours can not be told"));
}

TEST_F(BeginAnewTest, AMasterThatCanNotAnswerNowIsAskedAgain) {
  for (const FakeMaster::Answer& answer :
       {FakeMaster::Answer{.status = 503, .text = "recovering"}, FakeMaster::Answer{.status = 401},
        FakeMaster::Answer{.status = 200, .text = "\xff\xff"}, FakeMaster::Answer{.close_after = true}}) {
    frameworks_ = answer;
    if (answer.close_after) frameworks_.status = 503;
    LiveClient client(io_, config_);
    const auto before = questions();
    client.client.start(info());
    ASSERT_TRUE(client.run_until([&] { return questions() >= before + 2; })) << answer.status;
    EXPECT_EQ(subscriptions(), 0U) << answer.status;
  }
}

TEST_F(BeginAnewTest, AMasterThatDoesNotLeadIsLeftForTheOneThatDoes) {
  FakeMaster standby(io_);
  standby.answer = [this](const FakeMaster::Call&) {
    return FakeMaster::Answer{.status = 307, .location = "//" + master_.endpoint().to_string() + "/api/v1/scheduler"};
  };
  frameworks_ = live("fw-0");
  config_.masters = {standby.endpoint()};
  LiveClient client(io_, config_);
  client.client.start(info());
  ASSERT_TRUE(client.run_until([&] { return client.client.problem() == MasterProblem::kLiveFramework; }));
  EXPECT_EQ(subscriptions(), 0U);
}

TEST_F(BeginAnewTest, MayBeStoppedWhileTheQuestionIsOut) {
  frameworks_ = {.never = true};
  LiveClient client(io_, config_);
  client.client.start(info());
  ASSERT_TRUE(client.run_until([&] { return questions() == 1; }));
  client.client.stop();
  ASSERT_TRUE(client.run_until([&] { return client.stop_reason == StopReason::kRequested; }));
  EXPECT_EQ(subscriptions(), 0U);
}

}  // namespace
}  // namespace esaas::mesos
