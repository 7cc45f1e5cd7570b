// The client over real sockets on the loopback, against a fake master that does as it is told.

#include "reconcilers/effects/mesos/client.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/recordio.h"
#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/mesos/fake_master.h"
#include "tests/reconcilers/mesos/live_client.h"

namespace esaas::mesos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::FakeMaster;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LiveClient;
using Call = Client::Call;
using Event = Client::Event;

wire::FrameworkInfo info(const std::string& id = {}) {
  FrameworkSpec spec;
  spec.user = "es";
  spec.roles = {"es-a"};
  spec.id = id;
  return framework_info(spec);
}

Event offers_event() {
  Event event;
  event.set_type(Event::OFFERS);
  event.mutable_offers();
  return event;
}

class ClientTest : public ::testing::Test {
 protected:
  ClientConfig config() {
    ClientConfig config;
    config.masters = {master_.endpoint()};
    config.session = SessionConfig{};
    config.session->backoff_first = milliseconds(4);
    return config;
  }

  /// A client that is subscribed as fw-1.
  std::unique_ptr<LiveClient> subscribed(ClientConfig config, double heartbeat_seconds = 15) {
    auto live = std::make_unique<LiveClient>(io_, std::move(config));
    live->client.start(info("fw-1"));
    accept_subscription(*live, heartbeat_seconds);
    return live;
  }

  void accept_subscription(LiveClient& live, double heartbeat_seconds = 15) {
    const auto before = live.subscriptions.size();
    ASSERT_TRUE(live.run_until([&] { return master_.subscriptions() > before; }));
    master_.push_subscribed("fw-1", heartbeat_seconds);
    ASSERT_TRUE(live.run_until([&] { return live.subscriptions.size() > before; }));
  }

  boost::asio::io_context io_;
  FakeMaster master_{io_};
};

TEST_F(ClientTest, SubscribesConfirmsAndDelivers) {
  LiveClient live(io_, config());
  live.confirm_at_once = false;
  live.client.start(info());
  accept_subscription(live);
  master_.push(offers_event());
  EXPECT_EQ(live.confirmations, std::vector<bool>{true});
  EXPECT_FALSE(live.run_until([&] { return !live.events.empty(); }, milliseconds(100)));
  EXPECT_FALSE(live.client.ready());

  live.client.confirm_framework_id_durable();
  EXPECT_TRUE(live.run_until([&] { return !live.events.empty(); }));
  EXPECT_TRUE(live.client.ready());
  EXPECT_EQ(live.events.front().type(), Event::OFFERS);
}

TEST_F(ClientTest, SpeaksTheHeadersOfTheSchedulerApi) {
  auto with_credentials = config();
  with_credentials.credentials = Credentials{"esaas", "s3cret"};
  const auto live = subscribed(with_credentials);
  live->client.send(calls::revive({"es-a"}));
  ASSERT_TRUE(live->run_until([&] { return master_.calls().size() == 1; }));

  const auto& subscribe = master_.seen.at(0);
  const auto& revive = master_.seen.at(1);
  for (const auto& seen : {subscribe, revive}) {
    EXPECT_EQ(seen.target, "/api/v1/scheduler");
    EXPECT_EQ(seen.content_type, "application/x-protobuf");
    EXPECT_EQ(seen.accept, "application/x-protobuf");
    EXPECT_EQ(seen.authorization, "Basic ZXNhYXM6czNjcmV0");
    EXPECT_EQ(seen.call.framework_id().value(), "fw-1");
  }
  EXPECT_EQ(subscribe.stream_id, "");
  EXPECT_EQ(revive.stream_id, "stream-1");
}

