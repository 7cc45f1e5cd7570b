// What a connection owes to HTTP whatever the route is: framing that cannot be read in two ways, deadlines that hold
// against a client that never pauses, targets, hosts and old versions.

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

using Clock = std::chrono::steady_clock;

/// What comes back for `text` on a connection of its own, to the first answer's end.
TestResponse answer_to(TestApi& api, const std::string& text) {
  auto client = api.connect();
  client->send(text);
  return client->read_response();
}

std::string authorization(const TestApi& api) { return "Authorization: Bearer " + api.admin_token + "\r\n"; }

/// So many connections that the shard always has bytes of some that it has not looked at.
constexpr std::size_t kClients = 40;

/// All send `begin` and then one byte after the other, without a pause, far beyond their deadlines. True when no
/// connection was left in the end.
bool all_are_cut(TestApi& api, const std::string& begin) {
  std::vector<std::unique_ptr<TestClient>> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(api.connect());
    clients.back()->send(begin);
  }
  const auto until = Clock::now() + std::chrono::seconds(10);
  while (api.server().connections() < kClients && Clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(api.server().connections(), kClients);
  while (api.server().connections() > 0 && Clock::now() < until) {
    for (auto& client : clients) client->send("x");
  }
  return api.server().connections() == 0;
}

http::Limits impatient() {
  http::Limits limits;
  limits.header_timeout = std::chrono::milliseconds(500);
  limits.body_timeout = std::chrono::milliseconds(500);
  return limits;
}

TEST(Deadlines, HoldForBodiesThatNeverPause) {
  TestApi api(impatient());
  EXPECT_TRUE(all_are_cut(api, "POST /v1/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"));
}

TEST(Deadlines, HoldForHeadersThatNeverPause) {
  http::Limits limits = impatient();
  limits.header_bytes_max = 4U << 20U;
  TestApi api(limits);
  EXPECT_TRUE(all_are_cut(api, "GET /healthz HTTP/1.1\r\nHost: "));
}

class Framing : public testing::TestWithParam<std::string> {};
TEST_P(Framing, BodiesThatCannotBeReadAreNoRequests) {
  TestApi api;
  auto client = api.connect();
  const std::string hidden = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  client->send("POST /healthz HTTP/1.1\r\nHost: x\r\n" + GetParam() + "\r\n\r\n" + hidden);
  const auto answer = client->read_response();
  EXPECT_EQ(answer.status, 501U);
  EXPECT_EQ(answer.problem_rule(), "transfer_coding");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(client->read_response().status, 0U) << "the body was taken for a request";
}
INSTANTIATE_TEST_SUITE_P(Http, Framing,
                         testing::Values("Transfer-Encoding: gzip", "Transfer-Encoding: xchunked",
                                         "Transfer-Encoding: chunked, gzip",
                                         "Transfer-Encoding:", "Transfer-Encoding: gzip\r\nContent-Length: 5"));

