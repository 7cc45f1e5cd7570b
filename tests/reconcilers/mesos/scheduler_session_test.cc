// The subscription on a virtual clock: every test says what arrives and reads the actions as one
// line of text.

#include "reconcilers/effects/mesos/scheduler_session.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/calls.h"
#include "reconcilers/effects/mesos/resources.h"

namespace esaas::mesos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::scheduler::Call;
using wire::scheduler::Event;

std::string describe(const SessionAction& action) {
  struct Visitor {
    std::string operator()(const OpenStream& what) const { return "open " + what.master.to_string(); }
    std::string operator()(const DropStream&) const { return "drop"; }
    std::string operator()(const SubscribedTo& what) const {
      return "subscribed " + what.event.framework_id().value() + (what.confirmation_needed ? " unconfirmed" : "");
    }
    std::string operator()(const DeliverEvent& what) const { return "event " + Event::Type_Name(what.event.type()); }
    std::string operator()(const SkippedEvent& what) const { return "skipped: " + what.why; }
    std::string operator()(const LostSubscription& what) const { return "lost: " + what.why; }
    std::string operator()(const SessionStopped& what) const {
      return fmt::format("stopped {}: {}", name_of(what.reason), what.why);
    }
  };
  return std::visit(Visitor{}, action);
}

std::string event_record(const Event& event) { return encode_record(event.SerializeAsString()); }

std::string subscribed_record(const std::string& id = "fw-1", double heartbeat_seconds = 15) {
  Event event;
  event.set_type(Event::SUBSCRIBED);
  event.mutable_subscribed()->mutable_framework_id()->set_value(id);
  event.mutable_subscribed()->set_heartbeat_interval_seconds(heartbeat_seconds);
  return event_record(event);
}

std::string error_record(const std::string& message) {
  Event event;
  event.set_type(Event::ERROR);
  event.mutable_error()->set_message(message);
  return event_record(event);
}

std::string simple_record(Event::Type type) {
  Event event;
  event.set_type(type);
  if (type == Event::RESCIND) event.mutable_rescind()->mutable_offer_id()->set_value("o1");
  if (type == Event::OFFERS) event.mutable_offers();
  return event_record(event);
}

class SchedulerSessionTest : public ::testing::Test {
 protected:
  SchedulerSessionTest() : SchedulerSessionTest({{"m1", 5050}}) {}
  explicit SchedulerSessionTest(std::vector<Endpoint> masters) : session_(config(std::move(masters))) {}

  static SessionConfig config(std::vector<Endpoint> masters) {
    SessionConfig config;
    config.masters_detected = masters.empty();
    config.masters = std::move(masters);
    config.jitter_seed = 7;
    return config;
  }

  static wire::FrameworkInfo info(const std::string& id = {}) {
    FrameworkSpec spec;
    spec.user = "es";
    spec.roles = {"es-a", "es-b"};
    spec.id = id;
    return framework_info(spec);
  }

  static ResponseHead ok_head(const std::string& stream_id = "stream-1") {
    return {.status = 200,
            .content_type = "application/x-protobuf",
            .stream_id = stream_id,
            .location = {},
            .error_text = {}};
  }
  static ResponseHead refusal(int status, const std::string& text = "", const std::string& location = "") {
    return {.status = status, .content_type = {}, .stream_id = {}, .location = location, .error_text = text};
  }

  std::vector<std::string> text(SessionActions actions) {
    std::vector<std::string> lines;
    for (const auto& action : actions) {
      lines.push_back(describe(action));
      if (const auto* open = std::get_if<OpenStream>(&action)) subscribe_ = open->subscribe;
    }
    return lines;
  }

  std::vector<std::string> start(const std::string& id = {}) { return text(session_.start(info(id), now_)); }
  std::vector<std::string> head(const ResponseHead& head) { return text(session_.on_response_head(head, now_)); }
  std::vector<std::string> body(std::string_view bytes) { return text(session_.on_body(bytes, now_)); }
  std::vector<std::string> lost() { return text(session_.on_connection_lost("reset", now_)); }
  std::vector<std::string> after(Duration wait) {
    now_ += wait;
    return text(session_.on_time(now_));
  }
  std::vector<std::string> confirm() { return text(session_.confirm_framework_id_durable(now_)); }
  /// Up to a subscription that is ready.
  void subscribe(const std::string& id = "fw-1") {
    start(id);
    head(ok_head());
    body(subscribed_record(id));
    ASSERT_TRUE(session_.ready());
  }
  /// Jumps to the next deadline.
  std::vector<std::string> wake() {
    EXPECT_TRUE(session_.next_wake().has_value());
    now_ = *session_.next_wake();
    return text(session_.on_time(now_));
  }

