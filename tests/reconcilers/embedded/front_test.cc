// The HTTP front: status codes, encodings, bounds, streams, durability.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "tests/contract/mesos/raw_client.h"
#include "tests/reconcilers/embedded/driver.h"
#include "tests/reconcilers/embedded/served_model.h"

namespace esaas::embedded::testing {
namespace {

using contract::call_headers;
using contract::Headers;
using contract::RawReply;
using contract::RawStream;
using contract::request;
using ::testing::HasSubstr;

constexpr const char* kPath = "/api/v1/scheduler";

Call subscribe_call(const std::string& framework_id = {}) {
  Call call;
  call.set_type(Call::SUBSCRIBE);
  *call.mutable_subscribe()->mutable_framework_info() = framework_info();
  if (!framework_id.empty()) {
    call.mutable_subscribe()->mutable_framework_info()->mutable_id()->set_value(framework_id);
    call.mutable_framework_id()->set_value(framework_id);
  }
  return call;
}

ModelOptions fast() {
  ModelOptions options;
  options.allocation_interval = std::chrono::milliseconds(5);
  return options;
}

class Front : public ::testing::TestWithParam<Encoding> {
 protected:
  contract::Endpoint at(const ServedModel& served) { return {"127.0.0.1", served.port()}; }
};

TEST_P(Front, SubscriptionIsARecordIoStream) {
  ServedModel served(fast(), {agent_spec(1)});
  RawStream stream(at(served), subscribe_call(), GetParam());
  EXPECT_EQ(stream.head().status, 200U);
  EXPECT_EQ(stream.head().headers.at("content-type"), content_type(GetParam()));
  EXPECT_EQ(stream.head().headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(stream.id().size(), 36U);
  const auto subscribed = stream.wait([](const Event&) { return true; });
  ASSERT_TRUE(subscribed);
  EXPECT_EQ(subscribed->type(), Event::SUBSCRIBED);
  const auto offers = stream.wait(Event::OFFERS);
  ASSERT_TRUE(offers);
  EXPECT_EQ(offers->offers().offers(0).hostname(), "127.0.0.11");
}

TEST_P(Front, TaskRunsAndIsKilled) {
  ServedModel served(fast(), {agent_spec(1)});
  RawStream stream(at(served), subscribe_call(), GetParam());
  const auto subscribed = stream.wait(Event::SUBSCRIBED);
  const auto offers = stream.wait(Event::OFFERS);
  ASSERT_TRUE(subscribed && offers);
  const auto send = [&](Call call) {
    *call.mutable_framework_id() = subscribed->subscribed().framework_id();
    const RawReply reply =
        request(at(served), "POST", kPath, encode(call, GetParam()), call_headers(GetParam(), stream.id()));
    EXPECT_EQ(reply.status, 202U) << reply.body;
    EXPECT_TRUE(reply.body.empty());
  };
  Call accept;
  accept.set_type(Call::ACCEPT);
  *accept.mutable_accept()->add_offer_ids() = offers->offers().offers(0).id();
  *accept.mutable_accept()->add_operations() =
      ModelDriver::launch("t1", offers->offers().offers(0).agent_id().value(), resources_of({}, "es-a", ""));
  send(accept);
  const auto acknowledge = [&](wire::TaskState state) {
    const auto update = stream.wait(Event::UPDATE);
    ASSERT_TRUE(update);
    const auto& status = update->update().status();
    EXPECT_EQ(status.state(), state);
    Call call;
    call.set_type(Call::ACKNOWLEDGE);
    *call.mutable_acknowledge()->mutable_agent_id() = status.agent_id();
    *call.mutable_acknowledge()->mutable_task_id() = status.task_id();
    call.mutable_acknowledge()->set_uuid(status.uuid());
    send(call);
  };
  acknowledge(wire::TASK_STARTING);
  acknowledge(wire::TASK_RUNNING);
  Call kill;
  kill.set_type(Call::KILL);
  kill.mutable_kill()->mutable_task_id()->set_value("t1");
  send(kill);
  acknowledge(wire::TASK_KILLING);
  acknowledge(wire::TASK_KILLED);
}

TEST_P(Front, HeartbeatsKeepComing) {
  ModelOptions options = fast();
  options.heartbeat_interval = std::chrono::milliseconds(20);
  ServedModel served(options, {agent_spec(1)});
  RawStream stream(at(served), subscribe_call(), GetParam());
  for (int count = 0; count < 5; ++count) ASSERT_TRUE(stream.wait(Event::HEARTBEAT));
}

TEST_P(Front, DisconnectionIsSeenAndTheFrameworkMayComeBack) {
  ServedModel served(fast(), {agent_spec(1)});
  std::string id;
  {
    RawStream stream(at(served), subscribe_call(), GetParam());
    id = stream.wait(Event::SUBSCRIBED)->subscribed().framework_id().value();
  }
  for (int turn = 0; turn < 500; ++turn) {
    std::size_t open = 1;
    served.run([&] { open = served.engine().model().open_streams(); });
    if (open == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  served.run([&] { EXPECT_EQ(served.engine().model().open_streams(), 0U); });
  RawStream again(at(served), subscribe_call(id), GetParam());
  EXPECT_EQ(again.wait(Event::SUBSCRIBED)->subscribed().framework_id().value(), id);
}

TEST_P(Front, SecondSubscriberEndsTheFirstStream) {
  ServedModel served(fast(), {agent_spec(1)});
  RawStream first(at(served), subscribe_call(), GetParam());
  const std::string id = first.wait(Event::SUBSCRIBED)->subscribed().framework_id().value();
  RawStream second(at(served), subscribe_call(id), GetParam());
  const auto error = first.wait(Event::ERROR);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error().message(), "Framework failed over");
  EXPECT_TRUE(first.wait_for_end());
  EXPECT_TRUE(second.wait(Event::SUBSCRIBED));
}

TEST_P(Front, OperatorApiAnswers) {
  ServedModel served(fast(), {agent_spec(1)});
  wire::master::Call call;
  call.set_type(wire::master::Call::GET_AGENTS);
  const RawReply reply = request(at(served), "POST", "/api/v1", encode(call, GetParam()), call_headers(GetParam()));
  EXPECT_EQ(reply.status, 200U);
  wire::master::Response response;
  ASSERT_TRUE(decode(reply.body, GetParam(), "Response", response));
  ASSERT_EQ(response.get_agents().agents_size(), 1);
  EXPECT_TRUE(response.get_agents().agents(0).active());
  call.set_type(wire::master::Call::DRAIN_AGENT);
  call.mutable_drain_agent()->mutable_agent_id()->set_value("x");
  EXPECT_EQ(request(at(served), "POST", "/api/v1", encode(call, GetParam()), call_headers(GetParam())).status, 501U);
}

INSTANTIATE_TEST_SUITE_P(Encodings, Front, ::testing::Values(Encoding::kJson, Encoding::kProtobuf),
                         [](const auto& each) { return each.param == Encoding::kJson ? "Json" : "Protobuf"; });

struct BadRequest {
  const char* name;
  const char* method;
  const char* path;
  std::string body;
  Headers headers;
  unsigned status;
  const char* text;
};

class FrontBadRequest : public ::testing::TestWithParam<BadRequest> {};

TEST_P(FrontBadRequest, IsAnsweredAsARealMasterDoes) {
  FrontOptions options;
  options.body_bytes_max = 1000;
  ServedModel served(fast(), {agent_spec(1)}, options);
  const RawReply reply =
      request({"127.0.0.1", served.port()}, GetParam().method, GetParam().path, GetParam().body, GetParam().headers);
  EXPECT_EQ(reply.status, GetParam().status);
  EXPECT_THAT(reply.body, HasSubstr(GetParam().text));
}

const Headers kJsonHeaders = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
const Headers kProtobufHeaders = {{"Content-Type", "application/x-protobuf"}};

INSTANTIATE_TEST_SUITE_P(
    All, FrontBadRequest,
    ::testing::Values(
        BadRequest{"Get", "GET", kPath, "", {}, 405, "Expecting one of { 'POST' }"},
        BadRequest{"OtherPath", "POST", "/nowhere", "{}", kJsonHeaders, 404, ""},
        BadRequest{"NoContentType", "POST", kPath, "{}", {}, 400, "Expecting 'Content-Type' to be present"},
        BadRequest{"OtherContentType",
                   "POST",
                   kPath,
                   "{}",
                   {{"Content-Type", "text/html"}},
                   415,
                   "Expecting 'Content-Type' of application/json or application/x-protobuf"},
        BadRequest{"NotJson", "POST", kPath, "{", kJsonHeaders, 400, "Failed to convert JSON into Call protobuf"},
        BadRequest{"NotProtobuf", "POST", kPath, "\xff\xff", kProtobufHeaders, 400,
                   "Failed to parse body into Call protobuf"},
        BadRequest{"WrongType", "POST", kPath, R"({"type": 7.5})", kJsonHeaders, 400, "Failed to convert JSON"},
        BadRequest{"NoType", "POST", kPath, "{}", kJsonHeaders, 400, "Expecting 'type' to be present"},
        BadRequest{"MissingRequired", "POST", kPath, std::string("\x10\x01\x1a\x02\x0a\x00", 6), kProtobufHeaders, 400,
                   "Not initialized"},
        BadRequest{"NoAccept",
                   "POST",
                   kPath,
                   R"({"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}})",
                   {{"Content-Type", "application/json"}, {"Accept", "text/html"}},
                   406,
                   "Expecting 'Accept' to allow"},
        BadRequest{"StreamIdWithSubscribe",
                   "POST",
                   kPath,
                   R"({"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}})",
                   {{"Content-Type", "application/json"}, {"Mesos-Stream-Id", "x"}},
                   400,
                   "Subscribe calls should not include the 'Mesos-Stream-Id' header"},
        BadRequest{"UnknownFramework", "POST", kPath, R"({"type":"REVIVE","framework_id":{"value":"x"}})", kJsonHeaders,
                   400, "Framework cannot be found"},
        BadRequest{"TooLarge", "POST", kPath, std::string(2000, ' '), kJsonHeaders, 413, "at most 1000 bytes"},
        BadRequest{"UnknownAgent", "POST", "/api/v1",
                   R"({"type":"MARK_AGENT_GONE","mark_agent_gone":{"agent_id":{"value":"x"}}})", kJsonHeaders, 404,
                   "Agent 'x' not found"}),
    [](const auto& each) { return each.param.name; });

