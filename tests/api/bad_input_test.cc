// What the API answers to what nobody should send: wrong JSON, wrong fields, oversized, slow and cut requests.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <chrono>
#include <thread>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

struct Case {
  const char* name;
  const char* method;
  std::string target;
  std::string body;
  unsigned status;
  std::string field;
  std::string rule;
};

class BadInput : public testing::TestWithParam<Case> {};
TEST_P(BadInput, IsRefusedByName) {
  TestApi api;
  api.create_cluster("search");
  const auto seq = api.front.log.last_seq();
  auto client = api.connect();
  const auto& bad = GetParam();
  const auto answer = client->request(bad.method, bad.target, bad.body);
  EXPECT_EQ(answer.status, bad.status) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(answer.problem_field(), bad.field) << answer.body;
  if (!bad.rule.empty()) {
    EXPECT_EQ(answer.problem_rule(), bad.rule) << answer.body;
  }
  EXPECT_EQ(answer.json().at("status").as_int64(), bad.status);
  EXPECT_FALSE(answer.json().at("detail").as_string().empty());
  EXPECT_EQ(api.front.log.last_seq(), seq) << "something was appended";
  // The connection is still good.
  EXPECT_EQ(client->request("GET", "/healthz").status, 200U);
}

const std::string kScale = "/v1/clusters/search/scale";
INSTANTIATE_TEST_SUITE_P(
    Json, BadInput,
    testing::Values(
        Case{"Malformed", "POST", kScale, R"({"group":"data",)", 400, "", ""},
        Case{"NoJson", "POST", kScale, "group=data", 400, "", ""},
        Case{"NotAnObject", "POST", kScale, "[1]", 400, "body", "type"},
        Case{"TwoValues", "POST", kScale, "{} {}", 400, "", ""},
        Case{"NestedTooDeep", "POST", kScale, std::string(100, '[') + std::string(100, ']'), 400, "", ""},
        Case{"BrokenUtf8", "POST", kScale, "{\"group\":\"\xff\xfe\"}", 400, "", ""},
        Case{"UnknownField", "POST", kScale, R"({"group":"data","count":4,"cuont":5})", 400, "cuont", ""},
        Case{"WrongType", "POST", kScale, R"({"group":"data","count":"four"})", 400, "count", ""},
        Case{"NegativeNumber", "POST", kScale, R"({"group":"data","count":-1})", 400, "count", ""},
        Case{"Fraction", "POST", kScale, R"({"group":"data","count":1.5})", 400, "count", ""},
        Case{"AbsurdNumber", "POST", kScale, R"({"group":"data","count":99999999999999999999})", 400, "count", ""},
        Case{"HugeExponent", "POST", kScale, R"({"group":"data","count":1e400})", 400, "count", ""},
        Case{"AbsurdCount", "POST", kScale, R"({"group":"data","count":4000000000})", 400, "count", "range"},
        Case{"ReasonIsNoText", "POST", kScale, R"({"group":"data","count":4,"reason":7})", 400, "reason", "type"},
        Case{"ReasonTooLong", "POST", kScale, R"({"group":"data","count":4,"reason":")" + std::string(501, 'x') + "\"}",
             400, "reason", "length"},
        Case{"SuspendTakesNothing", "POST", "/v1/clusters/search/suspend", R"({"now":true})", 400, "now", ""},
        Case{"NoRequest", "POST", "/v1/operations", R"({"cluster":"search"})", 400, "request", "required"},
        Case{"TwoKinds", "POST", "/v1/operations", R"({"cluster":"search","request":{"suspend":{},"resume":{}}})", 400,
             "request.resume", ""},
        Case{"UnknownKind", "POST", "/v1/operations", R"({"cluster":"search","request":{"explode":{}}})", 400,
             "request.explode", ""},
        Case{"TwoNames", "POST", "/v1/operations", R"({"cluster":"x","request":{"create":)" + create_body("y") + "}}",
             400, "cluster", "same_name"},
        Case{"BatchIsNoArray", "POST", "/v1/operations/batch", R"({"operations":{}})", 400, "operations", "required"},
        Case{"UnknownRole", "POST", "/v1/tokens", R"({"role":"root"})", 400, "role", "known_role"},
        Case{"ExpiredAtBirth", "POST", "/v1/tokens", R"({"role":"viewer","expires_at":"2001-01-01"})", 400,
             "expires_at", "in_the_future"},
        Case{"KeyTwice", "POST", kScale, R"({"group":"data","count":4,"count":5})", 400, "count", "key_given_twice"},
        Case{"TwoConfirmations", "DELETE", "/v1/clusters/search?confirm=search", R"({"confirm":"x"})", 400, "confirm",
             "one_confirmation"},
        Case{"RefusedByTheController", "POST", "/v1/operations",
             R"({"cluster":"search","request":{"label":{"labels":[]}}})", 400, "request.label.labels", "required"},
        Case{"NoMoment", "POST", "/v1/tokens", R"({"role":"viewer","expires_at":"soon"})", 400, "expires_at",
             "rfc3339"}),
    [](const auto& tested) { return std::string(tested.param.name); });