  Time now_ = from_us(1'000'000'000);
  SchedulerSession session_;
  Call subscribe_;  // of the last OpenStream
};

TEST_F(SchedulerSessionTest, FirstSubscriptionHasNoIdAnywhere) {
  EXPECT_THAT(start(), ElementsAre("open m1:5050"));
  EXPECT_EQ(subscribe_.type(), Call::SUBSCRIBE);
  EXPECT_FALSE(subscribe_.has_framework_id());
  EXPECT_FALSE(subscribe_.subscribe().framework_info().has_id());
}

TEST_F(SchedulerSessionTest, LaterSubscriptionHasTheIdInBothPlaces) {
  start("fw-1");
  EXPECT_EQ(subscribe_.framework_id().value(), "fw-1");
  EXPECT_EQ(subscribe_.subscribe().framework_info().id().value(), "fw-1");
}

TEST_F(SchedulerSessionTest, NewIdHoldsEventsBackUntilItIsDurable) {
  start();
  EXPECT_THAT(head(ok_head()), ElementsAre());
  EXPECT_THAT(body(subscribed_record() + simple_record(Event::OFFERS)), ElementsAre("subscribed fw-1 unconfirmed"));
  EXPECT_FALSE(session_.ready());
  EXPECT_THAT(body(simple_record(Event::RESCIND)), ElementsAre());
  EXPECT_THAT(confirm(), ElementsAre("event OFFERS", "event RESCIND"));
  EXPECT_TRUE(session_.ready());
  EXPECT_EQ(session_.stream_id(), "stream-1");
}

TEST_F(SchedulerSessionTest, KnownIdNeedsNoConfirmation) {
  start("fw-1");
  head(ok_head());
  EXPECT_THAT(body(subscribed_record() + simple_record(Event::OFFERS)), ElementsAre("subscribed fw-1", "event OFFERS"));
  EXPECT_TRUE(session_.ready());
}

TEST_F(SchedulerSessionTest, UnconfirmedIdIsUsedAgainAndStillNeedsConfirmation) {
  start();
  head(ok_head());
  body(subscribed_record());
  lost();
  EXPECT_THAT(wake(), ElementsAre("open m1:5050"));
  EXPECT_EQ(subscribe_.framework_id().value(), "fw-1") << "a second framework would be registered";
  head(ok_head("stream-2"));
  EXPECT_THAT(body(subscribed_record()), ElementsAre("subscribed fw-1 unconfirmed"));
}

TEST_F(SchedulerSessionTest, ConfirmationThatComesWhileDisconnectedCounts) {
  start();
  head(ok_head());
  body(subscribed_record());
  lost();
  EXPECT_THAT(confirm(), ElementsAre());
  wake();
  head(ok_head());
  EXPECT_THAT(body(subscribed_record()), ElementsAre("subscribed fw-1"));
}

TEST_F(SchedulerSessionTest, ConfirmationThatNeverComesEndsTheAttempt) {
  start();
  head(ok_head());
  body(subscribed_record());
  EXPECT_THAT(after(seconds(30)), ElementsAre("drop", HasSubstr("was not made durable within 30.0s")));
}

TEST_F(SchedulerSessionTest, AnotherIdInTheAnswerStops) {
  start("fw-1");
  head(ok_head());
  EXPECT_THAT(body(subscribed_record("fw-2")),
              ElementsAre("drop", HasSubstr("stopped subscription_refused: subscribed as framework fw-1")));
}

TEST_F(SchedulerSessionTest, FiveMissedHeartbeatsDropTheStream) {
  subscribe();
  EXPECT_THAT(after(seconds(74)), ElementsAre());
  EXPECT_THAT(after(seconds(1)),
              ElementsAre("drop", HasSubstr("lost: master m1:5050 was silent for 5 heartbeats of 15.0s")));
  EXPECT_FALSE(session_.ready());
}

TEST_F(SchedulerSessionTest, HeartbeatsKeepTheStreamAndAreNotDelivered) {
  subscribe();
  for (int i = 0; i < 100; ++i) {
    EXPECT_THAT(after(seconds(15)), ElementsAre());
    EXPECT_THAT(body(simple_record(Event::HEARTBEAT)), ElementsAre());
  }
  EXPECT_TRUE(session_.ready());
}

TEST_F(SchedulerSessionTest, HeartbeatIntervalComesFromTheMasterUnlessItIsAbsurd) {
  for (const auto& [given, want_seconds] :
       std::vector<std::pair<double, int>>{{2.0, 10}, {0.0, 75}, {-3.0, 75}, {1e300, 75}}) {
    SchedulerSession session(config({{"m1", 5050}}));
    session.start(info("fw-1"), now_);
    session.on_response_head(ok_head(), now_);
    session.on_body(subscribed_record("fw-1", given), now_);
    EXPECT_EQ(session.next_wake(), now_ + seconds(want_seconds)) << given;
  }
}

TEST_F(SchedulerSessionTest, LostStreamWaitsAndComesBackUnderANewStreamId) {
  subscribe();
  EXPECT_THAT(lost(), ElementsAre("drop", "lost: connection to master m1:5050: reset"));
  const Duration wait = *session_.next_wake() - now_;
  EXPECT_GE(wait, milliseconds(250));
  EXPECT_LE(wait, milliseconds(500));
  EXPECT_THAT(wake(), ElementsAre("open m1:5050"));
  EXPECT_EQ(session_.stream_id(), "");
  head(ok_head("stream-2"));
  body(subscribed_record());
  EXPECT_EQ(session_.stream_id(), "stream-2");
}

TEST_F(SchedulerSessionTest, WaitsGrowToFifteenSecondsAndBeginAnewAfterSuccess) {
  start("fw-1");
  Duration longest{};
  for (int i = 0; i < 20; ++i) {
    lost();
    longest = std::max(longest, *session_.next_wake() - now_);
    EXPECT_LE(*session_.next_wake() - now_, seconds(15));
    wake();
  }
  EXPECT_GE(longest, milliseconds(7500));
  head(ok_head());
  body(subscribed_record());
  lost();
  EXPECT_LE(*session_.next_wake() - now_, milliseconds(500));
}

TEST_F(SchedulerSessionTest, SubscriptionThatDoesNotComeEndsTheAttempt) {
  start();
  EXPECT_THAT(after(seconds(30)), ElementsAre("drop", HasSubstr("did not confirm the subscription within 30.0s")));
}

TEST_F(SchedulerSessionTest, BytesOfADroppedStreamAreIgnored) {
  subscribe();
  lost();
  EXPECT_THAT(body(simple_record(Event::OFFERS)), ElementsAre());
  EXPECT_THAT(head(ok_head()), ElementsAre());
  EXPECT_THAT(lost(), ElementsAre());
}

// ---- redirects and refusals ----

TEST_F(SchedulerSessionTest, FollowsARedirectAtOnce) {
  start("fw-1");
  EXPECT_THAT(head(refusal(307, "", "//leader:5050/api/v1/scheduler")), ElementsAre("drop", "open leader:5050"));
  EXPECT_EQ(subscribe_.framework_id().value(), "fw-1");
}

TEST_F(SchedulerSessionTest, GivesUpOnARingOfRedirects) {
  start();
  for (int i = 0; i < 5; ++i) head(refusal(307, "", "//leader:5050/"));
  EXPECT_THAT(head(refusal(307, "", "//leader:5050/")),
              ElementsAre("drop", HasSubstr("more than 5 redirects in a row")));
  EXPECT_THAT(wake(), ElementsAre("open m1:5050"));
}

TEST_F(SchedulerSessionTest, RedirectWithoutATargetIsRetried) {
  start();
  EXPECT_THAT(head(refusal(307)), ElementsAre("drop", HasSubstr("lost: redirect to \"\"")));
}

TEST_F(SchedulerSessionTest, RetriesWhatMayPass) {
  for (const int status : {403, 404, 429, 500, 503}) {
    SchedulerSession session(config({{"m1", 5050}}));
    session.start(info(), now_);
    EXPECT_THAT(text(session.on_response_head(refusal(status, "not now"), now_)),
                ElementsAre("drop", fmt::format("lost: master m1:5050 answered status {}: not now", status)));
    EXPECT_FALSE(session.stopped());
  }
}

TEST_F(SchedulerSessionTest, RefusedCredentialsAreToldWithThePrincipalAndTriedAgain) {
  const auto refused_as = [this](const std::string& principal) {
    SessionConfig with_principal = config({{"m1", 5050}});
    with_principal.principal = principal;
    SchedulerSession session(with_principal);
    session.start(info(), now_);
    const auto actions = session.on_response_head(refusal(401, "what the master says is not told"), now_);
    EXPECT_FALSE(session.stopped());
    EXPECT_TRUE(session.next_wake().has_value());
    EXPECT_EQ(std::get<LostSubscription>(actions.at(1)).problem, MasterProblem::kCredentialsRefused);
    return text(actions);
  };
  EXPECT_THAT(refused_as("esaas"),
              ElementsAre("drop",
                          "lost: master m1:5050 refuses the credentials of principal \"esaas\" (status 401): "
                          "unknown to it, or another secret"));
  EXPECT_THAT(refused_as(""),
              ElementsAre("drop", "lost: master m1:5050 wants credentials (status 401), and none are configured"));
}

TEST_F(SchedulerSessionTest, BesideALiveFrameworkNothingIsBegunAndItIsTriedAgain) {
  start();
  const auto actions = session_.on_begin_refused(MasterProblem::kLiveFramework, "fw-0 has live tasks", now_);
  EXPECT_EQ(std::get<LostSubscription>(actions.at(1)).problem, MasterProblem::kLiveFramework);
  EXPECT_THAT(text(actions), ElementsAre("drop", "lost: master m1:5050: fw-0 has live tasks"));
  EXPECT_FALSE(session_.stopped());
  EXPECT_THAT(wake(), ElementsAre("open m1:5050"));
  head(ok_head());
  EXPECT_THAT(text(session_.on_begin_refused(MasterProblem::kLiveFramework, "late", now_)), ElementsAre())
      << "the attempt is past that";
}

TEST_F(SchedulerSessionTest, AnIdThatIsTakenOverIsConfirmedLikeANewOne) {
  SessionConfig taking_over = config({{"m1", 5050}});
  taking_over.takes_over = true;
  session_ = SchedulerSession(taking_over);
  start("fw-0");
  EXPECT_EQ(subscribe_.framework_id().value(), "fw-0");
  head(ok_head());
  EXPECT_THAT(body(subscribed_record("fw-0")), ElementsAre("subscribed fw-0 unconfirmed"));
  EXPECT_FALSE(session_.ready());
  confirm();
  EXPECT_TRUE(session_.ready());
}

TEST_F(SchedulerSessionTest, RedirectToTlsIsNotFollowedFromPlain) {
  start();
  EXPECT_THAT(head(refusal(307, "", "https://m2:5050/api/v1/scheduler")),
              ElementsAre("drop", HasSubstr("lost: redirect to \"https://m2:5050/api/v1/scheduler\": expected http:")));
}

TEST_F(SchedulerSessionTest, RedirectToPlainIsNotFollowedFromTls) {
  SessionConfig tls = config({{"m1", 5050}});
  tls.tls = true;
  session_ = SchedulerSession(tls);
  start();
  EXPECT_THAT(head(refusal(307, "", "http://m2:5050/api/v1/scheduler")),
              ElementsAre("drop", HasSubstr("expected https:")));
}

TEST_F(SchedulerSessionTest, StopsWhenTheRequestItselfIsWrong) {
  start();
  EXPECT_THAT(head(refusal(400, "no roles")),
              ElementsAre("drop",
                          "stopped subscription_refused: master m1:5050 refused the subscription "
                          "with status 400: no roles"));
  EXPECT_TRUE(session_.stopped());
  EXPECT_EQ(session_.next_wake(), std::nullopt);
}

TEST_F(SchedulerSessionTest, RetriesAnAnswerThatIsNotTheSchedulerApi) {
  start();
  auto html = ok_head();
  html.content_type = "text/html";
  EXPECT_THAT(head(html), ElementsAre("drop", HasSubstr("content type \"text/html\"")));
  wake();
  EXPECT_THAT(head(ok_head("")), ElementsAre("drop", HasSubstr("sent no Mesos-Stream-Id")));
}

// ---- events that are not for the owner ----

TEST_F(SchedulerSessionTest, RemovedFrameworkStopsForGood) {
  start("fw-1");
  head(ok_head());
  EXPECT_THAT(body(error_record("Framework has been removed")),
              ElementsAre("drop", "stopped framework_removed: Framework has been removed"));
  EXPECT_THAT(after(seconds(3600)), ElementsAre());
}

TEST_F(SchedulerSessionTest, FailedOverFrameworkIsFenced) {
  subscribe();
  EXPECT_THAT(body(error_record("Framework failed over") + simple_record(Event::OFFERS)),
              ElementsAre("drop", "stopped failed_over: Framework failed over"));
  EXPECT_FALSE(session_.ready());
}

TEST_F(SchedulerSessionTest, OtherErrorStopsBeforeAndRetriesAfterSubscribed) {
  start("fw-1");
  head(ok_head());
  EXPECT_THAT(body(error_record("Roles are not allowed")),
              ElementsAre("drop", "stopped subscription_refused: Roles are not allowed"));

  SchedulerSession later(config({{"m1", 5050}}));
  later.start(info("fw-1"), now_);
  later.on_response_head(ok_head(), now_);
  later.on_body(subscribed_record(), now_);
  EXPECT_THAT(text(later.on_body(error_record("capacity exceeded"), now_)),
              ElementsAre("drop", "lost: master sent ERROR: capacity exceeded"));
}

TEST_F(SchedulerSessionTest, EventBeforeSubscribedIsARuleBroken) {
  start();
  head(ok_head());
  EXPECT_THAT(body(simple_record(Event::OFFERS)),
              ElementsAre("drop", HasSubstr("event OFFERS came before SUBSCRIBED")));
}

TEST_F(SchedulerSessionTest, SecondSubscribedIsARuleBroken) {
  subscribe();
  EXPECT_THAT(body(subscribed_record()), ElementsAre("drop", HasSubstr("a second SUBSCRIBED")));
}

TEST_F(SchedulerSessionTest, DamagedBytesDropTheStream) {
  subscribe();
  EXPECT_THAT(body("garbage"), ElementsAre("drop", HasSubstr("event stream is not RecordIO: record 2")));
  wake();
  head(ok_head());
  EXPECT_THAT(body(subscribed_record()), ElementsAre("subscribed fw-1")) << "the decoder must start afresh";
  EXPECT_THAT(body(encode_record("\x01\x02\x03")), ElementsAre("drop", HasSubstr("is not a scheduler event")));
}

TEST_F(SchedulerSessionTest, SkipsWhatANewerMasterSays) {
  subscribe();
  // An UPDATE whose task state is a number that this version does not have.
  Event update;
  update.set_type(Event::UPDATE);
  auto& status = *update.mutable_update()->mutable_status();
  status.mutable_task_id()->set_value("t1");
  status.set_state(wire::TASK_RUNNING);
  std::string bytes = update.SerializeAsString();
  const auto state = bytes.rfind("\x10\x01");
  ASSERT_NE(state, std::string::npos);
  bytes[state + 1] = 99;
  EXPECT_THAT(body(encode_record(bytes) + simple_record(Event::OFFERS)),
              ElementsAre(HasSubstr("skipped: event of type 4 lacks"), "event OFFERS"));
  EXPECT_THAT(body(encode_record("\x08\x63")), ElementsAre(HasSubstr("skipped")));
}

TEST_F(SchedulerSessionTest, EventsAreDeliveredAtEverySplit) {
  const std::string bytes = subscribed_record() + simple_record(Event::OFFERS) + simple_record(Event::RESCIND);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    SchedulerSession session(config({{"m1", 5050}}));
    session.start(info("fw-1"), now_);
    session.on_response_head(ok_head(), now_);
    auto all = text(session.on_body(bytes.substr(0, split), now_));
    for (auto& line : text(session.on_body(bytes.substr(split), now_))) all.push_back(std::move(line));
    EXPECT_THAT(all, ElementsAre("subscribed fw-1", "event OFFERS", "event RESCIND"));
  }
}

