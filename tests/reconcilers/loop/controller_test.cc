#include "reconcilers/loop/controller.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/events/codec.h"
#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/mesos_intents.h"
#include "store/log/memory_event_log.h"
#include "tests/reconcilers/loop/fake_ports.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using std::chrono::seconds;

ControllerOptions options() {
  ControllerOptions result;
  result.settings.catalogue.artifacts["2.3.3"].uri = "file:///archive.tar.gz";
  return result;
}

Submission by_admin(command::Command command) {
  Submission submission;
  submission.command = std::move(command);
  submission.caller = {.token_id = "root", .tenant = "", .role = model::TOKEN_ROLE_ADMIN, .address = "127.0.0.1"};
  return submission;
}

Submission create(const std::string& name) {
  command::SubmitOperation operation;
  operation.cluster = name;
  auto& request = *operation.request.mutable_create();
  request.set_name(name);
  request.set_tenant("shop");
  request.mutable_spec()->set_version("2.3.3");
  auto& group = *request.mutable_spec()->add_node_groups();
  group.set_name("data");
  group.add_roles(model::NODE_ROLE_MASTER);
  group.add_roles(model::NODE_ROLE_DATA);
  group.set_count(1);
  group.mutable_resources()->set_cpus_milli(1000);
  group.mutable_resources()->set_mem_mib(512);
  group.mutable_resources()->set_disk_mib(512);
  return by_admin(std::move(operation));
}

/// A controller over a memory log whose part becomes durable only when the test runs what was posted.
class ControllerTest : public ::testing::Test {
 protected:
  ControllerTest() {
    controller_.start(now_);
    settle();
  }

  void settle() {
    controller_.turn(now_);
    while (!ports_.posted.empty()) {
      ports_.run_posted();
      controller_.turn(now_);
    }
  }

  std::vector<Result<Accepted>> submit(Submission submission) {
    std::vector<Result<Accepted>> got;
    controller_.submit({std::move(submission)}, [&got](auto results) { got = std::move(results); }, now_);
    settle();
    return got;
  }

  void subscribe() {
    wire::scheduler::Event::Subscribed subscribed;
    subscribed.mutable_framework_id()->set_value("fw-1");
    controller_.mesos_subscribed(subscribed, true, now_);
    settle();
  }

  void offer(const std::string& id) {
    wire::scheduler::Event event;
    event.set_type(wire::scheduler::Event::OFFERS);
    auto& offer = *event.mutable_offers()->add_offers();
    offer.mutable_id()->set_value(id);
    offer.mutable_agent_id()->set_value("agent-1");
    offer.mutable_framework_id()->set_value("fw-1");
    offer.set_hostname("127.0.0.11");
    offer.mutable_allocation_info()->set_role("es-shop");
    *offer.add_resources() = scalar("cpus", 4);
    *offer.add_resources() = scalar("mem", 4096);
    *offer.add_resources() = scalar("disk", 10240);
    auto& ports = *offer.add_resources();
    ports.set_name("ports");
    ports.set_type(wire::Value::RANGES);
    auto& range = *ports.mutable_ranges()->add_range();
    range.set_begin(31000);
    range.set_end(31099);
    controller_.mesos_event(event, now_);
    settle();
  }

  /// What Mesos says of the only task of "search".
  void report(wire::TaskState state, const std::string& message = {}) {
    wire::scheduler::Event event;
    event.set_type(wire::scheduler::Event::UPDATE);
    auto& status = *event.mutable_update()->mutable_status();
    status.mutable_task_id()->set_value(controller_.state().find_cluster("search")->nodes(0).task().task_id());
    status.mutable_agent_id()->set_value("agent-1");
    status.set_state(state);
    status.set_uuid("u");
    status.set_message(message);
    controller_.mesos_event(event, now_);
    controller_.turn(now_);
  }

  /// "search" with one node, reserved and launched on agent-1.
  void place_search() {
    subscribe();
    submit(by_admin(command::CreateTenant{"shop"}));
    submit(create("search"));
    offer("o1");
    for (const auto& operation : {search_node().reserve_operation(), search_node().create_operation()}) {
      wire::scheduler::Event event;
      event.set_type(wire::scheduler::Event::UPDATE_OPERATION_STATUS);
      auto& status = *event.mutable_update_operation_status()->mutable_status();
      status.mutable_operation_id()->set_value(operation);
      status.set_state(wire::OPERATION_FINISHED);
      status.mutable_uuid()->set_value("u");
      status.mutable_agent_id()->set_value("agent-1");
      controller_.mesos_event(event, now_);
      settle();
    }
  }

