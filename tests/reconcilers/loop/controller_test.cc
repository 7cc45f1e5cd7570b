#include "reconcilers/loop/controller.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/events/codec.h"
#include "reconcilers/loop/mesos_intents.h"
#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using std::chrono::seconds;

class ControllerTest : public ControllerFixture {
 protected:
  std::size_t answered_ = 0;  ///< of the observations that were asked for
};

TEST_F(ControllerTest, BeginsATermBeforeItSubscribes) {
  EXPECT_EQ(log_.last_seq(), 1U);
  EXPECT_EQ(controller_->state().head.leader_term(), 1U);
  EXPECT_EQ(ports_.starts, 1);
}

TEST_F(ControllerTest, AnswersOnlyWhenTheEventIsDurable) {
  bool answered = false;
  controller_->submit(
      {by_admin(command::CreateTenant{"shop"})}, [&](auto results) { answered = results[0].has_value(); }, now_);
  controller_->turn(now_);
  EXPECT_FALSE(answered);
  EXPECT_TRUE(published_.tenants().empty());
  ports_.run_posted();
  EXPECT_TRUE(answered);
  EXPECT_EQ(published_.tenants(), std::vector<std::string>{"shop"});
}

TEST_F(ControllerTest, ARefusalIsAnsweredAtOnce) {
  const auto result = submit(create("search"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "known_tenant");
  EXPECT_EQ(log_.last_seq(), 1U);
}

TEST_F(ControllerTest, TheSameKeyGivesTheSameAnswerAndAnotherBodyAConflict) {
  submit(command::CreateTenant{"shop"});
  auto first = create("search");
  first.idempotency_key = "k";
  first.body_hash = "a";
  const auto original = submit(first);
  const auto again = submit(first);
  ASSERT_TRUE(original && again);
  EXPECT_EQ(again->operation_id, original->operation_id);
  EXPECT_TRUE(again->replayed);
  first.body_hash = "b";
  const auto other = submit(first);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
}

TEST_F(ControllerTest, BelowTheReserveNothingIsAccepted) {
  controller_->set_writable(false);
  const auto result = submit(command::CreateTenant{"shop"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().rule, "free_space_reserve");
}

TEST_F(ControllerTest, ANewFrameworkIdIsDurableBeforeItIsConfirmed) {
  wire::scheduler::Event::Subscribed subscribed;
  subscribed.mutable_framework_id()->set_value("fw-1");
  controller_->mesos_subscribed(subscribed, true, now_);
  controller_->turn(now_);
  EXPECT_EQ(ports_.confirmations, 0);
  settle();
  EXPECT_EQ(ports_.confirmations, 1);
  EXPECT_EQ(log_.read_one(log_.last_seq())->framework_registered().framework_id(), "fw-1");
}

TEST_F(ControllerTest, ANamedFrameworkIsTheLogsOnlyWhenAMasterHasAnsweredToIt) {
  options_.framework_id = "fw-mistyped";
  restart();
  EXPECT_EQ(ports_.framework_id, "fw-mistyped");
  EXPECT_EQ(controller_->state().head.framework_id(), "");
  EXPECT_TRUE(logged(event::Event::kFrameworkRegistered).empty());

  options_.framework_id = "fw-1";
  restart();
  EXPECT_EQ(ports_.framework_id, "fw-1") << "the log remembers nothing of the mistake";
  wire::scheduler::Event::Subscribed subscribed;
  subscribed.mutable_framework_id()->set_value("fw-1");
  controller_->mesos_subscribed(subscribed, true, now_);
  controller_->turn(now_);
  EXPECT_EQ(ports_.confirmations, 0);
  settle();
  EXPECT_EQ(ports_.confirmations, 1);
  const auto registered = logged(event::Event::kFrameworkRegistered);
  ASSERT_EQ(registered.size(), 1U);
  EXPECT_EQ(registered[0].framework_registered().framework_id(), "fw-1");
  EXPECT_EQ(registered[0].actor().kind(), event::ACTOR_KIND_MESOS);
}

TEST_F(ControllerTest, ANamedFrameworkThatHasEndedDoesNotEndTheLog) {
  options_.framework_id = "fw-ended";
  restart();
  controller_->mesos_stopped(true, "framework_removed", now_);
  settle();
  EXPECT_EQ(controller_->stopped_reason(), "framework_removed");
  options_.framework_id = "fw-1";
  restart();
  EXPECT_EQ(ports_.framework_id, "fw-1");
  subscribe();
  controller_->mesos_stopped(true, "framework_removed", now_);
  settle();
  EXPECT_EQ(controller_->state().head.framework_stopped(), "framework_removed") << "now it is the log's own";
}

TEST_F(ControllerTest, IntentsAreDurableBeforeAcceptIsSent) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  submit(create("search"));
  offer("o1");
  const auto accepts = ports_.calls_of(wire::scheduler::Call::ACCEPT);
  ASSERT_EQ(accepts.size(), 1U);
  const auto& operations = accepts[0].accept().operations();
  ASSERT_EQ(operations.size(), 3);
  EXPECT_EQ(operations[0].type(), wire::Offer::Operation::RESERVE);
  EXPECT_EQ(operations[1].type(), wire::Offer::Operation::CREATE);
  EXPECT_EQ(operations[2].type(), wire::Offer::Operation::LAUNCH);
  const auto& node = controller_->state().find_cluster("search")->nodes(0);
  EXPECT_EQ(operations[2].launch().task_infos(0).task_id().value(), node.task().task_id());
  EXPECT_LE(node.task().launch_seq(), log_.last_seq());
}

/// Asked first, the master would call the task unknown; launched after that, it would run beside its successor.
TEST_F(ControllerTest, MesosIsAskedAboutATaskOnlyAfterItsLaunchIsSent) {
  submit(command::CreateTenant{"shop"});
  submit(create("search"));
  wire::scheduler::Event::Subscribed subscribed;
  subscribed.mutable_framework_id()->set_value("fw-1");
  controller_->mesos_subscribed(subscribed, true, now_);
  offer("o1");  // its intents go to disk together with the framework's id
  const auto is_about_the_task = [](const wire::scheduler::Call& call) {
    return call.type() == wire::scheduler::Call::RECONCILE && call.reconcile().tasks_size() > 0;
  };
  const auto accept = std::ranges::find(ports_.calls, wire::scheduler::Call::ACCEPT, &wire::scheduler::Call::type);
  const auto question = std::ranges::find_if(ports_.calls, is_about_the_task);
  ASSERT_NE(accept, ports_.calls.end());
  ASSERT_NE(question, ports_.calls.end());
  EXPECT_LT(accept, question);
}

TEST_F(ControllerTest, ATenantThatIsMadeWhileSubscribedGetsOffersWhenItWaits) {
  subscribe();
  submit(command::CreateTenant{"shop"});
  EXPECT_EQ(ports_.roles, std::vector<std::string>{"es-shop"});
  now_ += seconds{10};
  settle();
  ASSERT_EQ(ports_.calls_of(wire::scheduler::Call::SUPPRESS).size(), 1U);
  submit(create("search"));
  now_ += seconds{1};
  settle();
  const auto revives = ports_.calls_of(wire::scheduler::Call::REVIVE);
  ASSERT_FALSE(revives.empty());
  EXPECT_EQ(revives.back().revive().roles(0), "es-shop");
}

TEST_F(ControllerTest, OffersThatNobodyWantsAreDeclinedAtOnce) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  offer("o1");
  const auto declines = ports_.calls_of(wire::scheduler::Call::DECLINE);
  ASSERT_EQ(declines.size(), 1U);
  EXPECT_EQ(declines[0].decline().offer_ids(0).value(), "o1");
  EXPECT_GE(declines[0].decline().filters().refuse_seconds(), 3600.0);
}