// ---- calls ----

TEST_F(SchedulerSessionTest, CallAnsweredForbiddenMeansThatWeAreNotSubscribed) {
  subscribe();
  EXPECT_THAT(text(session_.on_call_refused(400, "bad offer", now_)), ElementsAre());
  EXPECT_THAT(text(session_.on_call_refused(403, "Framework is not subscribed", now_)),
              ElementsAre("drop", HasSubstr("answered a call with status 403")));
}

TEST_F(SchedulerSessionTest, SuppressedRolesGoIntoTheNextSubscription) {
  subscribe();
  session_.note_call(calls::suppress({"es-a", "gone"}));
  lost();
  wake();
  EXPECT_THAT(subscribe_.subscribe().suppressed_roles(), ElementsAre("es-a"))
      << "a role that is not ours is refused by the master";
  session_.note_call(calls::suppress({}));
  EXPECT_THAT(session_.suppressed_roles(), ElementsAre("es-a", "es-b"));
  session_.note_call(calls::revive({"es-a"}));
  EXPECT_THAT(session_.suppressed_roles(), ElementsAre("es-b"));
  session_.note_call(calls::revive({}));
  EXPECT_THAT(session_.suppressed_roles(), ElementsAre());
}

TEST_F(SchedulerSessionTest, NewFrameworkInfoKeepsTheIdInUse) {
  subscribe();
  auto other = info("other-id");
  other.add_roles("es-c");
  session_.set_framework_info(other);
  lost();
  wake();
  EXPECT_EQ(subscribe_.subscribe().framework_info().id().value(), "fw-1");
  EXPECT_THAT(subscribe_.subscribe().framework_info().roles(), ElementsAre("es-a", "es-b", "es-c"));
}