  [[nodiscard]] const state::Node& search_node() const { return controller_.state().find_cluster("search")->nodes(0); }

  /// An offer of nothing but what is reserved for the place, its volume with it.
  void offer_reserved(const std::string& id, const std::string& agent, const model::Place& place) {
    wire::scheduler::Event event;
    event.set_type(wire::scheduler::Event::OFFERS);
    auto& offer = *event.mutable_offers()->add_offers();
    offer.mutable_id()->set_value(id);
    offer.mutable_agent_id()->set_value(agent);
    offer.mutable_framework_id()->set_value("fw-1");
    offer.set_hostname("127.0.0.12");
    offer.mutable_allocation_info()->set_role("es-shop");
    const mesos::Reservation reservation{
        .role = "es-shop",
        .principal = "esaas",
        .labels = {{"cluster", "search"}, {"node", search_node().name()}, {"place", place.volume_id()}}};
    *offer.add_resources() = mesos::reserved(mesos::scalar_resource("cpus", 1, "es-shop"), reservation);
    *offer.add_resources() = mesos::reserved(mesos::scalar_resource("mem", 512, "es-shop"), reservation);
    *offer.add_resources() =
        mesos::reserved(mesos::port_resource(place.http_port(), place.transport_port(), "es-shop"), reservation);
    *offer.add_resources() =
        mesos::persistent_volume(mesos::reserved(mesos::scalar_resource("disk", 512, "es-shop"), reservation),
                                 place.volume_id(), "esaas", "data");
    controller_.mesos_event(event, now_);
    settle();
  }

  static wire::Resource scalar(const std::string& name, double amount) {
    wire::Resource resource;
    resource.set_name(name);
    resource.set_type(wire::Value::SCALAR);
    resource.mutable_scalar()->set_value(amount);
    return resource;
  }

  Time now_ = from_us(1'475'000'000'000'000);
  store::MemoryEventLog log_;
  std::unique_ptr<store::LogWriter> writer_ = store::make_immediate_writer(log_);
  PublishedState published_;
  FakePorts ports_;
  Controller controller_{options(), {}, log_, *writer_, published_, ports_};
  std::size_t answered_ = 0;  ///< of the observations that were asked for
};

TEST_F(ControllerTest, BeginsATermBeforeItSubscribes) {
  EXPECT_EQ(log_.last_seq(), 1U);
  EXPECT_EQ(controller_.state().head.leader_term(), 1U);
  EXPECT_EQ(ports_.starts, 1);
}

TEST_F(ControllerTest, AnswersOnlyWhenTheEventIsDurable) {
  bool answered = false;
  controller_.submit(
      {by_admin(command::CreateTenant{"shop"})}, [&](auto results) { answered = results[0].has_value(); }, now_);
  controller_.turn(now_);
  EXPECT_FALSE(answered);
  EXPECT_TRUE(published_.tenants().empty());
  ports_.run_posted();
  EXPECT_TRUE(answered);
  EXPECT_EQ(published_.tenants(), std::vector<std::string>{"shop"});
}

TEST_F(ControllerTest, ARefusalIsAnsweredAtOnce) {
  const auto results = submit(create("search"));
  ASSERT_EQ(results.size(), 1U);
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error().rule, "known_tenant");
  EXPECT_EQ(log_.last_seq(), 1U);
}

TEST_F(ControllerTest, TheSameKeyGivesTheSameAnswerAndAnotherBodyAConflict) {
  submit(by_admin(command::CreateTenant{"shop"}));
  auto first = create("search");
  first.idempotency_key = "k";
  first.body_hash = "a";
  const auto original = submit(first);
  const auto again = submit(first);
  ASSERT_TRUE(original[0] && again[0]);
  EXPECT_EQ(again[0]->operation_id, original[0]->operation_id);
  EXPECT_TRUE(again[0]->replayed);
  first.body_hash = "b";
  const auto other = submit(first);
  ASSERT_FALSE(other[0]);
  EXPECT_EQ(other[0].error().code, ErrorCode::kConflict);
}

TEST_F(ControllerTest, BelowTheReserveNothingIsAccepted) {
  controller_.set_writable(false);
  const auto results = submit(by_admin(command::CreateTenant{"shop"}));
  ASSERT_FALSE(results[0]);
  EXPECT_EQ(results[0].error().rule, "free_space_reserve");
}

TEST_F(ControllerTest, ANewFrameworkIdIsDurableBeforeItIsConfirmed) {
  wire::scheduler::Event::Subscribed subscribed;
  subscribed.mutable_framework_id()->set_value("fw-1");
  controller_.mesos_subscribed(subscribed, true, now_);
  controller_.turn(now_);
  EXPECT_EQ(ports_.confirmations, 0);
  settle();
  EXPECT_EQ(ports_.confirmations, 1);
  EXPECT_EQ(log_.read_one(log_.last_seq())->framework_registered().framework_id(), "fw-1");
}

