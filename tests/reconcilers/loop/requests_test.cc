// Requests to Elasticsearch from the loop: when they are sent, what their answers become, and whose all of it is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reconcilers/loop/attribution.h"
#include "reconcilers/loop/repeats.h"
#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RequestsTest : public ControllerFixture {
 protected:
  RequestsTest() {
    place_search();
    report(wire::TASK_RUNNING);
    settle();
    look();
    look();
    EXPECT_EQ(search().active_operation(), "") << "it is created";
  }

  [[nodiscard]] const state::Cluster& search() const { return *controller_->state().find_cluster("search"); }

  static model::Setting quorum() {
    model::Setting setting;
    setting.set_key("discovery.zen.minimum_master_nodes");
    setting.set_value("1");
    return setting;
  }

  [[nodiscard]] reconcile::Observation observation() const {
    reconcile::Observation seen;
    seen.observed_at = now_;
    seen.health.set_status(model::HEALTH_STATUS_GREEN);
    seen.health.set_nodes(1);
    seen.health.set_data_nodes(1);
    seen.master = seen.nodes.emplace_back(search_node().name());
    seen.minimum_master_nodes = 1;
    seen.excluded_nodes.emplace();
    seen.persistent_settings = {quorum()};
    seen.transient_settings.emplace();
    return seen;
  }

  /// Time goes on, and the cluster answers what it was asked; settings that are to be put are in force.
  void look() {
    now_ += seconds{1};
    settle();
    controller_->observed("search", observation(), now_);
    settle();
    for (const event::Event& put : std::exchange(ports_.puts, {})) {
      controller_->setting_answered("search", put, {}, now_);
    }
    settle();
  }

  /// The request is out.
  std::string take_snapshot() {
    command::SubmitOperation operation;
    operation.cluster = "search";
    operation.request.mutable_take_snapshot()->set_repository("backup");
    operation.request.mutable_take_snapshot()->set_snapshot("s1");
    const auto accepted = submit(std::move(operation));
    EXPECT_TRUE(accepted) << accepted.error().detail;
    look();  // whether there is one of that name
    return accepted ? accepted->operation_id : std::string{};
  }

  void answer(unsigned status, const std::string& body) {
    controller_->request_answered("search", ports_.requests.back().seq(), es::RequestAnswer{status, body}, now_);
    settle();
  }
};

TEST_F(RequestsTest, ARequestIsSentWhenItsIntentIsDurableAndNotTwiceWhileItIsUnderWay) {
  const std::string id = take_snapshot();
  ASSERT_THAT(ports_.requests, SizeIs(1));
  const auto intents = logged(event::Event::kElasticsearchRequestIntended);
  ASSERT_THAT(intents, SizeIs(1));
  EXPECT_EQ(ports_.requests[0].seq(), intents[0].seq());
  EXPECT_EQ(intents[0].operation_id(), id);
  for (int i = 0; i < 20; ++i) look();
  EXPECT_THAT(ports_.requests, SizeIs(1));
}

TEST_F(RequestsTest, OneThatNobodyAnsweredIsSentAgainAndLogsNothing) {
  take_snapshot();
  const std::uint64_t seq = ports_.requests[0].seq();
  const auto last = log_.last_seq();
  controller_->request_answered("search", seq, fail(ErrorCode::kUnavailable, "nobody is there"), now_);
  settle();
  EXPECT_EQ(log_.last_seq(), last);
  for (int i = 0; i < 7; ++i) look();
  ASSERT_THAT(ports_.requests, SizeIs(2));
  EXPECT_EQ(ports_.requests[1].seq(), seq);
  EXPECT_EQ(ports_.requests[1].elasticsearch_request_intended().path(),
            ports_.requests[0].elasticsearch_request_intended().path());
  answer(503, "{}");
  EXPECT_THAT(logged(event::Event::kElasticsearchRequestAnswered), IsEmpty());
}

TEST_F(RequestsTest, AnAnswerIsAnEventOfItsOperationCausedByItsIntent) {
  const std::string id = take_snapshot();
  answer(404, R"({"error":{"type":"repository_missing_exception","reason":"[backup] missing"},"status":404})");
  const auto answered = logged(event::Event::kElasticsearchRequestAnswered);
  ASSERT_THAT(answered, SizeIs(1));
  EXPECT_EQ(answered[0].operation_id(), id);
  EXPECT_EQ(answered[0].cause_seq(), ports_.requests[0].seq());
  EXPECT_EQ(answered[0].elasticsearch_request_answered().status(), 404U);
  const auto finished = logged(event::Event::kOperationFinished);
  EXPECT_EQ(finished.back().operation_finished().id(), id);
  EXPECT_EQ(finished.back().operation_id(), id);
  EXPECT_EQ(finished.back().operation_finished().detail(), "repository_missing_exception: [backup] missing");
  answer(200, "{}");  // a late one
  EXPECT_THAT(logged(event::Event::kElasticsearchRequestAnswered), SizeIs(1));
}

