// What the controller relies on of a Mesos master, as it is on the wire. One suite, two masters: the embedded Mesos,
// started here, and a real one (ESAAS_MESOS_MASTER=host:port; skipped, and said so, without it). Every test has a role
// and a framework of its own, and gives back what it took.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/contract/mesos/masters.h"

namespace esaas::contract {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kPath = "/api/v1/scheduler";

class MesosContract : public MasterTest {
 protected:
  [[nodiscard]] std::vector<embedded::AgentSpec> agents() const override {
    std::vector<embedded::AgentSpec> list = {embedded::testing::agent_spec(1), embedded::testing::agent_spec(2)};
    list[1].port_begin = 31200;
    list[1].port_end = 31299;
    return list;
  }
  RawReply post(const std::string& body, Headers headers) { return request(master_, "POST", kPath, body, headers); }
};

TEST_P(MesosContract, SubscriptionBeginsWithSubscribedAndBringsHeartbeatAndOffers) {
  auto framework = std::make_unique<Framework>(master_, role_, encoding());
  framework->subscribe();
  EXPECT_EQ(framework->stream().head().headers.at("content-type"), embedded::content_type(encoding()));
  EXPECT_EQ(framework->stream().id().size(), 36U);
  EXPECT_FALSE(framework->id().empty());
  const auto offer = framework->take_offer();
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->allocation_info().role(), role_);
  EXPECT_FALSE(offer->hostname().empty());
  EXPECT_EQ(offer->attributes(0).name(), "rack");
  for (const auto& each : offer->resources()) EXPECT_EQ(each.allocation_info().role(), role_);
}

TEST_P(MesosContract, RefusesWhatIsNoCall) {
  const std::string json(embedded::kJsonType);
  const std::string protobuf(embedded::kProtobufType);
  EXPECT_EQ(request(master_, "GET", kPath, "", {}).status, 405U);
  EXPECT_EQ(post("{}", {}).body, "Expecting 'Content-Type' to be present");
  EXPECT_EQ(post("{}", {{"Content-Type", "text/html"}}).status, 415U);
  EXPECT_EQ(post("{", {{"Content-Type", json}}).status, 400U);
  EXPECT_EQ(post("\xff\xff", {{"Content-Type", protobuf}}).body, "Failed to parse body into Call protobuf");
  EXPECT_EQ(post("{}", {{"Content-Type", json}}).body,
            "Failed to validate scheduler::Call: Expecting 'type' to be present");
  EXPECT_EQ(post(R"({"type":"REVIVE"})", {{"Content-Type", json}}).body,
            "Failed to validate scheduler::Call: Expecting 'framework_id' to be present");
  EXPECT_EQ(post(R"({"type":"REVIVE","framework_id":{"value":"x"}})", {{"Content-Type", json}}).body,
            "Framework cannot be found");
  EXPECT_EQ(post(R"({"type":"ACCEPT","framework_id":{"value":"x"}})", {{"Content-Type", json}}).body,
            "Failed to validate scheduler::Call: Expecting 'accept' to be present");
  EXPECT_EQ(post(R"({"type":"SUBSCRIBE"})", {{"Content-Type", json}}).body,
            "Failed to validate scheduler::Call: Expecting 'subscribe' to be present");
  const char* subscribe = R"({"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}})";
  EXPECT_EQ(post(subscribe, {{"Content-Type", json}, {"Mesos-Stream-Id", "x"}}).body,
            "Subscribe calls should not include the 'Mesos-Stream-Id' header");
  EXPECT_EQ(post(subscribe, {{"Content-Type", json}, {"Accept", "text/html"}}).status, 406U);
}