TEST_F(ControllerTest, AStatusIsAcknowledgedOnlyWhenItIsDurable) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  submit(create("search"));
  offer("o1");
  report(wire::TASK_RUNNING);
  EXPECT_TRUE(ports_.calls_of(wire::scheduler::Call::ACKNOWLEDGE).empty());
  settle();
  EXPECT_EQ(ports_.calls_of(wire::scheduler::Call::ACKNOWLEDGE).size(), 1U);
  EXPECT_EQ(controller_->state().find_cluster("search")->nodes(0).task().state(), model::TASK_STATE_RUNNING);
}

TEST_F(ControllerTest, ADryRunAppendsNothing) {
  submit(command::CreateTenant{"shop"});
  const auto before = controller_->state().seq();
  std::optional<Preview> shown;
  controller_->preview(
      create("search"),
      [&](const Result<Preview>& preview) {
        if (preview) shown = *preview;
      },
      now_);
  settle();
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->events.size(), 3U);
  ASSERT_FALSE(shown->next.empty());
  for (const auto& event : shown->next) {
    EXPECT_EQ(event.cluster(), "search");
    EXPECT_EQ(event.tenant(), "shop");
    EXPECT_FALSE(event.operation_id().empty());
  }
  EXPECT_EQ(controller_->state().seq(), before);
}