TEST_F(ControllerTest, IntentsAreDurableBeforeAcceptIsSent) {
  submit(by_admin(command::CreateTenant{"shop"}));
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
  const auto& node = controller_.state().find_cluster("search")->nodes(0);
  EXPECT_EQ(operations[2].launch().task_infos(0).task_id().value(), node.task().task_id());
  EXPECT_LE(node.task().launch_seq(), log_.last_seq());
}

/// Asked first, the master would call the task unknown; launched after that, it would run beside its successor.
TEST_F(ControllerTest, MesosIsAskedAboutATaskOnlyAfterItsLaunchIsSent) {
  submit(by_admin(command::CreateTenant{"shop"}));
  submit(create("search"));
  wire::scheduler::Event::Subscribed subscribed;
  subscribed.mutable_framework_id()->set_value("fw-1");
  controller_.mesos_subscribed(subscribed, true, now_);
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
  submit(by_admin(command::CreateTenant{"shop"}));
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
  submit(by_admin(command::CreateTenant{"shop"}));
  subscribe();
  offer("o1");
  const auto declines = ports_.calls_of(wire::scheduler::Call::DECLINE);
  ASSERT_EQ(declines.size(), 1U);
  EXPECT_EQ(declines[0].decline().offer_ids(0).value(), "o1");
  EXPECT_GE(declines[0].decline().filters().refuse_seconds(), 3600.0);
}

TEST_F(ControllerTest, AStatusIsAcknowledgedOnlyWhenItIsDurable) {
  submit(by_admin(command::CreateTenant{"shop"}));
  subscribe();
  submit(create("search"));
  offer("o1");
  report(wire::TASK_RUNNING);
  EXPECT_TRUE(ports_.calls_of(wire::scheduler::Call::ACKNOWLEDGE).empty());
  settle();
  EXPECT_EQ(ports_.calls_of(wire::scheduler::Call::ACKNOWLEDGE).size(), 1U);
  EXPECT_EQ(controller_.state().find_cluster("search")->nodes(0).task().state(), model::TASK_STATE_RUNNING);
}