TEST_P(MesosContract, CallsNeedTheStreamIdOfTheSubscription) {
  auto ours = framework();
  const std::string body = embedded::encode(ours->make(Call::REVIVE), encoding());
  const RawReply none = post(body, call_headers(encoding()));
  EXPECT_EQ(none.status, 400U);
  EXPECT_EQ(none.body, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  const RawReply wrong = post(body, call_headers(encoding(), "bogus"));
  EXPECT_EQ(wrong.status, 400U);
  EXPECT_EQ(wrong.body,
            "The stream ID 'bogus' included in this request didn't match the stream ID currently "
            "associated with framework ID " +
                ours->id());
  EXPECT_EQ(post(body, call_headers(encoding(), ours->stream().id())).status, 202U);
}

TEST_P(MesosContract, CallsOfAFrameworkThatIsAwayAreForbidden) {
  auto ours = framework();
  ours->stream().close();
  const std::string body = embedded::encode(ours->make(Call::REVIVE), encoding());
  RawReply reply;
  for (int turn = 0; turn < 200 && reply.status != 403; ++turn) {
    reply = post(body, call_headers(encoding(), ours->stream().id()));
    ::usleep(20'000);
  }
  EXPECT_EQ(reply.status, 403U);
  EXPECT_EQ(reply.body, "Framework is not subscribed");
}

TEST_P(MesosContract, SecondSubscriberEndsTheFirstStream) {
  auto ours = framework();
  const auto first = ours->replace_stream();
  ours->subscribe();
  const auto error = first->wait(Event::ERROR);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error().message(), "Framework failed over");
  EXPECT_TRUE(first->wait_for_end());
  EXPECT_TRUE(ours->take_offer());
}

TEST_P(MesosContract, TornDownFrameworkIsToldSo) {
  auto ours = framework();
  Call subscribe;
  subscribe.set_type(Call::SUBSCRIBE);
  *subscribe.mutable_subscribe()->mutable_framework_info() = describe(role_);
  subscribe.mutable_subscribe()->mutable_framework_info()->mutable_id()->set_value(ours->id());
  subscribe.mutable_framework_id()->set_value(ours->id());
  ours->send(ours->make(Call::TEARDOWN));
  EXPECT_TRUE(ours->stream().wait_for_end());
  RawStream again(master_, subscribe, encoding());
  EXPECT_EQ(again.head().status, 200U);
  const auto error = again.wait(Event::ERROR);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error().message(), "Framework has been removed");
  EXPECT_TRUE(again.wait_for_end());
}

TEST_P(MesosContract, NodeIsReservedCreatedLaunchedKilledAndGivenBack) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  const std::uint64_t port = first_port(*offer);
  const auto disk = reserved(scalar("disk", 128, role_), role_, "n1");
  const std::vector<wire::Resource> place = {reserved(scalar("cpus", 0.5, role_), role_, "n1"),
                                             reserved(scalar("mem", 64, role_), role_, "n1"), disk,
                                             reserved(ports(port, port + 1, role_), role_, "n1")};
  std::vector<wire::Resource> task = place;
  task[2] = volume(disk, "v1");
  ours->accept(*offer, {reserve(place, "r1"), create(task[2], "c1"), launch(*offer, "t1", task)});
  for (const char* id : {"r1", "c1"}) {
    const auto status = ours->next_operation(id);
    ASSERT_TRUE(status) << id;
    EXPECT_EQ(status->state(), wire::OPERATION_FINISHED);
    EXPECT_EQ(status->uuid().value().size(), 16U);
    EXPECT_EQ(status->agent_id().value(), offer->agent_id().value());
  }
  const auto running = ours->next_status("t1", wire::TASK_RUNNING);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->source(), wire::TaskStatus::SOURCE_EXECUTOR);
  EXPECT_EQ(running->uuid().size(), 16U);

  Call kill = ours->make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("t1");
  *kill.mutable_kill()->mutable_agent_id() = offer->agent_id();
  ours->expect_taken(kill);
  const auto killed = ours->next_status("t1", wire::TASK_KILLED);
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->message(), "Command terminated with signal Terminated");

  const auto left = ours->take_offer(
      0.1, [](const wire::Offer& each) { return sum(each, "disk", true) == 128 && sum(each, "cpus", true) == 0.5; });
  ASSERT_TRUE(left) << "what was reserved is not offered again";
  ours->accept(*left, {unreserve({task[2]}, "early"), destroy(task[2], "d1"), unreserve(place, "u1")});
  EXPECT_THAT(ours->next_operation("early")->message(),
              HasSubstr("cannot be unreserved directly. Please destroy the persistent volume first"));
  EXPECT_EQ(ours->next_operation("d1")->state(), wire::OPERATION_FINISHED);
  EXPECT_EQ(ours->next_operation("u1")->state(), wire::OPERATION_FINISHED);
}