TEST(Codings, BeforeChunkedAreNotDecodedAsPlain) {
  TestApi api;
  api.create_cluster("search");
  const std::string head =
      "POST /v1/clusters/search/suspend HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + authorization(api);
  const std::string body = "\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
  EXPECT_EQ(answer_to(api, head + "Transfer-Encoding: gzip, chunked" + body).status, 501U);
  EXPECT_EQ(answer_to(api, head + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked" + body).status, 501U);
  EXPECT_EQ(answer_to(api, head + "Transfer-Encoding: Chunked" + body).status, 202U);
}

class NoText : public testing::TestWithParam<std::string> {};
TEST_P(NoText, IsRefusedInText) {
  TestApi api;
  auto client = api.connect();
  const auto answer = client->request("GET", GetParam());
  EXPECT_EQ(answer.status, 400U) << answer.body;
  EXPECT_TRUE(is_valid_utf8(answer.body)) << answer.body;
  EXPECT_EQ(answer.problem_field(), "url");
}
INSTANTIATE_TEST_SUITE_P(Http, NoText,
                         testing::Values("/v1/clusters/%ff", "/v1/clusters/\xff", "/v1/clusters/\xc3\xbc", "/%c3",
                                         "/v1/clusters?phase=%ff", "/v1/clusters?%ff=1", "/v1/clusters/%ed%a0%80"));

TEST(TooLong, NamesTheLimitOfItsRoute) {
  TestApi api;
  auto client = api.connect();
  client->send("POST /v1/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
  const auto one = client->read_response();
  EXPECT_EQ(one.status, 413U);
  EXPECT_EQ(one.json().at("detail").as_string(), "the body is longer than 1048576 bytes");
  client = api.connect();
  client->send("POST /v1/operations/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n");
  EXPECT_EQ(client->read_response().json().at("detail").as_string(), "the body is longer than 8388608 bytes");
}

TEST(Authorization, SchemeIsOfAnyCase) {
  TestApi api;
  auto client = api.connect("");
  const auto status_with = [&](const std::string& scheme) {
    return client->request("GET", "/v1/clusters", "", {{"Authorization", scheme + api.admin_token}}).status;
  };
  for (const auto* scheme : {"Bearer ", "bearer ", "BEARER ", "bearer  "}) {
    EXPECT_EQ(status_with(scheme), 200U) << scheme;
  }
  for (const auto* scheme : {"Basic ", "Bearer", "Bearerx ", "Bear "}) EXPECT_EQ(status_with(scheme), 401U) << scheme;
}

TEST(Host, IsGivenOnce) {
  TestApi api;
  for (const std::string hosts : {"", "Host: a\r\nHost: a\r\n"}) {
    auto client = api.connect();
    client->send("GET /healthz HTTP/1.1\r\n" + hosts + "\r\n");
    const auto answer = client->read_response();
    EXPECT_EQ(answer.status, 400U) << hosts;
    EXPECT_EQ(answer.problem_rule(), "one_host");
    EXPECT_TRUE(client->closed_by_server());
  }
  EXPECT_EQ(answer_to(api, "GET /healthz HTTP/1.1\r\nHost:\r\n\r\n").status, 200U);
  EXPECT_EQ(answer_to(api, "GET /healthz HTTP/1.0\r\n\r\n").status, 200U);
}

TEST(AbsoluteForm, IsTheSameResource) {
  TestApi api;
  api.create_cluster("search");
  const auto rest = " HTTP/1.1\r\nHost: x\r\n" + authorization(api) + "\r\n";
  EXPECT_EQ(answer_to(api, "GET http://host:80/v1/clusters?limit=1" + rest).status, 200U);
  EXPECT_EQ(answer_to(api, "GET HTTPS://host/v1/clusters/search" + rest).status, 200U);
  EXPECT_EQ(answer_to(api, "GET http://host" + rest).status, 404U);
  EXPECT_EQ(answer_to(api, "GET ftp://host/v1/clusters" + rest).status, 400U);
  EXPECT_EQ(answer_to(api, "GET http:///v1/clusters" + rest).status, 400U);
}

TEST(Http10, GetsItsStreamsWithoutChunks) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  client->send("GET /v1/events HTTP/1.0\r\nConnection: keep-alive\r\n" + authorization(api) + "\r\n");
  const auto head = client->read_head();
  EXPECT_EQ(head.status, 200U);
  EXPECT_FALSE(head.headers.contains("transfer-encoding"));
  EXPECT_EQ(head.headers.at("connection"), "close");
  api.create_cluster("other");
  const auto begin = client->read_until("\n");
  EXPECT_EQ(begin, "retry: 1000\n") << "the size of a chunk stands before it";
  api.stop();
  EXPECT_TRUE(client->closed_by_server());
}

/// Answers everything with a stream that breaks off after its first piece.
class BrokenStreams final : public http::Service {
 public:
  [[nodiscard]] std::uint64_t body_bytes_max(http::Verb, std::string_view) const override { return 0; }
  boost::asio::awaitable<http::Response> handle(std::shared_ptr<http::Exchange>) override {
    http::Response response;
    response.stream = std::make_unique<Stream>();
    co_return response;
  }

 private:
  class Stream final : public http::BodyStream {
   public:
    boost::asio::awaitable<Result<bool>> next(std::string& piece) override {
      if (std::exchange(begun_, true)) co_return fail(ErrorCode::kInternal, "it broke");
      piece = "half of it";
      co_return true;
    }

   private:
    bool begun_ = false;
  };
};

TEST(Http10, SeesThatAStreamBroke) {
  BrokenStreams service;
  http::ServerSettings settings;
  settings.address = "127.0.0.1";
  http::Server server(std::move(settings), service);
  ASSERT_TRUE(server.start().has_value());
  {
    TestClient client(server.port());
    client.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(client.closed_by_server());
    EXPECT_EQ(errno, ECONNRESET) << "half of it looks like the whole";
  }
  {
    TestClient client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(client.read_head().status, 200U);
    EXPECT_EQ(client.read_until("0\r\n\r\n"), "a\r\nhalf of it\r\n") << "the last chunk says that it is whole";
  }
  server.stop();
}

}  // namespace
}  // namespace esaas::api