TEST_F(RequestsTest, ARestartSendsAgainWhatWasNotAnswered) {
  take_snapshot();
  const std::uint64_t seq = ports_.requests[0].seq();
  ports_.requests.clear();
  restart();
  look();
  ASSERT_THAT(ports_.requests, SizeIs(1));
  EXPECT_EQ(ports_.requests[0].seq(), seq);
}

TEST_F(RequestsTest, ASideOperationRunsBesideTheActiveOneAndKeepsItsEvents) {
  command::SubmitOperation scale;
  scale.cluster = "search";
  scale.request.mutable_scale()->set_group("data");
  scale.request.mutable_scale()->set_count(2);
  const auto active = submit(std::move(scale));
  ASSERT_TRUE(active) << active.error().detail;
  const std::string side = take_snapshot();
  EXPECT_EQ(search().active_operation(), active->operation_id);
  ASSERT_THAT(ports_.requests, SizeIs(1));
  EXPECT_EQ(logged(event::Event::kElasticsearchRequestIntended)[0].operation_id(), side);
  answer(200, R"({"accepted":true})");
  EXPECT_EQ(logged(event::Event::kElasticsearchRequestAnswered)[0].operation_id(), side);
}

TEST_F(RequestsTest, WhatAPolicyDoesIsOfNoOperationEvenWhileOneRuns) {
  command::SubmitOperation policies;
  policies.cluster = "search";
  policies.request.mutable_policies()->mutable_policies()->set_shards_per_node_max(100);
  policies.request.mutable_policies()->mutable_policies()->set_correct(true);
  ASSERT_TRUE(submit(std::move(policies)));
  command::SubmitOperation scale;
  scale.cluster = "search";
  scale.request.mutable_scale()->set_group("data");
  scale.request.mutable_scale()->set_count(2);
  ASSERT_TRUE(submit(std::move(scale)));
  look();
  const auto intents = logged(event::Event::kElasticsearchRequestIntended);
  ASSERT_THAT(intents, SizeIs(1));
  EXPECT_EQ(intents[0].operation_id(), "");
  const auto holds = logged(event::Event::kHoldBegan);
  const auto hold = std::ranges::find_if(
      holds, [](const event::Event& event) { return event.hold_began().rule() == "policy_shards_per_node_max"; });
  ASSERT_NE(hold, holds.end());
  EXPECT_EQ(hold->operation_id(), "");
  answer(200, R"({"acknowledged":true,"persistent":{"cluster.routing.allocation.total_shards_per_node":"100"}})");
  EXPECT_EQ(logged(event::Event::kElasticsearchRequestAnswered)[0].operation_id(), "");
}

TEST_F(RequestsTest, AnObservationThatAnAnswerHasOvertakenCorrectsNothing) {
  command::SubmitOperation policies;
  policies.cluster = "search";
  policies.request.mutable_policies()->mutable_policies()->set_shards_per_node_max(100);
  policies.request.mutable_policies()->mutable_policies()->set_correct(true);
  ASSERT_TRUE(submit(std::move(policies)));
  look();
  ASSERT_THAT(ports_.requests, SizeIs(1));
  const reconcile::Observation asked_before = observation();
  now_ += milliseconds{100};
  answer(200, R"({"acknowledged":true,"persistent":{"cluster.routing.allocation.total_shards_per_node":"100"}})");
  controller_->observed("search", asked_before, now_);
  settle();
  EXPECT_THAT(ports_.requests, SizeIs(1));
}

TEST_F(RequestsTest, AsksAgainAtOnceWhenAnAnswerHasOvertakenWhatWasSeen) {
  take_snapshot();
  ASSERT_THAT(ports_.requests, SizeIs(1));
  const std::size_t asked = ports_.questions_asked.size();
  answer(200, R"({"accepted":true})");
  now_ += milliseconds{1};
  settle();
  EXPECT_EQ(ports_.questions_asked.size(), asked + 1) << "a step that waits to see the answer's effect waits no longer";
}

TEST_F(RequestsTest, ASlowClusterIsLeftAloneForAsLongAsItTookToAnswer) {
  take_snapshot();
  now_ += seconds{1};
  settle();  // it is asked
  now_ += seconds{3};
  controller_->observed("search", observation(), now_);
  settle();
  const std::size_t asked = ports_.questions_asked.size();
  now_ += milliseconds{2900};
  settle();
  EXPECT_EQ(ports_.questions_asked.size(), asked);
  now_ += milliseconds{100};
  settle();
  EXPECT_EQ(ports_.questions_asked.size(), asked + 1);
}

TEST_F(RequestsTest, AFleetThatIsAskedByItsThousandsIsAskedLessOften) {
  take_snapshot();
  state::FleetState fleet = controller_->state();
  for (int i = 0; i < 40; ++i) {
    state::Cluster other = fleet.clusters.at("search");
    other.set_name("other-" + std::to_string(i));
    fleet.clusters.emplace(other.name(), other);
  }
  begin(std::move(fleet));
  settle();  // each is asked, and only one answers
  controller_->observed("search", observation(), now_);
  settle();
  const std::size_t asked = ports_.questions_asked.size();
  now_ += milliseconds{190};
  settle();
  EXPECT_EQ(ports_.questions_asked.size(), asked);
  now_ += milliseconds{20};
  settle();
  EXPECT_EQ(ports_.questions_asked.size(), asked + 1);
}