TEST_P(MesosContract, ReservationsOfDifferentLabelsStayApartAndEqualOnesMerge) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  const auto one = reserved(scalar("mem", 32, role_), role_, "n1");
  const auto other = reserved(scalar("mem", 48, role_), role_, "n2");
  ours->accept(*offer, {reserve({one}), reserve({other}), reserve({one})});
  const auto next = ours->take_offer(0.1, [&](const wire::Offer& each) {
    return each.agent_id().value() == offer->agent_id().value() && sum(each, "mem", true) > 0;
  });
  ASSERT_TRUE(next);
  std::multiset<double> reserved_mem;
  for (const auto& each : next->resources()) {
    if (each.reservations_size() > 0) reserved_mem.insert(each.scalar().value());
  }
  EXPECT_THAT(reserved_mem, ::testing::ElementsAre(48, 64));
  ours->accept(*next, {unreserve({reserved(scalar("mem", 64, role_), role_, "n1"), other}, "u")});
  EXPECT_EQ(ours->next_operation("u")->state(), wire::OPERATION_FINISHED);
}

TEST_P(MesosContract, RefusedOperationsCarryNoUuidAndSayWhy) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  const auto disk = scalar("disk", 64, role_);
  ours->accept(*offer, {
                           reserve({reserved(scalar("cpus", 50, role_), role_, "n1")}, "too-much"),
                           reserve({reserved(scalar("cpus", 0.5, role_), role_, "n1", "someone")}, "other-principal"),
                           reserve({reserved(scalar("cpus", 0.5, role_), role_, "n1", "")}, "no-principal"),
                           create(volume(disk, "v1"), "unreserved"),
                           reserve({reserved(scalar("cpus", 0.5, role_), role_ + "-x", "n1")}, "other-role"),
                           destroy(volume(reserved(disk, role_, "n1"), "never"), "destroy-unknown"),
                       });
  const std::map<std::string, std::string> texts = {
      {"too-much", "does not contain cpus(allocated: " + role_ + "):50"},
      {"other-principal",
       "A reserve operation was attempted by authenticated principal 'contract', which does not match "
       "a reserved resource in the request with principal 'someone'; on agent "},
      {"no-principal",
       "A reserve operation was attempted by principal 'contract', but there is a reserved resource in "
       "the request with no principal set; on agent "},
      {"unreserved",
       "Invalid resources: Invalid DiskInfo: Persistent volumes cannot be created from unreserved "
       "resources; on agent "},
      {"other-role", "A reserve operation was attempted for a resource with role '" + role_ +
                         "-x', but the resource was allocated to role '" + role_ + "'; on agent "},
      {"destroy-unknown", ""}};
  std::map<std::string, wire::OperationStatus> seen;
  while (seen.size() < texts.size()) {
    const auto event = ours->next([](const Event& each) { return each.type() == Event::UPDATE_OPERATION_STATUS; });
    ASSERT_TRUE(event) << seen.size() << " of " << texts.size();
    const auto& status = event->update_operation_status().status();
    seen[status.operation_id().value()] = status;
  }
  for (const auto& [id, text] : texts) {
    EXPECT_EQ(seen[id].state(), wire::OPERATION_ERROR) << id;
    EXPECT_FALSE(seen[id].has_uuid()) << id;
    EXPECT_THAT(seen[id].message(), HasSubstr(text)) << id;
  }
}