TEST_F(SchedulerSessionTest, StopEndsQuietly) {
  subscribe();
  EXPECT_THAT(text(session_.stop()), ElementsAre("drop", "stopped requested: stopped on request"));
  EXPECT_THAT(text(session_.stop()), ElementsAre());
  EXPECT_THAT(body(simple_record(Event::OFFERS)), ElementsAre());
}

// ---- several masters ----

class ThreeMasters : public SchedulerSessionTest {
 protected:
  ThreeMasters() : SchedulerSessionTest({{"m1", 1}, {"m2", 2}, {"m3", 3}}) {}
};

TEST_F(ThreeMasters, AreTriedInTurnWithoutAPauseAndThenWait) {
  EXPECT_THAT(start(), ElementsAre("open m1:1"));
  EXPECT_THAT(lost(), ElementsAre("drop", HasSubstr("lost"), "open m2:2"));
  EXPECT_THAT(lost(), ElementsAre("drop", HasSubstr("lost"), "open m3:3"));
  EXPECT_THAT(lost(), ElementsAre("drop", HasSubstr("lost")));
  EXPECT_GT(*session_.next_wake(), now_);
  EXPECT_THAT(wake(), ElementsAre("open m1:1"));
}

TEST_F(ThreeMasters, FailedLeaderIsFollowedByAWaitEvenWhenOthersAreLeft) {
  start("fw-1");
  head(ok_head());
  body(subscribed_record());
  EXPECT_THAT(lost(), ElementsAre("drop", HasSubstr("lost")));
  EXPECT_THAT(wake(), ElementsAre("open m2:2"));
}