TEST(FrontAccess, AsksForCredentialsAndTakesThePrincipalFromThem) {
  FrontOptions options;
  options.credentials = FrontCredentials{"es", "secret"};
  ServedModel served(fast(), {agent_spec(1)}, options);
  const contract::Endpoint at{"127.0.0.1", served.port()};
  const RawReply none = request(at, "POST", kPath, "{}", kJsonHeaders);
  EXPECT_EQ(none.status, 401U);
  EXPECT_THAT(none.headers.at("www-authenticate"), HasSubstr("Basic"));
  Headers wrong = kJsonHeaders;
  wrong["Authorization"] = "Basic ZXM6d3Jvbmc=";
  EXPECT_EQ(request(at, "POST", kPath, "{}", wrong).status, 401U);
  EXPECT_EQ(request(at, "GET", "/health", "", {}).status, 200U);
  const Headers right = {{"Authorization", "Basic ZXM6c2VjcmV0"}};
  RawStream stream(at, subscribe_call(), Encoding::kJson, right);
  EXPECT_EQ(stream.head().status, 200U);
  Call other = subscribe_call();
  other.mutable_subscribe()->mutable_framework_info()->set_principal("somebody");
  RawStream refused(at, other, Encoding::kJson, right);
  EXPECT_EQ(refused.head().status, 400U);
}