TEST_P(MesosContract, UnacknowledgedFeedbackComesAgainAndIsForgottenOnceAcknowledged) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  const auto cpus = reserved(scalar("cpus", 0.5, role_), role_, "n1");
  ours->acknowledges = false;
  ours->accept(*offer, {reserve({cpus}, "r1")});
  const auto first = ours->next_operation("r1");
  ASSERT_TRUE(first);
  Call ask = ours->make(Call::RECONCILE_OPERATIONS);
  auto* asked = ask.mutable_reconcile_operations()->add_operations();
  asked->mutable_operation_id()->set_value("r1");
  *asked->mutable_agent_id() = offer->agent_id();
  ours->expect_taken(ask);
  const auto known = ours->next_operation("r1");
  ASSERT_TRUE(known);
  EXPECT_EQ(known->state(), wire::OPERATION_FINISHED);
  EXPECT_FALSE(known->has_uuid());
  ours->acknowledges = true;
  const auto again = ours->next_operation("r1", seconds(20));
  ASSERT_TRUE(again) << "it is repeated after about ten seconds";
  EXPECT_EQ(again->uuid().value(), first->uuid().value());
  ours->acknowledges = false;
  // The acknowledgement takes a moment to the agent of a real master, so it is asked until it has arrived.
  std::optional<wire::OperationStatus> answer;
  for (int turn = 0; turn < 50; ++turn) {
    ours->expect_taken(ask);
    answer = ours->next_operation("r1");
    ASSERT_TRUE(answer);
    if (answer->state() == wire::OPERATION_UNKNOWN) break;
  }
  EXPECT_EQ(answer->state(), wire::OPERATION_UNKNOWN);
  EXPECT_EQ(answer->message(), "Reconciliation: Operation is unknown");
  asked->clear_agent_id();
  ours->expect_taken(ask);
  EXPECT_EQ(ours->next_operation("r1")->message(),
            "Reconciliation: Operation is unknown and no 'agent_id' was provided");
  const auto left = ours->take_offer(0.1, [](const wire::Offer& each) { return sum(each, "cpus", true) > 0; });
  ASSERT_TRUE(left);
  ours->accept(*left, {unreserve({cpus})});
}

TEST_P(MesosContract, UpdatesComeOneByOneAndAgainAfterASubscription) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  ours->acknowledges = false;
  ours->accept(*offer, {launch(*offer, "t1", {scalar("cpus", 0.1, role_), scalar("mem", 32, role_)})});
  const auto first = ours->next_status("t1");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->state(), wire::TASK_STARTING);
  const auto old = ours->replace_stream();
  ours->subscribe();
  const auto again = ours->next_status("t1");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->state(), wire::TASK_STARTING);
  EXPECT_EQ(again->uuid(), first->uuid());
  Call call = ours->make(Call::ACKNOWLEDGE);
  *call.mutable_acknowledge()->mutable_agent_id() = again->agent_id();
  *call.mutable_acknowledge()->mutable_task_id() = again->task_id();
  call.mutable_acknowledge()->set_uuid(again->uuid());
  ours->expect_taken(call);
  EXPECT_TRUE(ours->next_status("t1", wire::TASK_RUNNING));
}

TEST_P(MesosContract, TaskStatesAreReconciled) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  ours->accept(*offer, {launch(*offer, "t1", {scalar("cpus", 0.1, role_), scalar("mem", 32, role_)})});
  ASSERT_TRUE(ours->next_status("t1", wire::TASK_RUNNING));
  const auto ask = [&](const std::string& task, const std::string& agent) {
    Call call = ours->make(Call::RECONCILE);
    auto* entry = call.mutable_reconcile()->add_tasks();
    entry->mutable_task_id()->set_value(task);
    if (!agent.empty()) entry->mutable_agent_id()->set_value(agent);
    ours->expect_taken(call);
    return ours->next_status(task).value_or(wire::TaskStatus());
  };
  const auto known = ask("t1", offer->agent_id().value());
  EXPECT_EQ(known.state(), wire::TASK_RUNNING);
  EXPECT_EQ(known.message(), "Reconciliation: Latest task state");
  EXPECT_EQ(known.reason(), wire::TaskStatus::REASON_RECONCILIATION);
  EXPECT_EQ(known.source(), wire::TaskStatus::SOURCE_MASTER);
  EXPECT_FALSE(known.has_uuid());
  EXPECT_EQ(ask("t1", "").state(), wire::TASK_RUNNING);
  const auto unknown = ask("nope", offer->agent_id().value());
  EXPECT_EQ(unknown.state(), wire::TASK_GONE);
  EXPECT_EQ(unknown.message(), "Reconciliation: Task is unknown to the agent");
  EXPECT_EQ(ask("nope", "no-such-agent").state(), wire::TASK_UNKNOWN);
  EXPECT_EQ(ask("nope", "").state(), wire::TASK_UNKNOWN);
  Call implicit = ours->make(Call::RECONCILE);
  implicit.mutable_reconcile();
  ours->expect_taken(implicit);
  EXPECT_EQ(ours->next_status("t1")->state(), wire::TASK_RUNNING);
}