INSTANTIATE_TEST_SUITE_P(
    Url, BadInput,
    testing::Values(
        Case{"UnknownPath", "GET", "/v1/nothing", "", 404, "", ""},
        Case{"WrongVerb", "DELETE", "/v1/clusters", "", 405, "", ""},
        Case{"UnknownParameter", "GET", "/v1/clusters?color=red", "", 400, "color", "known_parameter"},
        Case{"ParameterTwice", "GET", "/v1/clusters?limit=1&limit=2", "", 400, "limit", ""},
        Case{"LimitZero", "GET", "/v1/clusters?limit=0", "", 400, "limit", "range"},
        Case{"LimitAbsurd", "GET", "/v1/clusters?limit=99999999999999999999999", "", 400, "limit", "range"},
        Case{"LimitNoNumber", "GET", "/v1/audit?limit=ten", "", 400, "limit", "range"},
        Case{"NoSuchPhase", "GET", "/v1/clusters?phase=dead", "", 400, "phase", "choice"},
        Case{"NoMoment", "GET", "/v1/audit?from=yesterday", "", 400, "from", "rfc3339"},
        Case{"Backwards", "GET", "/v1/usage?from=2016-02-01&to=2016-01-01", "", 400, "from", "from_before_to"},
        Case{"AuditBackwards", "GET", "/v1/audit?from=2016-02-01&to=2016-01-01", "", 400, "from", "from_before_to"},
        Case{"NoSuchOutcome", "GET", "/v1/audit?outcome=zz", "", 400, "outcome", "choice"},
        Case{"NoSuchAction", "GET", "/v1/audit?action=zz", "", 400, "action", "choice"},
        Case{"DryRunMaybe", "POST", "/v1/clusters/search/suspend?dry_run=maybe", "", 400, "dry_run", "boolean"},
        Case{"BadEscape", "GET", "/v1/clusters/%zz", "", 400, "url", ""},
        Case{"DotDot", "GET", "/v1/clusters/../tokens", "", 400, "path", ""},
        Case{"FutureSeq", "GET", "/v1/events?from=1000000", "", 400, "from", "within_the_log"},
        Case{"UnknownEvent", "GET", "/v1/events?kind=surprise", "", 400, "kind", "known_kind"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(BadHeaders, AreRefusedByName) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const std::string body = R"({"group":"data","count":4})";
  EXPECT_EQ(client->request("POST", kScale, body, {{"Content-Type", "text/plain"}}).status, 415U);
  EXPECT_EQ(client->request("POST", kScale, body, {{"Content-Type", "application/json; charset=utf-8"}}).status, 202U);
  EXPECT_EQ(client->request("POST", kScale, body, {{"Idempotency-Key", ""}}).problem_field(), "Idempotency-Key");
  EXPECT_EQ(client->request("POST", kScale, body, {{"Idempotency-Key", "a b"}}).status, 400U);
  EXPECT_EQ(client->request("POST", kScale, body, {{"Idempotency-Key", std::string(256, 'k')}}).status, 400U);
  EXPECT_EQ(client->request("POST", kScale, body, {{"If-Match", "W/\"1\""}}).problem_field(), "If-Match");
  const auto no_text = client->request("POST", kScale, body, {{"X-Reason", "caf\xe9"}});
  EXPECT_EQ(no_text.status, 400U);
  EXPECT_EQ(no_text.problem_field(), "X-Reason");
  EXPECT_EQ(no_text.problem_rule(), "utf8");
  EXPECT_EQ(client->request("POST", kScale, body, {{"X-Reason", "caf\xc3\xa9"}}).status, 202U);
  EXPECT_EQ(client->request("GET", "/v1/events", "", {{"Last-Event-ID", "x"}}).problem_field(), "Last-Event-ID");
  EXPECT_EQ(client->request("GET", "/v1/clusters", "", {{"Authorization", "Bearer x"}}).problem_field(),
            "Authorization");
  const auto wrong_verb = client->request("PUT", "/v1/clusters/search");
  EXPECT_EQ(wrong_verb.status, 405U);
  EXPECT_EQ(wrong_verb.headers.at("allow"), "DELETE, GET, HEAD");
}

TEST(Sockets, PipelinedRequestsAreAnsweredInOrder) {
  TestApi api;
  auto client = api.connect();
  std::string text;
  for (int i = 0; i < 50; ++i) {
    text += i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  client->send(text);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client->read_response().status, i % 2 == 0 ? 200U : 404U) << i;
}

TEST(Sockets, HeadIsGetWithoutTheBody) {
  TestApi api;
  auto client = api.connect();
  const auto head = client->request("HEAD", "/v1/clusters");
  EXPECT_EQ(head.status, 200U);
  EXPECT_NE(head.headers.at("content-length"), "0");
  EXPECT_EQ(client->request("GET", "/v1/clusters").status, 200U);
}

TEST(Sockets, ChunkedBodiesAndContinueWork) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const std::string head = "POST " + kScale +
                           " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
                           api.admin_token + "\r\n";
  client->send(head + "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"group\"\r\n12\r\n:\"data\",\"count\":4}\r\n0\r\n\r\n");
  EXPECT_EQ(client->read_response().status, 202U);
  client->send(head + "Content-Length: 26\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client->read_head().status, 100U);
  client->send(R"({"group":"data","count":6})");
  EXPECT_EQ(client->read_response().status, 202U);
}

TEST(Sockets, ConnectionCloseIsHonoured) {
  TestApi api;
  auto client = api.connect();
  EXPECT_EQ(client->request("GET", "/healthz", "", {{"Connection", "close"}}).headers.at("connection"), "close");
  EXPECT_TRUE(client->closed_by_server());
}

TEST(Sockets, NoHttpIsToldSoAndClosed) {
  TestApi api;
  auto client = api.connect();
  client->send("\x16\x03\x01\x02 this is a TLS hello, or worse\r\n\r\n");
  const auto answer = client->read_response();
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.problem_rule(), "http_syntax");
  EXPECT_TRUE(client->closed_by_server());
}

TEST(Sockets, OversizedHeadersAndBodies) {
  TestApi api;
  auto headers = api.connect();
  headers->send("GET /healthz HTTP/1.1\r\nX-Long: " + std::string(40'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(headers->read_response().status, 431U);
  EXPECT_TRUE(headers->closed_by_server());
  // Told before the body is read; the client is let finish, so that it sees the answer.
  auto body = api.connect();
  const auto answer = body->request("POST", "/v1/clusters", std::string(3'000'000, ' '));
  EXPECT_EQ(answer.status, 413U);
  EXPECT_EQ(answer.problem_rule(), "body_bytes_max");
  EXPECT_TRUE(body->closed_by_server());
}

http::Limits impatient() {
  http::Limits limits;
  limits.header_timeout = std::chrono::milliseconds(200);
  limits.body_timeout = std::chrono::milliseconds(200);
  limits.idle_timeout = std::chrono::milliseconds(200);
  return limits;
}

TEST(Sockets, SlowHeadersAre408) {
  TestApi api(impatient());
  auto client = api.connect();
  client->send("GET /healthz HT");
  const auto answer = client->read_response();
  EXPECT_EQ(answer.status, 408U);
  EXPECT_EQ(answer.problem_rule(), "request_timeout");
  EXPECT_TRUE(client->closed_by_server());
}

TEST(Sockets, SlowBodiesAre408) {
  TestApi api(impatient());
  auto client = api.connect();
  client->send("POST /v1/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(client->read_response().status, 408U);
  EXPECT_TRUE(client->closed_by_server());
}

TEST(Sockets, IdleConnectionsAreClosedWithoutAWord) {
  TestApi api(impatient());
  auto client = api.connect();
  EXPECT_TRUE(client->closed_by_server());
  EXPECT_EQ(client->read_response().status, 0U);
}

TEST(Sockets, CutConnectionsLeaveNothingBehind) {
  TestApi api;
  for (int i = 0; i < 20; ++i) {
    auto client = api.connect();
    client->send(std::string("POST /v1/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                     .substr(0, static_cast<std::size_t>(i) * 4));
    client->close();
  }
  auto client = api.connect();
  EXPECT_EQ(client->request("GET", "/healthz").status, 200U);
  for (int i = 0; i < 200 && api.server().connections() > 1; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(api.server().connections(), 1U);
}

TEST(Sockets, AClientThatGoesBeforeItsAnswerHarmsNobody) {
  TestApi api;
  api.create_cluster("search");
  for (int i = 0; i < 20; ++i) {
    auto client = api.connect();
    client->send("POST " + kScale + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
                 api.admin_token + "\r\nContent-Length: 26\r\n\r\n" + R"({"group":"data","count":4})");
    client->close();
  }
  EXPECT_EQ(api.connect()->request("GET", "/v1/clusters/search").status, 200U);
}

TEST(Sockets, OneConnectionTooManyIs503) {
  http::Limits limits;
  limits.connections_max = 2;
  TestApi api(limits);
  auto first = api.connect();
  auto second = api.connect();
  ASSERT_EQ(first->request("GET", "/healthz").status, 200U);
  ASSERT_EQ(second->request("GET", "/healthz").status, 200U);
  auto third = api.connect();
  const auto answer = third->read_response();
  EXPECT_EQ(answer.status, 503U);
  EXPECT_EQ(answer.problem_rule(), "connections_max");
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
}

TEST(Overload, AFullQueueIs429) {
  TestApi api;
  api.create_cluster("search");
  api.front.refuse_all();
  auto client = api.connect();
  const auto answer = client->request("POST", kScale, R"({"group":"data","count":4})");
  EXPECT_EQ(answer.status, 429U);
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  EXPECT_EQ(answer.problem_rule(), "queued_commands_max");
}

TEST(Overload, AControllerThatIsSilentIs504) {
  http::Limits limits;
  limits.answer_timeout = std::chrono::milliseconds(150);
  TestApi api(limits);
  api.create_cluster("search");
  api.front.hold_answers();
  auto client = api.connect();
  const auto answer = client->request("POST", kScale, R"({"group":"data","count":4})");
  EXPECT_EQ(answer.status, 504U);
  EXPECT_EQ(answer.problem_rule(), "answer_timeout");
  EXPECT_EQ(client->request("GET", "/healthz").status, 200U);
}

TEST(Shutdown, AnswersWhatIsAtWorkAndEndsTheRest) {
  auto api = std::make_unique<TestApi>(http::Limits{}, 2);
  api->create_cluster("search");
  auto idle = api->connect();
  ASSERT_EQ(idle->request("GET", "/healthz").status, 200U);
  auto stream = api->connect();
  stream->send("GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api->admin_token + "\r\n\r\n");
  ASSERT_EQ(stream->read_head().status, 200U);
  const auto begin = std::chrono::steady_clock::now();
  api->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_TRUE(idle->closed_by_server());
  EXPECT_TRUE(stream->closed_by_server());
}

TEST(Listening, RefusesToShowTokensToTheNetwork) {
  TestApi api;
  class Nothing final : public http::Service {
    [[nodiscard]] std::uint64_t body_bytes_max(http::Verb, std::string_view) const override { return 0; }
    boost::asio::awaitable<http::Response> handle(std::shared_ptr<http::Exchange>) override {
      co_return http::Response{};
    }
  } nothing;
  const auto refusal = [&](std::string address, std::uint16_t port, bool plain, std::string certificate,
                           std::string key) {
    http::ServerSettings settings;
    settings.address = std::move(address);
    settings.port = port;
    settings.allow_plain_remote = plain;
    settings.certificate_file = std::move(certificate);
    settings.key_file = std::move(key);
    const auto started = http::Server(std::move(settings), nothing).start();
    return started ? Error{} : started.error();
  };
  EXPECT_EQ(refusal("0.0.0.0", 0, false, "", "").rule, "tls_beyond_loopback");
  EXPECT_EQ(refusal("0.0.0.0", 0, true, "", "").detail, "");
  EXPECT_EQ(refusal("localhost", 0, false, "", "").field, "http.listen");
  EXPECT_EQ(refusal("127.0.0.1", api.server().port(), false, "", "").code, ErrorCode::kUnavailable);
  EXPECT_EQ(refusal("127.0.0.1", 0, false, "/nowhere.pem", "/nowhere.key").field, "http.tls.certificate_file");
  EXPECT_EQ(refusal("127.0.0.1", 0, false, "/nowhere.pem", "").rule, "tls_pair");
}

}  // namespace
}  // namespace esaas::api
