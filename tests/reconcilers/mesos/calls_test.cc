// The builders, compared with the text form of the message that goes out.

#include "reconcilers/effects/mesos/calls.h"

#include <string>

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/resources.h"

namespace esaas::mesos {
namespace {

using calls::Call;
using google::protobuf::util::MessageDifferencer;

template <typename Message>
void expect_message(const Message& got, const std::string& want_text) {
  Message want;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(want_text, &want)) << want_text;
  EXPECT_TRUE(MessageDifferencer::Equals(got, want))
      << "got " << got.ShortDebugString() << "\nwant " << want.ShortDebugString();
  EXPECT_TRUE(got.IsInitialized()) << got.InitializationErrorString();
}

TEST(Calls, Decline) {
  expect_message(calls::decline({"o1", "o2"}, std::chrono::hours(1)),
                 "type: DECLINE decline { offer_ids { value: 'o1' } offer_ids { value: 'o2' } "
                 "filters { refuse_seconds: 3600 } }");
}

TEST(Calls, AcceptWritesTheFilterAlsoWhenItIsZero) {
  expect_message(calls::accept({"o1"}, {calls::unreserve("op1", {scalar_resource("cpus", 1, "r")})}, calls::Refusal(0)),
                 R"(type: ACCEPT accept {
                      offer_ids { value: 'o1' } filters { refuse_seconds: 0 }
                      operations { type: UNRESERVE id { value: 'op1' } unreserve { resources {
                        name: 'cpus' type: SCALAR scalar { value: 1 } allocation_info { role: 'r' } } } } })");
}

TEST(Calls, ReviveAndSuppress) {
  expect_message(calls::revive({"es-a"}), "type: REVIVE revive { roles: 'es-a' }");
  expect_message(calls::revive({}), "type: REVIVE revive { }");
  expect_message(calls::suppress({"es-a", "es-b"}), "type: SUPPRESS suppress { roles: 'es-a' roles: 'es-b' }");
}

TEST(Calls, KillWithGrace) {
  expect_message(calls::kill("t1", "a1", std::chrono::seconds(90)),
                 R"(type: KILL kill { task_id { value: 't1' } agent_id { value: 'a1' }
                    kill_policy { grace_period { nanoseconds: 90000000000 } } })");
  EXPECT_FALSE(calls::kill("t1", "", std::chrono::seconds(1)).kill().has_agent_id());
}

TEST(Calls, InverseOffers) {
  expect_message(calls::accept_inverse_offers({"i1"}, std::chrono::seconds(60)),
                 "type: ACCEPT_INVERSE_OFFERS accept_inverse_offers { inverse_offer_ids { value: 'i1' } "
                 "filters { refuse_seconds: 60 } }");
  expect_message(calls::decline_inverse_offers({"i1"}, std::chrono::seconds(60)),
                 "type: DECLINE_INVERSE_OFFERS decline_inverse_offers { inverse_offer_ids { value: 'i1' } "
                 "filters { refuse_seconds: 60 } }");
}

TEST(Calls, AcknowledgesOnlyWhatHasAUuid) {
  wire::TaskStatus status;
  status.mutable_task_id()->set_value("t1");
  status.set_state(wire::TASK_RUNNING);
  status.mutable_agent_id()->set_value("a1");
  EXPECT_FALSE(calls::acknowledge(status));
  status.set_uuid(std::string("\x00\x01\xff", 3));
  const auto call = calls::acknowledge(status);
  ASSERT_TRUE(call);
  expect_message(*call, R"(type: ACKNOWLEDGE acknowledge {
      agent_id { value: 'a1' } task_id { value: 't1' } uuid: '\000\001\377' })");
}

TEST(Calls, AcknowledgesOperationsWithTheBareBytes) {
  wire::OperationStatus status;
  status.mutable_operation_id()->set_value("op1");
  status.set_state(wire::OPERATION_ERROR);
  EXPECT_FALSE(calls::acknowledge_operation(status)) << "OPERATION_ERROR comes without uuid";
  status.set_state(wire::OPERATION_FINISHED);
  status.mutable_uuid()->set_value("u");
  EXPECT_FALSE(calls::acknowledge_operation(status)) << "without an agent the master cannot route it";
  status.mutable_agent_id()->set_value("a1");
  status.mutable_resource_provider_id()->set_value("rp");
  const auto call = calls::acknowledge_operation(status);
  ASSERT_TRUE(call);
  expect_message(*call, R"(type: ACKNOWLEDGE_OPERATION_STATUS acknowledge_operation_status {
      agent_id { value: 'a1' } resource_provider_id { value: 'rp' } uuid: 'u' operation_id { value: 'op1' } })");
}