TEST_F(ThreeMasters, AllWithoutALeaderAreAskedAgainAfterAWait) {
  start();
  EXPECT_THAT(head(refusal(503)), ElementsAre("drop", HasSubstr("status 503"), "open m2:2"));
  EXPECT_THAT(head(refusal(503)), ElementsAre("drop", HasSubstr("status 503"), "open m3:3"));
  EXPECT_THAT(head(refusal(503)), ElementsAre("drop", HasSubstr("status 503")));
  EXPECT_THAT(wake(), ElementsAre("open m1:1"));
  EXPECT_THAT(head(refusal(307, "", "//m3:3")), ElementsAre("drop", "open m3:3"));
  EXPECT_THAT(head(ok_head()), ElementsAre());
}

TEST_F(ThreeMasters, ThatNameEachOtherAreLeftForTheNextOfTheList) {
  start();
  std::vector<std::string> last;
  for (int i = 0; i <= SessionConfig{}.redirects_max; ++i) {
    last = head(refusal(307, "", i % 2 == 0 ? "//m2:2" : "//m1:1"));
  }
  EXPECT_THAT(last, ElementsAre("drop", HasSubstr("more than 5 redirects in a row"), "open m2:2"));
}

class DetectedMaster : public SchedulerSessionTest {
 protected:
  DetectedMaster() : SchedulerSessionTest(std::vector<Endpoint>{}) {}