TEST_F(ClientTest, SendsCallsInOrderOnOneConnection) {
  const auto live = subscribed(config());
  std::vector<std::string> done;
  for (int i = 0; i < 50; ++i) {
    live->client.send(calls::decline({"o" + std::to_string(i)}, calls::Refusal(1)),
                      [&](const Call& call, const Result<void>& result) {
                        EXPECT_TRUE(result);
                        done.push_back(call.decline().offer_ids(0).value());
                      });
  }
  EXPECT_EQ(live->client.calls_pending(), 50U);
  ASSERT_TRUE(live->run_until([&] { return done.size() == 50; }));
  const auto calls = master_.calls();
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(done[i], "o" + std::to_string(i));
    EXPECT_EQ(calls[i].call.decline().offer_ids(0).value(), done[i]);
    EXPECT_EQ(calls[i].connection, 2) << "one connection beside that of the stream";
  }
  EXPECT_EQ(live->client.calls_pending(), 0U);
}

TEST_F(ClientTest, ReportsARefusedCall) {
  const auto live = subscribed(config());
  master_.answer = [](const Call&) { return FakeMaster::Answer{.status = 400, .text = "bad\nsuppress"}; };
  live->client.send(calls::suppress({"es-a"}));
  ASSERT_TRUE(live->run_until([&] { return !live->failures.empty(); }));
  EXPECT_EQ(live->failures.front(), "SUPPRESS: SUPPRESS was answered with status 400: bad suppress");
  EXPECT_EQ(live->failure_codes.front(), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(live->client.ready()) << "a bad call says nothing about the subscription";
}

TEST_F(ClientTest, CallBeforeTheSubscriptionFails) {
  LiveClient live(io_, config());
  live.client.send(calls::revive({}));
  live.client.start(info("fw-1"));
  live.client.send(calls::revive({}));
  EXPECT_THAT(live.failures, IsEmpty()) << "never from inside send";
  ASSERT_TRUE(live.run_until([&] { return live.failures.size() == 2; }));
  EXPECT_THAT(live.failures.back(), HasSubstr("not subscribed"));
}

TEST_F(ClientTest, CallWithoutAnswerEndsAtItsDeadlineAndTheNextOneGoesThrough) {
  auto short_deadline = config();
  short_deadline.call_timeout = milliseconds(150);
  const auto live = subscribed(short_deadline);
  master_.answer = [&](const Call& call) { return FakeMaster::Answer{.never = call.type() == Call::SUPPRESS}; };
  live->client.send(calls::suppress({"es-a"}));
  ASSERT_TRUE(live->run_until([&] { return !live->failures.empty(); }));
  EXPECT_EQ(live->failure_codes.front(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(master_.calls().size(), 1U) << "it is not sent again";

  bool accepted = false;
  live->client.send(calls::revive({"es-a"}),
                    [&](const Call&, const Result<void>& result) { accepted = result.has_value(); });
  EXPECT_TRUE(live->run_until([&] { return accepted; }));
  EXPECT_TRUE(live->client.ready());
}

TEST_F(ClientTest, CallThatWaitsBehindASlowOneHasADeadlineToo) {
  auto short_deadline = config();
  short_deadline.call_timeout = milliseconds(100);
  const auto live = subscribed(short_deadline);
  master_.answer = [](const Call&) { return FakeMaster::Answer{.never = true}; };
  live->client.send(calls::suppress({"es-a"}));
  live->client.send(calls::suppress({"es-a"}));
  ASSERT_TRUE(live->run_until([&] { return live->failures.size() == 2; }));
  EXPECT_THAT(live->failure_codes, ElementsAre(ErrorCode::kDeadlineExceeded, ErrorCode::kDeadlineExceeded));
  EXPECT_EQ(master_.calls().size(), 1U);
}

TEST_F(ClientTest, ConnectionThatThePeerClosedWhileIdleIsReplaced) {
  const auto live = subscribed(config());
  master_.answer = [](const Call&) { return FakeMaster::Answer{.close_after = true}; };
  for (int i = 0; i < 3; ++i) {
    bool accepted = false;
    live->client.send(calls::revive({}),
                      [&](const Call&, const Result<void>& result) { accepted = result.has_value(); });
    ASSERT_TRUE(live->run_until([&] { return accepted; }));
    live->run_until([] { return false; }, milliseconds(20));  // the close arrives
  }
  EXPECT_THAT(live->failures, IsEmpty());
}

TEST_F(ClientTest, FullQueueRefuses) {
  auto small = config();
  small.calls_queued_max = 2;
  const auto live = subscribed(small);
  for (int i = 0; i < 3; ++i) live->client.send(calls::revive({}));
  ASSERT_TRUE(live->run_until([&] { return !live->failures.empty(); }));
  EXPECT_EQ(live->failure_codes, std::vector<ErrorCode>{ErrorCode::kResourceExhausted});
}

TEST_F(ClientTest, ClosedStreamFailsQueuedCallsAndComesBack) {
  const auto live = subscribed(config());
  master_.answer = [](const Call& call) { return FakeMaster::Answer{.never = call.type() != Call::SUBSCRIBE}; };
  live->client.send(calls::suppress({"es-a"}));
  live->client.send(calls::suppress({"es-a"}));
  ASSERT_TRUE(live->run_until([&] { return master_.calls().size() == 1; }));
  master_.close_stream();
  ASSERT_TRUE(live->run_until([&] { return live->failures.size() == 2; }));
  EXPECT_THAT(live->failure_codes, ElementsAre(ErrorCode::kUnavailable, ErrorCode::kUnavailable));
  accept_subscription(*live);
  EXPECT_EQ(live->disconnections.size(), 1U);
  EXPECT_THAT(master_.seen.back().call.subscribe().suppressed_roles(), ElementsAre("es-a"));
  EXPECT_TRUE(live->client.ready());
}

TEST_F(ClientTest, SilentMasterIsLeft) {
  const auto live = subscribed(config(), 0.1);
  ASSERT_TRUE(live->run_until([&] { return !live->disconnections.empty(); }, seconds(5)));
  EXPECT_THAT(live->disconnections.front(), HasSubstr("was silent for 5 heartbeats"));
  accept_subscription(*live);
}

TEST_F(ClientTest, CallAnsweredForbiddenLeadsToANewSubscription) {
  const auto live = subscribed(config());
  master_.answer = [](const Call& call) {
    return FakeMaster::Answer{.status = call.type() == Call::SUBSCRIBE ? 202 : 403,
                              .text = "Framework is not subscribed"};
  };
  live->client.send(calls::revive({}));
  ASSERT_TRUE(live->run_until([&] { return !live->disconnections.empty(); }));
  EXPECT_EQ(live->failure_codes.front(), ErrorCode::kPermissionDenied);
  accept_subscription(*live);
}

TEST_F(ClientTest, FollowsARedirectToTheLeader) {
  FakeMaster standby(io_);
  standby.answer = [&](const Call&) {
    return FakeMaster::Answer{.status = 307, .location = "//" + master_.endpoint().to_string() + "/api/v1/scheduler"};
  };
  auto to_standby = config();
  to_standby.masters = {standby.endpoint()};
  const auto live = subscribed(to_standby);
  live->client.send(calls::revive({}));
  ASSERT_TRUE(live->run_until([&] { return master_.calls().size() == 1; })) << "calls go to the leader too";
  EXPECT_THAT(standby.calls(), IsEmpty());
  EXPECT_THAT(live->disconnections, IsEmpty());
}

TEST_F(ClientTest, TriesTheNextMasterWhenOneIsDown) {
  Endpoint dead;
  {
    FakeMaster gone(io_);
    dead = gone.endpoint();
  }
  auto two = config();
  two.masters = {dead, master_.endpoint()};
  const auto live = subscribed(two);
  ASSERT_EQ(live->disconnections.size(), 1U);
  EXPECT_THAT(live->disconnections.front(), HasSubstr(dead.to_string() + ": connect: Connection refused"));
}

TEST_F(ClientTest, NameThatDoesNotResolveIsAnErrorLikeAnother) {
  auto two = config();
  two.masters = {Endpoint{"no-such-host.invalid", 5050}, master_.endpoint()};
  const auto live = subscribed(two);
  ASSERT_EQ(live->disconnections.size(), 1U);
  EXPECT_THAT(live->disconnections.front(), HasSubstr("resolve no-such-host.invalid"));
}

TEST_F(ClientTest, AnswerThatIsNotHttpIsRetried) {
  master_.greeting = "SSH-2.0-OpenSSH_9.2\r\n";
  LiveClient live(io_, config());
  live.client.start(info("fw-1"));
  ASSERT_TRUE(live.run_until([&] { return live.disconnections.size() >= 2; }));
  EXPECT_THAT(live.disconnections.front(), HasSubstr("read answer"));
  master_.greeting.clear();
  ASSERT_TRUE(live.run_until([&] { return master_.seen.size() > live.disconnections.size(); }));
  master_.push_subscribed();
  EXPECT_TRUE(live.run_until([&] { return live.client.ready(); }));
}

TEST_F(ClientTest, RefusalIsShownWithItsText) {
  master_.answer = [](const Call&) { return FakeMaster::Answer{.status = 400, .text = "role es-a is not allowed"}; };
  LiveClient live(io_, config());
  live.client.start(info("fw-1"));
  ASSERT_TRUE(live.run_until([&] { return live.stop_reason.has_value(); }));
  EXPECT_EQ(live.stop_reason, StopReason::kSubscriptionRefused);
  EXPECT_THAT(live.stop_why, HasSubstr("status 400: role es-a is not allowed"));
}

TEST_F(ClientTest, RefusedCredentialsAreToldOnceAndTriedUntilTheyAreTaken) {
  bool known = false;
  master_.answer = [&known](const Call&) { return FakeMaster::Answer{.status = known ? 202 : 401}; };
  auto with_credentials = config();
  with_credentials.credentials = Credentials{"esaas", "s3cret"};
  LiveClient live(io_, with_credentials);
  live.client.start(info("fw-1"));
  ASSERT_TRUE(live.run_until([&] { return master_.seen.size() >= 5; }));
  ASSERT_EQ(live.disconnections.size(), 1U);
  EXPECT_THAT(live.disconnections.front(), HasSubstr("refuses the credentials of principal \"esaas\""));
  EXPECT_THAT(live.disconnections.front(), ::testing::Not(HasSubstr("s3cret")));
  EXPECT_EQ(live.client.problem(), MasterProblem::kCredentialsRefused);
  EXPECT_FALSE(live.client.leading_master().has_value());

  const std::size_t attempts = master_.seen.size();
  known = true;
  ASSERT_TRUE(live.run_until([&] { return master_.seen.size() > attempts; }));
  master_.push_subscribed("fw-1");
  ASSERT_TRUE(live.run_until([&] { return live.client.ready(); }));
  EXPECT_EQ(live.client.problem(), MasterProblem::kNone);
  const auto leading = live.client.leading_master();
  ASSERT_TRUE(leading.has_value());
  EXPECT_EQ(leading->master, master_.endpoint());
  EXPECT_EQ(leading->credentials->secret, "s3cret");
}

TEST_F(ClientTest, CredentialsAreNotSentWhereARedirectLeavesTheScheme) {
  FakeMaster standby(io_);
  standby.answer = [&](const Call&) {
    return FakeMaster::Answer{.status = 307, .location = "https://" + master_.endpoint().to_string() + "/"};
  };
  auto to_standby = config();
  to_standby.masters = {standby.endpoint()};
  to_standby.credentials = Credentials{"esaas", "s3cret"};
  LiveClient live(io_, to_standby);
  live.client.start(info("fw-1"));
  ASSERT_TRUE(live.run_until([&] { return live.disconnections.size() >= 2; }));
  EXPECT_THAT(master_.seen, IsEmpty());
}

TEST_F(ClientTest, LargeEventsArriveWhole) {
  const auto live = subscribed(config());
  Event event;
  event.set_type(Event::RESCIND);
  event.mutable_rescind()->mutable_offer_id()->set_value(std::string(3'000'000, 'x'));
  const std::string bytes = encode_record(event.SerializeAsString());
  for (std::size_t at = 0; at < bytes.size(); at += 77'777) master_.push_bytes(bytes.substr(at, 77'777));
  ASSERT_TRUE(live->run_until([&] { return !live->events.empty(); }));
  EXPECT_EQ(live->events.front().rescind().offer_id().value().size(), 3'000'000U);
}

TEST_F(ClientTest, UpdatesTheFrameworkNowAndLater) {
  const auto live = subscribed(config());
  live->client.send(calls::suppress({"es-a"}));
  auto more = info();
  more.add_roles("es-b");
  master_.answer = [](const Call& call) {
    return FakeMaster::Answer{.status = call.type() == Call::UPDATE_FRAMEWORK ? 200 : 202};
  };
  bool accepted = false;
  live->client.update_framework_info(more,
                                     [&](const Call&, const Result<void>& result) { accepted = result.has_value(); });
  ASSERT_TRUE(live->run_until([&] { return accepted; }));
  const auto update = master_.calls().back().call;
  EXPECT_EQ(update.update_framework().framework_info().id().value(), "fw-1");
  EXPECT_THAT(update.update_framework().suppressed_roles(), ElementsAre("es-a"));
  master_.close_stream();
  accept_subscription(*live);
  EXPECT_THAT(master_.seen.back().call.subscribe().framework_info().roles(), ElementsAre("es-a", "es-b"));
}

TEST_F(ClientTest, StopLeavesQuietly) {
  const auto live = subscribed(config());
  live->client.stop();
  EXPECT_FALSE(live->stop_reason.has_value()) << "never from inside stop";
  ASSERT_TRUE(live->run_until([&] { return live->stop_reason.has_value(); }));
  EXPECT_EQ(live->stop_reason, StopReason::kRequested);
  EXPECT_THAT(master_.calls(), IsEmpty()) << "no TEARDOWN";
  EXPECT_FALSE(live->run_until([&] { return master_.subscriptions() > 1; }, milliseconds(100)));
}

/// Destroys the client from inside a callback.
struct SelfDestroying : Client::Handler {
  std::unique_ptr<Client> client;
  int events_after = 0;
  bool destroyed = false;
  void subscribed(const Event::Subscribed&, bool) override {}
  void event(const Event&) override {
    if (destroyed) ++events_after;
    destroyed = true;
    client.reset();
  }
  void event_skipped(const std::string&) override {}
  void disconnected(const std::string&) override { ++events_after; }
  void stopped(StopReason, const std::string&) override { ++events_after; }
  void call_failed(const Call&, const Error&) override { ++events_after; }
};

TEST_F(ClientTest, MayBeDestroyedInsideACallback) {
  SelfDestroying handler;
  handler.client = std::make_unique<Client>(io_, config(), handler);
  handler.client->start(info("fw-1"));
  const auto run = [&](const auto& done) {
    for (int i = 0; i < 2000 && !done(); ++i) {
      io_.restart();
      io_.run_one_for(milliseconds(5));
    }
    return done();
  };
  ASSERT_TRUE(run([&] { return master_.subscriptions() == 1; }));
  master_.push_subscribed();
  master_.push(offers_event());
  master_.push(offers_event());
  ASSERT_TRUE(run([&] { return handler.destroyed; }));
  for (int i = 0; i < 20; ++i) {
    io_.restart();
    io_.run_one_for(milliseconds(2));
  }
  EXPECT_EQ(handler.events_after, 0);
}

}  // namespace
}  // namespace esaas::mesos