TEST_P(MesosContract, KillOfAnUnknownTaskIsReconciled) {
  auto ours = framework();
  const auto offer = ours->take_offer();
  ASSERT_TRUE(offer);
  Call kill = ours->make(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("nope");
  *kill.mutable_kill()->mutable_agent_id() = offer->agent_id();
  ours->expect_taken(kill);
  EXPECT_EQ(ours->next_status("nope")->state(), wire::TASK_GONE);
}

TEST_P(MesosContract, UsedUpOfferDropsTasksAndRefusesOperations) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  ours->decline(*offer, 600);
  ours->accept(*offer, {launch(*offer, "t1", {scalar("cpus", 0.1, role_), scalar("mem", 32, role_)}),
                        reserve({reserved(scalar("cpus", 0.5, role_), role_, "n1")}, "stale")});
  const auto dropped = ours->next_status("t1");
  ASSERT_TRUE(dropped);
  EXPECT_EQ(dropped->state(), wire::TASK_DROPPED);
  EXPECT_EQ(dropped->reason(), wire::TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_EQ(dropped->message(),
            "Task launched with invalid offers: Offer " + offer->id().value() + " is no longer valid");
  EXPECT_FALSE(dropped->has_uuid());
  const auto stale = ours->next_operation("stale");
  ASSERT_TRUE(stale);
  EXPECT_EQ(stale->state(), wire::OPERATION_ERROR);
  EXPECT_EQ(stale->message(),
            "Operation attempted with invalid offers: Offer " + offer->id().value() + " is no longer valid");
}

TEST_P(MesosContract, TaskThatDoesNotFitIsAnError) {
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  ours->accept(*offer, {launch(*offer, "big", {scalar("cpus", 100, role_), scalar("mem", 32, role_)})});
  const auto big = ours->next_status("big");
  ASSERT_TRUE(big);
  EXPECT_EQ(big->state(), wire::TASK_ERROR);
  EXPECT_EQ(big->reason(), wire::TaskStatus::REASON_TASK_INVALID);
  EXPECT_THAT(big->message(), HasSubstr("required by task and its executor is more than available"));
  EXPECT_FALSE(big->has_uuid());
}

TEST_P(MesosContract, TaskIdInUseIsAnError) {
  auto ours = framework();
  const std::vector<wire::Resource> little = {scalar("cpus", 0.1, role_), scalar("mem", 32, role_)};
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  ours->accept(*offer, {launch(*offer, "t1", little)});
  ASSERT_TRUE(ours->next_status("t1", wire::TASK_RUNNING));
  const auto second = ours->take_offer(1);
  ASSERT_TRUE(second);
  ours->accept(*second, {launch(*second, "t1", little)});
  const auto status = ours->next_status("t1", wire::TASK_ERROR);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->message(), "Task has duplicate ID: t1");
}

TEST_P(MesosContract, EndsAreReportedWithTheirReason) {
  if (is_embedded()) GTEST_SKIP() << "the embedded one runs no processes here";
  auto ours = framework();
  const auto offer = ours->take_offer(1);
  ASSERT_TRUE(offer);
  ours->accept(*offer, {launch(*offer, "t1", {scalar("cpus", 0.1, role_), scalar("mem", 32, role_)}, "exit 3")});
  const auto failed = ours->next_status("t1", wire::TASK_FAILED);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->message(), "Command exited with status 3");
}