TEST_F(ControllerTest, WhatIsNotUtf8IsMendedOrTheLogCouldNeverBeReadAgain) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  auto request = create("search");
  std::get<command::SubmitOperation>(request.command).reason = "caf\xe9";
  submit(std::move(request));
  offer("o1");
  report(wire::TASK_FAILED, "l\xf6schen");
  settle();
  const auto cursor = log_.read(1, {});
  ASSERT_TRUE(cursor);
  bool seen = false;
  for (;;) {
    const auto event = (*cursor)->next();
    ASSERT_TRUE(event) << event.error().detail;
    if (*event == nullptr) break;
    const auto again = event::decode(event::encode(**event));
    ASSERT_TRUE(again) << again.error().detail;
    seen = seen || again->task_status_changed().message() == "l\xEF\xBF\xBDschen";
  }
  EXPECT_TRUE(seen);
}

TEST_F(ControllerTest, ADryRunAndARefusalWaitForWhatTheyRestUpon) {
  std::vector<std::string> answered;
  const auto note = [&](std::string what) { return [&answered, what](auto&&) { answered.push_back(what); }; };
  controller_->submit({by_admin(command::CreateTenant{"shop"})}, note("made"), now_);
  controller_->submit({by_admin(command::CreateTenant{"shop"})}, note("refused"), now_);
  controller_->preview(create("search"), note("previewed"), now_);
  EXPECT_TRUE(answered.empty()) << "nothing is on disk yet";
  settle();
  EXPECT_EQ(answered, (std::vector<std::string>{"made", "refused", "previewed"}));
}

TEST_F(ControllerTest, TheStateIsTheFoldOfTheLog) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  submit(create("search"));
  offer("o1");
  state::FleetState folded;
  auto cursor = log_.read(1);
  for (auto event = (*cursor)->next(); event && *event != nullptr; event = (*cursor)->next())
    state::evolve(folded, **event);
  EXPECT_EQ(state::encode(folded), state::encode(controller_->state()));
}

TEST_F(ControllerTest, PollsThatBringNothingBecomeRarer) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  submit(create("search"));
  offer("o1");
  report(wire::TASK_RUNNING);
  const auto polls_in = [&](std::chrono::seconds duration) {
    const std::size_t before = ports_.observed.size();
    for (const Time end = now_ + duration; now_ < end; now_ += std::chrono::milliseconds{100}) {
      if (ports_.observed.size() > answered_) {
        reconcile::Observation red;
        red.observed_at = now_;
        red.health.set_status(model::HEALTH_STATUS_RED);
        controller_->observed("search", red, now_);
        ++answered_;
      }
      settle();
    }
    return ports_.observed.size() - before;
  };
  EXPECT_GE(polls_in(seconds{15}), 30U);
  polls_in(seconds{900});
  EXPECT_LE(polls_in(seconds{60}), 8U);
  submit(by_admin(command::ControlOperation{controller_->state().find_cluster("search")->active_operation(),
                                            command::OperationVerb::kPause}));
  EXPECT_GE(polls_in(seconds{15}), 30U);
}

TEST_F(ControllerTest, NothingIsLoggedPerTick) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  submit(create("search"));
  const auto before = log_.last_seq();
  for (int i = 0; i < 100; ++i) {
    now_ += seconds{1};
    settle();
  }
  EXPECT_EQ(log_.last_seq(), before);
}

}  // namespace
}  // namespace esaas::loop