TEST(FrontAccess, WhatIsNotHttpIsRefusedAndSlowClientsAreCutOff) {
  FrontOptions options;
  options.read_timeout = std::chrono::seconds(1);
  ServedModel served(fast(), {agent_spec(1)}, options);
  boost::asio::io_context io;
  const auto talk = [&](const std::string& text) {
    boost::asio::ip::tcp::socket socket(io);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), served.port()});
    boost::asio::write(socket, boost::asio::buffer(text));
    std::string answer;
    boost::system::error_code error;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);  // until the server closes
    return answer;
  };
  EXPECT_THAT(talk("\x01\x02nonsense\r\n\r\n"), HasSubstr("400 Bad Request"));
  EXPECT_EQ(talk("POST /api/v1/scheduler HTTP/1.1\r\nContent-Le"), "");
}

TEST(FrontDurability, RestartKeepsFrameworksTasksAndReservations) {
  TemporaryFolder folder;
  std::string framework_id;
  {
    ServedModel served(fast(), {agent_spec(1)}, {}, folder.path());
    const contract::Endpoint at{"127.0.0.1", served.port()};
    RawStream stream(at, subscribe_call(), Encoding::kProtobuf);
    framework_id = stream.wait(Event::SUBSCRIBED)->subscribed().framework_id().value();
    const auto offers = stream.wait(Event::OFFERS);
    Call accept;
    accept.set_type(Call::ACCEPT);
    accept.mutable_framework_id()->set_value(framework_id);
    *accept.mutable_accept()->add_offer_ids() = offers->offers().offers(0).id();
    *accept.mutable_accept()->add_operations() = ModelDriver::reserve(resources_of({}, "es-a", "n1"), "r1");
    *accept.mutable_accept()->add_operations() =
        ModelDriver::launch("t1", offers->offers().offers(0).agent_id().value(), resources_of({}, "es-a", "n1"));
    EXPECT_EQ(
        request(at, "POST", kPath, encode(accept, Encoding::kProtobuf), call_headers(Encoding::kProtobuf, stream.id()))
            .status,
        202U);
  }
  ServedModel served(fast(), {agent_spec(1)}, {}, folder.path());
  served.run([&] {
    ASSERT_EQ(served.engine().model().tasks().size(), 1U);
    EXPECT_EQ(served.engine().model().tasks()[0].state, wire::TASK_RUNNING);
  });
  RawStream stream({"127.0.0.1", served.port()}, subscribe_call(framework_id), Encoding::kProtobuf);
  const auto operation = stream.wait(Event::UPDATE_OPERATION_STATUS);
  ASSERT_TRUE(operation);
  EXPECT_EQ(operation->update_operation_status().status().operation_id().value(), "r1");
}

TEST(FrontDurability, DamagedStateIsAnErrorAndTheFolderIsLocked) {
  TemporaryFolder folder;
  {
    StateFile file = StateFile::open(folder.path()).value();
    EXPECT_FALSE(file.load().value().has_value());
    State state;
    state.set_master_id("m");
    ASSERT_TRUE(file.save(state));
    EXPECT_EQ(file.load().value()->master_id(), "m");
    EXPECT_EQ(StateFile::open(folder.path()).error().code, ErrorCode::kConflict);
  }
  const auto path = folder.path() / "state";
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const StateFile file = StateFile::open(folder.path()).value();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string broken = bytes;
    broken[at] = static_cast<char>(broken[at] ^ 0x10);
    std::ofstream(path, std::ios::binary) << broken;
    EXPECT_FALSE(file.load().has_value()) << "byte " << at;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::ofstream(path, std::ios::binary) << bytes.substr(0, size);
    EXPECT_FALSE(file.load().has_value()) << "cut at " << size;
  }
}

}  // namespace
}  // namespace esaas::embedded::testing