  std::vector<std::string> leads(const std::optional<Endpoint>& leader) {
    return text(session_.on_leader(leader, now_));
  }
  void subscribe() {
    head(ok_head());
    body(subscribed_record());
  }
  const Endpoint m1_{"m1", 1};
  const Endpoint m2_{"m2", 2};
};

TEST_F(DetectedMaster, IsWaitedForAndThenSubscribedTo) {
  EXPECT_THAT(start("fw-1"), ElementsAre());
  EXPECT_FALSE(session_.next_wake().has_value());
  EXPECT_THAT(leads(std::nullopt), ElementsAre());
  EXPECT_THAT(leads(m1_), ElementsAre("open m1:1"));
  EXPECT_THAT(leads(m1_), ElementsAre());
}

TEST_F(DetectedMaster, KnownBeforeTheStartIsUsedAtTheStart) {
  EXPECT_THAT(leads(m1_), ElementsAre());
  EXPECT_THAT(start("fw-1"), ElementsAre("open m1:1"));
}

TEST_F(DetectedMaster, ChangeDropsTheStreamOfTheOldOne) {
  start("fw-1");
  leads(m1_);
  subscribe();
  EXPECT_THAT(leads(m2_), ElementsAre("drop", "lost: master m2:2 leads instead of m1:1", "open m2:2"));
  EXPECT_FALSE(session_.ready());
  subscribe();
  EXPECT_TRUE(session_.ready());
  EXPECT_EQ(session_.master(), m2_);
}