TEST_P(MesosContract, DeclinedOffersStayAwayUntilRevived) {
  auto ours = framework();
  for (int count = 0; count < 2; ++count) {
    const auto offer = ours->take_offer();
    ASSERT_TRUE(offer) << "two agents are expected";
    ours->decline(*offer, 600);
  }
  EXPECT_TRUE(ours->stays_without_offers(milliseconds(1500)));
  ours->expect_taken(ours->make(Call::REVIVE));
  EXPECT_TRUE(ours->take_offer());
}

TEST_P(MesosContract, ShortFilterEndsByItself) {
  auto ours = framework();
  for (int count = 0; count < 2; ++count) ours->decline(ours->take_offer().value(), 1);
  EXPECT_TRUE(ours->take_offer());
}

TEST_P(MesosContract, SuppressedRoleKeepsItsOffersAndGetsNoNewOnes) {
  auto ours = framework();
  const auto one = ours->take_offer();
  const auto other = ours->take_offer();
  ASSERT_TRUE(one && other);
  ours->expect_taken(ours->make(Call::SUPPRESS));
  ours->decline(*one, 0);
  EXPECT_TRUE(ours->stays_without_offers(milliseconds(1500)));
  ours->expect_taken(ours->make(Call::REVIVE));
  EXPECT_TRUE(ours->take_offer());
}

TEST_P(MesosContract, SubscriptionMayBeginSuppressed) {
  Framework ours(master_, role_, encoding());
  ours.subscribe({role_});
  EXPECT_TRUE(ours.stays_without_offers(milliseconds(1500)));
  ours.subscribe();
  EXPECT_TRUE(ours.take_offer());
}

TEST_P(MesosContract, UnknownRolesInSuppressAreTakenAndDropped) {
  auto ours = framework();
  Call suppress = ours->make(Call::SUPPRESS);
  suppress.mutable_suppress()->add_roles("nope");
  ours->expect_taken(suppress);
  const auto offer = ours->take_offer();
  ASSERT_TRUE(offer);
  ours->decline(*offer, 0);
  EXPECT_TRUE(ours->take_offer());
}

TEST_P(MesosContract, FrameworkMayBeUpdatedButForItsIdentity) {
  auto ours = framework();
  Call update = ours->make(Call::UPDATE_FRAMEWORK);
  auto* info = update.mutable_update_framework()->mutable_framework_info();
  *info = describe(role_);
  EXPECT_EQ(ours->send(update).body,
            "Failed to validate scheduler::Call: 'framework_id' differs from "
            "'update_framework.framework_info.id'");
  info->mutable_id()->set_value(ours->id());
  info->add_roles(role_ + "-2");
  EXPECT_EQ(ours->send(update).status, 200U);
  info->set_principal("somebody");
  const RawReply principal = ours->send(update);
  EXPECT_EQ(principal.status, 400U);
  EXPECT_EQ(principal.body, "FrameworkInfo update is not valid: Changing framework's principal is not allowed.");
  *info = describe(role_);
  info->mutable_id()->set_value(ours->id());
  update.mutable_update_framework()->add_suppressed_roles("nope");
  EXPECT_EQ(ours->send(update).status, 400U);
}

TEST_P(MesosContract, RolesThatAreLeftLoseTheirOffers) {
  auto ours = framework();
  ASSERT_TRUE(ours->take_offer());
  Call update = ours->make(Call::UPDATE_FRAMEWORK);
  auto* info = update.mutable_update_framework()->mutable_framework_info();
  *info = describe(role_ + "-2");
  info->mutable_id()->set_value(ours->id());
  EXPECT_EQ(ours->send(update).status, 200U);
  EXPECT_TRUE(ours->next([](const Event& event) { return event.type() == Event::RESCIND; }));
}