TEST_F(RequestsTest, AsksBesidesWhatAnOperationWaitsFor) {
  take_snapshot();
  ports_.questions_asked.clear();
  look();
  ASSERT_FALSE(ports_.questions_asked.empty());
  EXPECT_THAT(ports_.questions_asked.back().snapshots, testing::ElementsAre(testing::Pair("backup", "s1")));
}

TEST_F(RequestsTest, AHoldOfASideOperationIsItsOwn) {
  const std::string id = take_snapshot();
  reconcile::Observation unknown;
  unknown.observed_at = now_ += seconds{1};
  unknown.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  controller_->observed("search", unknown, now_);
  settle();
  const auto holds = logged(event::Event::kHoldBegan);
  const auto hold = std::ranges::find_if(
      holds, [](const event::Event& event) { return event.hold_began().rule() == "side_operation_waits_for_health"; });
  ASSERT_NE(hold, holds.end());
  EXPECT_EQ(hold->operation_id(), id);
  EXPECT_THAT(hold->hold_began().why(), HasSubstr(id));
}

TEST_F(RequestsTest, ARefusedSettingHoldsUntilItIsTaken) {
  const auto look_at = [this](const std::string& enable) {
    reconcile::Observation seen = observation();
    seen.observed_at = now_ += seconds{10};
    seen.allocation_enable = enable;
    controller_->observed("search", seen, now_);
    settle();
  };
  look_at("primaries");  // left behind by a request that came late
  ASSERT_THAT(ports_.puts, SizeIs(testing::Ge(1U)));
  const event::Event put = ports_.puts.back();
  controller_->setting_answered("search", put, fail(ErrorCode::kUnavailable, "nobody is there"), now_);
  settle();
  EXPECT_THAT(search().holds(), IsEmpty()) << "that decides nothing";
  controller_->setting_answered("search", put, fail(ErrorCode::kInvalidArgument, "Elasticsearch answered 403: blocked"),
                                now_);
  look_at("primaries");
  ASSERT_THAT(search().holds(), SizeIs(1));
  EXPECT_EQ(search().holds(0).rule(), "elasticsearch_refuses_setting");
  EXPECT_THAT(search().holds(0).why(), HasSubstr("cluster.routing.allocation.enable"));
  EXPECT_THAT(search().holds(0).why(), HasSubstr("403: blocked"));
  controller_->setting_answered("search", put, {}, now_);
  settle();
  EXPECT_THAT(search().holds(), IsEmpty());
}

TEST(Repeats, AreGivenTheirTimeAndForgottenAfterIt) {
  Repeats repeats;
  Time now = from_us(1'000'000);
  EXPECT_TRUE(repeats.take("c/exclusions", seconds{5}, now));
  EXPECT_FALSE(repeats.take("c/exclusions", seconds{5}, now + seconds{4}));
  EXPECT_TRUE(repeats.take("c/exclusions", seconds{5}, now + seconds{5}));
  for (int i = 0; i < 10'000; ++i) {
    now += seconds{1};
    EXPECT_TRUE(repeats.take("c/request/" + std::to_string(i), seconds{5}, now));
    EXPECT_LE(repeats.size(), 66U);
  }
  EXPECT_FALSE(repeats.take("c/request/9999", seconds{5}, now)) << "what is not over is not forgotten";
  repeats.forget("c/request/9999");
  EXPECT_TRUE(repeats.take("c/request/9999", seconds{5}, now));
  repeats.forget_all("c/");
  EXPECT_EQ(repeats.size(), 0U);
}

TEST(Repeats, EachEffectHasAKeyOfItsOwn) {
  event::Event request;
  request.set_seq(17);
  request.mutable_elasticsearch_request_intended();
  EXPECT_EQ(effect_key(request), "request/17");
  event::Event allocation;
  allocation.mutable_allocation_intended();
  EXPECT_EQ(effect_key(allocation), "allocation");
  event::Event votes;
  votes.mutable_voting_exclusions_intended();
  EXPECT_EQ(effect_key(votes), "voting_exclusions");
}

TEST(Attribution, GoesByTheNamesOfPolicies) {
  event::Event event;
  event.mutable_elasticsearch_request_intended()->set_purpose("policy_set_replicas");
  EXPECT_TRUE(is_of_a_policy(event));
  event.mutable_elasticsearch_request_intended()->set_purpose("set_replicas");
  EXPECT_FALSE(is_of_a_policy(event));
  event.mutable_hold_ended()->set_rule("policy_snapshots");
  EXPECT_TRUE(is_of_a_policy(event));
}

}  // namespace
}  // namespace esaas::loop