TEST(Calls, Reconcile) {
  expect_message(calls::reconcile_tasks({{"t1", "a1"}, {"t2", ""}}),
                 R"(type: RECONCILE reconcile { tasks { task_id { value: 't1' } agent_id { value: 'a1' } }
                    tasks { task_id { value: 't2' } } })");
  expect_message(calls::reconcile_tasks({}), "type: RECONCILE reconcile { }");
  expect_message(calls::reconcile_operations({{"op1", "a1"}}),
                 R"(type: RECONCILE_OPERATIONS reconcile_operations {
                    operations { operation_id { value: 'op1' } agent_id { value: 'a1' } } })");
}

TEST(Calls, OperationsOnOffers) {
  const auto volume =
      persistent_volume(reserved(scalar_resource("disk", 10, "r"), {"r", "p", {{"node", "n1"}}}), "v1", "p", "data");
  const std::string volume_text =
      R"(name: 'disk' type: SCALAR scalar { value: 10 } allocation_info { role: 'r' }
      reservations { type: DYNAMIC role: 'r' principal: 'p' labels { labels { key: 'node' value: 'n1' } } }
      disk { persistence { id: 'v1' principal: 'p' } volume { mode: RW container_path: 'data' } })";
  expect_message(calls::create("op1", {volume}),
                 "type: CREATE id { value: 'op1' } create { volumes { " + volume_text + " } }");
  expect_message(calls::destroy("op1", {volume}),
                 "type: DESTROY id { value: 'op1' } destroy { volumes { " + volume_text + " } }");
  expect_message(calls::reserve("op1", {port_resource(31000, 31001, "r")}),
                 R"(type: RESERVE id { value: 'op1' } reserve { resources { name: 'ports' type: RANGES
                    ranges { range { begin: 31000 end: 31001 } } allocation_info { role: 'r' } } })");
  expect_message(calls::grow_volume("op1", volume, scalar_resource("disk", 5, "r")),
                 "type: GROW_VOLUME id { value: 'op1' } grow_volume { volume { " + volume_text +
                     " } addition { name: 'disk' type: SCALAR scalar { value: 5 } allocation_info "
                     "{ role: 'r' } } }");
}

TEST(Calls, LaunchHasNoOperationId) {
  wire::TaskInfo task;
  task.set_name("n");
  task.mutable_task_id()->set_value("t1");
  task.mutable_agent_id()->set_value("a1");
  const auto operation = calls::launch({task});
  EXPECT_FALSE(operation.has_id());
  EXPECT_EQ(operation.launch().task_infos(0).task_id().value(), "t1");
}

TEST(Calls, UpdateFrameworkCarriesTheSuppressedRoles) {
  FrameworkSpec spec;
  spec.user = "es";
  spec.roles = {"es-a"};
  const auto call = calls::update_framework(framework_info(spec), {"es-a"});
  EXPECT_EQ(call.type(), Call::UPDATE_FRAMEWORK);
  EXPECT_EQ(call.update_framework().suppressed_roles(0), "es-a");
  EXPECT_EQ(call.update_framework().framework_info().roles(0), "es-a");
}

TEST(Resources, LabelsOfTheInnermostReservationCount) {
  const auto plain = scalar_resource("cpus", 1, "r");
  EXPECT_EQ(reservation_label(plain, "node"), "");
  const auto refined =
      reserved(reserved(plain, {"r", "p", {{"node", "outer"}}}), {"r/x", "p", {{"node", "inner"}, {"a", "b"}}});
  EXPECT_EQ(reservation_label(refined, "node"), "inner");
  EXPECT_EQ(reservation_label(refined, "missing"), "");
  EXPECT_EQ(label_map(refined.reservations(1).labels()),
            (std::map<std::string, std::string>{{"a", "b"}, {"node", "inner"}}));
}

TEST(Resources, FrameworkInfoSurvivesFailoverAndAgentRestart) {
  FrameworkSpec spec;
  spec.user = "es";
  spec.principal = "p";
  spec.roles = {"es-a", "es-b"};
  spec.id = "fw-1";
  spec.hostname = "h";
  spec.webui_url = "http://h/";
  expect_message(framework_info(spec),
                 R"(user: 'es' name: 'esaas' id { value: 'fw-1' } failover_timeout: 1209600
      checkpoint: true hostname: 'h' principal: 'p' webui_url: 'http://h/' roles: 'es-a' roles: 'es-b'
      capabilities { type: MULTI_ROLE } capabilities { type: PARTITION_AWARE } capabilities { type: TASK_KILLING_STATE }
      capabilities { type: RESERVATION_REFINEMENT } capabilities { type: REGION_AWARE }
      capabilities { type: REVOCABLE_RESOURCES })");
}

}  // namespace
}  // namespace esaas::mesos