TEST_P(MesosContract, QuotaCutsWhatIsOffered) {
  const auto quota = [&](std::optional<double> cpus) {
    wire::master::Call call;
    call.set_type(wire::master::Call::UPDATE_QUOTA);
    auto* config = call.mutable_update_quota()->add_quota_configs();
    config->set_role(role_);
    if (cpus) (*config->mutable_limits())["cpus"].set_value(*cpus);
    return request(master_, "POST", "/api/v1", embedded::encode(call, encoding()), call_headers(encoding()));
  };
  EXPECT_EQ(quota(0.5).status, 200U);
  {
    auto ours = framework();
    const auto offer = ours->take_offer();
    ASSERT_TRUE(offer);
    EXPECT_EQ(sum(*offer, "cpus", false), 0.5);
    EXPECT_EQ(sum(*offer, "mem", false), 4096);
  }
  EXPECT_EQ(quota(std::nullopt).status, 200U);
}

TEST_P(MesosContract, QuotaOfANestedRoleIsRefused) {
  wire::master::Call call;
  call.set_type(wire::master::Call::UPDATE_QUOTA);
  auto* config = call.mutable_update_quota()->add_quota_configs();
  config->set_role("es/t1");
  (*config->mutable_limits())["cpus"].set_value(1);
  const RawReply reply =
      request(master_, "POST", "/api/v1", embedded::encode(call, encoding()), call_headers(encoding()));
  EXPECT_EQ(reply.status, 400U);
  EXPECT_EQ(reply.body, "Updating quota on nested role 'es/t1' is not supported yet");
}

TEST_P(MesosContract, OperatorSeesAgentsAndHealth) {
  wire::master::Call call;
  call.set_type(wire::master::Call::GET_AGENTS);
  const RawReply reply =
      request(master_, "POST", "/api/v1", embedded::encode(call, encoding()), call_headers(encoding()));
  EXPECT_EQ(reply.status, 200U);
  wire::master::Response response;
  ASSERT_TRUE(embedded::decode(reply.body, encoding(), "Response", response));
  ASSERT_EQ(response.get_agents().agents_size(), 2);
  EXPECT_TRUE(response.get_agents().agents(0).active());
  EXPECT_EQ(request(master_, "GET", "/health", "", {}).status, 200U);
}

/// What a start with an empty log asks before it subscribes.
TEST_P(MesosContract, OperatorSeesWhatFrameworksUseAlsoWhileTheyAreAway) {
  auto ours = framework();
  const auto seen = [&] {
    wire::master::Call call;
    call.set_type(wire::master::Call::GET_FRAMEWORKS);
    const RawReply reply =
        request(master_, "POST", "/api/v1", embedded::encode(call, encoding()), call_headers(encoding()));
    EXPECT_EQ(reply.status, 200U) << reply.body;
    wire::master::Response response;
    EXPECT_TRUE(embedded::decode(reply.body, encoding(), "Response", response));
    for (const auto& each : response.get_frameworks().frameworks()) {
      if (each.framework_info().id().value() == ours->id()) return each;
    }
    return wire::master::Response::GetFrameworks::Framework();
  };
  EXPECT_TRUE(seen().connected());
  EXPECT_EQ(seen().framework_info().principal(), "contract");
  EXPECT_TRUE(seen().allocated_resources().empty());
  const auto offer = ours->take_offer();
  ASSERT_TRUE(offer);
  ours->accept(*offer, {launch(*offer, "t1", {scalar("cpus", 0.1, role_), scalar("mem", 32, role_)})});
  ASSERT_TRUE(ours->next_status("t1"));
  ASSERT_EQ(seen().allocated_resources_size(), 2);
  EXPECT_EQ(seen().allocated_resources(0).name(), "cpus");
  ours->stream().close();
  for (int turn = 0; turn < 200 && seen().connected(); ++turn) ::usleep(20'000);
  EXPECT_FALSE(seen().connected());
  EXPECT_EQ(seen().allocated_resources_size(), 2) << "its tasks run on";
  EXPECT_FALSE(seen().recovered());
}

INSTANTIATE_TEST_SUITE_P(Masters, MesosContract, kMasters, name_of_master);

}  // namespace
}  // namespace esaas::contract
