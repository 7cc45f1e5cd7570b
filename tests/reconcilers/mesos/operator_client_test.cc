// The operator API over real sockets on the loopback, and what its answers mean.

#include "reconcilers/effects/mesos/operator_client.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/mesos/fake_master.h"

namespace esaas::mesos {
namespace {

using std::chrono::milliseconds;
using testing::FakeMaster;
using ::testing::HasSubstr;
using Response = wire::master::Response;

wire::quota::QuotaConfig quota() {
  wire::quota::QuotaConfig config;
  config.set_role("es-shop");
  return config;
}

TEST(OperatorCalls, EachStatusHasItsMeaning) {
  const auto code = [](int status) {
    return operator_calls::read_answer(operator_calls::get_quota(), status, "why\n").error().code;
  };
  EXPECT_EQ(code(307), ErrorCode::kUnavailable);
  EXPECT_EQ(code(400), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(401), ErrorCode::kUnauthenticated);
  EXPECT_EQ(code(403), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code(409), ErrorCode::kConflict);
  EXPECT_EQ(code(503), ErrorCode::kUnavailable);
  EXPECT_EQ(code(500), ErrorCode::kInternal);
  EXPECT_EQ(operator_calls::read_answer(operator_calls::get_quota(), 400, "why\n").error().detail,
            "GET_QUOTA was answered with status 400: why ");
}

TEST(OperatorCalls, AnEmptyBodyIsAnEmptyResponseAndNonsenseIsNone) {
  EXPECT_TRUE(operator_calls::read_answer(operator_calls::update_quota(quota()), 200, "").has_value());
  EXPECT_EQ(operator_calls::read_answer(operator_calls::get_agents(), 200, "\xff\xff").error().code,
            ErrorCode::kDataLoss);
}

class OperatorClientTest : public ::testing::Test {
 protected:
  OperatorClient client(OperatorClient::Limits limits = {}) {
    return {io_, [this] { return leader_; }, limits};
  }

  void run_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(milliseconds(20));
    }
    ASSERT_TRUE(done());
  }

  boost::asio::io_context io_;
  FakeMaster master_{io_};
  std::optional<MasterAccess> leader_ = MasterAccess{master_.endpoint(), Credentials{"esaas", "secret"}, nullptr};
};

TEST_F(OperatorClientTest, AsksWithTheSchedulersCredentialsOnOneConnection) {
  Response response;
  response.set_type(Response::GET_AGENTS);
  auto& agent = *response.mutable_get_agents()->add_agents();
  agent.mutable_agent_info()->set_hostname("127.0.0.11");
  agent.set_active(true);
  agent.set_version("1.11.0");
  master_.answer = [&](const FakeMaster::Call&) {
    return FakeMaster::Answer{.status = 200, .text = response.SerializeAsString()};
  };
  auto client = this->client();
  std::vector<std::string> hostnames;
  for (int i = 0; i < 2; ++i) {
    client.ask_agents([&](const Result<Response::GetAgents>& agents) {
      hostnames.push_back(agents ? agents->agents(0).agent_info().hostname() : agents.error().detail);
    });
  }
  EXPECT_TRUE(hostnames.empty());
  run_until([&] { return hostnames.size() == 2; });
  EXPECT_EQ(hostnames[1], "127.0.0.11");
  ASSERT_EQ(master_.seen.size(), 2U);
  EXPECT_EQ(master_.seen[0].target, "/api/v1");
  EXPECT_EQ(master_.seen[0].content_type, "application/x-protobuf");
  EXPECT_EQ(master_.seen[0].authorization, "Basic ZXNhYXM6c2VjcmV0");
  EXPECT_TRUE(master_.seen[0].stream_id.empty());
  EXPECT_EQ(master_.seen[1].connection, 1);
}

TEST_F(OperatorClientTest, ARefusalComesInTheMastersWords) {
  master_.answer = [](const FakeMaster::Call&) {
    return FakeMaster::Answer{.status = 400, .text = "Invalid QuotaConfig: no"};
  };
  auto client = this->client();
  std::optional<Error> error;
  client.update_quota(quota(), [&](const Result<void>& outcome) { error = outcome.error(); });
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error->detail, HasSubstr("Invalid QuotaConfig: no"));
}

TEST_F(OperatorClientTest, WithoutALeaderItIsUnavailable) {
  leader_.reset();
  auto client = this->client();
  std::optional<Error> error;
  client.ask_quota([&](const Result<Response::GetQuota>& quotas) { error = quotas.error(); });
  run_until([&] { return error.has_value(); });
  EXPECT_EQ(error->code, ErrorCode::kUnavailable);
  EXPECT_TRUE(master_.seen.empty());
}

TEST_F(OperatorClientTest, NoAnswerIsADeadlineAndTheNextQuestionIsAsked) {
  master_.answer = [this](const FakeMaster::Call&) {
    return FakeMaster::Answer{.status = 200, .text = {}, .location = {}, .never = master_.seen.size() == 1};
  };
  auto client = this->client({.answer_timeout = milliseconds(100)});
  std::vector<std::optional<ErrorCode>> codes;
  const auto note = [&](const Result<void>& outcome) {
    codes.push_back(outcome ? std::nullopt : std::optional(outcome.error().code));
  };
  client.update_quota(quota(), note);
  run_until([&] { return codes.size() == 1; });
  EXPECT_EQ(codes[0], ErrorCode::kDeadlineExceeded);
  client.update_quota(quota(), note);
  run_until([&] { return codes.size() == 2; });
  EXPECT_EQ(codes[1], std::nullopt);
}

TEST_F(OperatorClientTest, TheQueueIsBounded) {
  leader_.reset();
  auto client = this->client({.queued_max = 1});
  std::vector<ErrorCode> codes;
  const auto note = [&](const Result<void>& outcome) { codes.push_back(outcome.error().code); };
  client.update_quota(quota(), note);
  client.update_quota(quota(), note);
  EXPECT_TRUE(codes.empty()) << "never from inside the question";
  run_until([&] { return codes.size() == 2; });
  EXPECT_THAT(codes, ::testing::UnorderedElementsAre(ErrorCode::kUnavailable, ErrorCode::kResourceExhausted));
}

TEST_F(OperatorClientTest, AClientThatIsGoneCallsNobody) {
  bool called = false;
  master_.answer = [](const FakeMaster::Call&) {
    return FakeMaster::Answer{.status = 200, .text = {}, .location = {}, .never = true};
  };
  {
    auto client = std::make_unique<OperatorClient>(io_, [this] { return leader_; });
    client->update_quota(quota(), [&](const Result<void>&) { called = true; });
    run_until([this] { return !master_.seen.empty(); });
  }
  io_.restart();
  io_.run_for(milliseconds(50));
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace esaas::mesos