TEST_F(DetectedMaster, NobodyLeadsEndsTheStreamAndWaitsWithoutATimer) {
  start("fw-1");
  leads(m1_);
  subscribe();
  EXPECT_THAT(leads(std::nullopt), ElementsAre("drop", "lost: no master leads"));
  EXPECT_FALSE(session_.next_wake().has_value());
  EXPECT_THAT(leads(m1_), ElementsAre("open m1:1"));
}

TEST_F(DetectedMaster, ChangeEndsTheWaitAfterAFailure) {
  start("fw-1");
  leads(m1_);
  EXPECT_THAT(lost(), ElementsAre("drop", HasSubstr("lost: connection to master m1:1")));
  EXPECT_THAT(leads(m2_), ElementsAre("open m2:2"));
}

TEST_F(DetectedMaster, ThatIsDownIsTriedAgain) {
  start("fw-1");
  leads(m1_);
  lost();
  EXPECT_THAT(wake(), ElementsAre("open m1:1"));
}

TEST_F(DetectedMaster, RedirectThatWasQuickerIsKept) {
  start("fw-1");
  leads(m1_);
  EXPECT_THAT(head(refusal(307, "", "//m2:2")), ElementsAre("drop", "open m2:2"));
  subscribe();
  EXPECT_THAT(leads(m2_), ElementsAre());
  EXPECT_TRUE(session_.ready());
}

TEST_F(DetectedMaster, StoppedSessionFollowsNobody) {
  start("fw-1");
  session_.stop();
  EXPECT_THAT(leads(m1_), ElementsAre());
}

TEST(BackoffTest, SameSeedSameWaits) {
  Backoff one(milliseconds(500), seconds(15), 42);
  Backoff two(milliseconds(500), seconds(15), 42);
  Backoff other(milliseconds(500), seconds(15), 43);
  bool differs = false;
  for (int i = 0; i < 50; ++i) {
    const Duration wait = one.next();
    EXPECT_EQ(wait, two.next());
    differs = differs || wait != other.next();
    EXPECT_GE(wait, milliseconds(250));
    EXPECT_LE(wait, seconds(15));
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace esaas::mesos