TEST_F(ControllerTest, ADryRunAppendsNothing) {
  submit(by_admin(command::CreateTenant{"shop"}));
  const auto before = controller_.state().seq();
  std::optional<Preview> shown;
  controller_.preview(
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
  EXPECT_EQ(controller_.state().seq(), before);
}

TEST_F(ControllerTest, WhatIsNotUtf8IsMendedOrTheLogCouldNeverBeReadAgain) {
  submit(by_admin(command::CreateTenant{"shop"}));
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
  controller_.submit({by_admin(command::CreateTenant{"shop"})}, note("made"), now_);
  controller_.submit({by_admin(command::CreateTenant{"shop"})}, note("refused"), now_);
  controller_.preview(create("search"), note("previewed"), now_);
  EXPECT_TRUE(answered.empty()) << "nothing is on disk yet";
  settle();
  EXPECT_EQ(answered, (std::vector<std::string>{"made", "refused", "previewed"}));
}

TEST_F(ControllerTest, AMachineThatIsAnotherAgentNowKeepsItsNodesPlace) {
  place_search();
  const auto place = search_node().place();
  report(wire::TASK_UNREACHABLE);
  settle();
  offer_reserved("o2", "agent-2", place);
  EXPECT_EQ(search_node().place().agent_id(), "agent-2");
  EXPECT_EQ(search_node().place().volume_id(), place.volume_id());
  // What ran under the old name is gone, so the node is launched again, on what the offer shows.
  const auto accepts = ports_.calls_of(wire::scheduler::Call::ACCEPT);
  ASSERT_EQ(accepts.size(), 2U);
  EXPECT_EQ(accepts.back().accept().operations(0).type(), wire::Offer::Operation::LAUNCH);
}

TEST_F(ControllerTest, AnOfferIsNoProofAgainstATaskThatMesosHoldsForRunning) {
  place_search();
  const auto place = search_node().place();
  report(wire::TASK_RUNNING);
  settle();
  offer_reserved("o2", "agent-2", place);
  EXPECT_EQ(search_node().place().agent_id(), "agent-1");
}

TEST_F(ControllerTest, ThatAnAgentIsGoneForGoodIsNewsOfAStoppedNodesPlace) {
  place_search();
  report(wire::TASK_FAILED);
  settle();
  report(wire::TASK_GONE_BY_OPERATOR);
  settle();
  EXPECT_EQ(search_node().place_status(), state::PLACE_STATUS_NONE) << search_node().ShortDebugString();
}

TEST_F(ControllerTest, ASupersededTaskIsKilledOnlyWhenAKillCanReachIt) {
  place_search();
  const std::string first = search_node().task().task_id();
  const auto place = search_node().place();
  report(wire::TASK_UNREACHABLE);
  settle();
  offer_reserved("o2", "agent-2", place);
  ASSERT_NE(search_node().task().task_id(), first);
  const auto say = [&](wire::TaskState state) {
    wire::scheduler::Event event;
    event.set_type(wire::scheduler::Event::UPDATE);
    auto& status = *event.mutable_update()->mutable_status();
    status.mutable_task_id()->set_value(first);
    status.mutable_agent_id()->set_value("agent-1");
    status.set_state(state);
    controller_.mesos_event(event, now_);
    settle();
    return ports_.calls_of(wire::scheduler::Call::KILL).size();
  };
  const std::uint64_t before = log_.last_seq();
  EXPECT_EQ(say(wire::TASK_UNREACHABLE), 0U);
  EXPECT_EQ(say(wire::TASK_UNKNOWN), 0U);
  EXPECT_EQ(log_.last_seq(), before);
  EXPECT_EQ(say(wire::TASK_RUNNING), 1U);
}

TEST_F(ControllerTest, TheLedgerIsOneQuestionForAllWhoAskAndNeedsAMaster) {
  std::vector<Result<reconcile::Ledger>> answers;
  const auto keep = [&answers](Result<reconcile::Ledger> ledger) { answers.push_back(std::move(ledger)); };
  controller_.ask_ledger(keep, now_);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().code, ErrorCode::kUnavailable);
  place_search();
  controller_.ask_ledger(keep, now_);
  controller_.ask_ledger(keep, now_);
  EXPECT_EQ(ports_.agents_asked, 1);
  wire::master::Response::GetAgents agents;
  auto& agent = *agents.add_agents();
  agent.mutable_agent_info()->mutable_id()->set_value("agent-1");
  agent.mutable_agent_info()->set_hostname("127.0.0.11");
  agent.set_active(true);
  agent.set_version("1.11.0");
  controller_.agents_answered(agents, now_);
  ASSERT_EQ(answers.size(), 3U);
  ASSERT_TRUE(answers[2].has_value());
  ASSERT_EQ(answers[2]->lines.size(), 1U);
  EXPECT_EQ(answers[2]->lines[0].status, reconcile::LedgerStatus::kMissing);
}

TEST_F(ControllerTest, TheLedgerIsComparedEveryFewMinutesWhileThereIsAMaster) {
  now_ += std::chrono::hours{1};
  settle();
  EXPECT_EQ(ports_.agents_asked, 0);
  subscribe();
  now_ += std::chrono::minutes{11};
  settle();
  EXPECT_EQ(ports_.agents_asked, 1);
  controller_.agents_answered(fail(ErrorCode::kUnavailable, "away"), now_);
  settle();
  EXPECT_EQ(ports_.agents_asked, 1);
  now_ += std::chrono::minutes{11};
  settle();
  EXPECT_EQ(ports_.agents_asked, 2);
}

TEST_F(ControllerTest, TheStateIsTheFoldOfTheLog) {
  submit(by_admin(command::CreateTenant{"shop"}));
  subscribe();
  submit(create("search"));
  offer("o1");
  state::FleetState folded;
  auto cursor = log_.read(1);
  for (auto event = (*cursor)->next(); event && *event != nullptr; event = (*cursor)->next())
    state::evolve(folded, **event);
  EXPECT_EQ(state::encode(folded), state::encode(controller_.state()));
}

TEST_F(ControllerTest, PollsThatBringNothingBecomeRarer) {
  submit(by_admin(command::CreateTenant{"shop"}));
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
        controller_.observed("search", red, now_);
        ++answered_;
      }
      settle();
    }
    return ports_.observed.size() - before;
  };
  EXPECT_GE(polls_in(seconds{15}), 30U);
  polls_in(seconds{900});
  EXPECT_LE(polls_in(seconds{60}), 8U);
  submit(by_admin(command::ControlOperation{controller_.state().find_cluster("search")->active_operation(),
                                            command::OperationVerb::kPause}));
  EXPECT_GE(polls_in(seconds{15}), 30U);
}

TEST_F(ControllerTest, NothingIsLoggedPerTick) {
  submit(by_admin(command::CreateTenant{"shop"}));
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
