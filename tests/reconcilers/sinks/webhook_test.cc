#include "reconcilers/effects/sinks/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "reconcilers/effects/sinks/retry_after.h"
#include "tests/reconcilers/http_client/certificates.h"
#include "tests/reconcilers/http_client/scripted_peer.h"

namespace esaas::sinks {
namespace {

using esaas::testing::ScriptedPeer;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using Then = ScriptedPeer::Then;

const std::string kTaken = "HTTP/1.1 204 No Content\r\n\r\n";

Delivery two_events() {
  return {
      .sink = "alerts",
      .events = {{.seq = 7, .key = "search", .json = R"({"seq":7})"}, {.seq = 9, .key = "", .json = R"({"seq":9})"}}};
}

std::unique_ptr<Destination> webhook_at(const ScriptedPeer& peer, const std::string& secret = {}) {
  return make_webhook({.tls = false, .host = "127.0.0.1", .port = peer.peer().port, .target = "/in?x=1"}, secret);
}

TEST(Webhook, SignsAsTheStandardSays) {
  // RFC 4231, test case 2.
  EXPECT_EQ(webhook_signature("what do ya want for nothing?", "Jefe"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Webhook, SendsOneRequestForADeliveryAndKeepsTheConnection) {
  ScriptedPeer peer({{kTaken}, {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}, {kTaken}}, Then::kStay);
  {
    const auto webhook = webhook_at(peer, "a secret of sixteen");
    for (int i = 0; i < 3; ++i) {
      const auto taken = webhook->deliver(two_events(), seconds{10}, {});
      ASSERT_TRUE(taken) << taken.error().detail;
    }
  }
  ASSERT_EQ(peer.requests().size(), 3U) << "on one connection, for the peer takes no second";
  const std::string head = peer.requests().front();
  EXPECT_THAT(head, HasSubstr("POST /in?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("ESaaS-Sink: alerts\r\n"));
  EXPECT_THAT(head, HasSubstr("ESaaS-First-Seq: 7\r\n"));
  EXPECT_THAT(head, HasSubstr("ESaaS-Last-Seq: 9\r\n"));
  EXPECT_THAT(
      head,
      HasSubstr("ESaaS-Signature: " + webhook_signature(webhook_body(two_events()), "a secret of sixteen") + "\r\n"));
}

TEST(Webhook, ItsBodyIsJson) {
  const auto body = boost::json::parse(webhook_body(two_events())).as_object();
  EXPECT_EQ(body.at("sink").as_string(), "alerts");
  EXPECT_EQ(body.at("first_seq").as_int64(), 7);
  EXPECT_EQ(body.at("last_seq").as_int64(), 9);
  EXPECT_EQ(body.at("events").as_array().size(), 2U);
}

TEST(Webhook, WithoutASecretIsNotSigned) {
  ScriptedPeer peer({{kTaken}}, Then::kClose);
  ASSERT_TRUE(webhook_at(peer)->deliver(two_events(), seconds{10}, {}));
  EXPECT_THAT(peer.requests().front(), Not(HasSubstr("Signature")));
}

TEST(Webhook, SendsCloudEventsAsAnArray) {
  EXPECT_EQ(webhook_body(two_events(), WebhookFormat::kCloudEventsBatch), R"([{"seq":7},{"seq":9}])");
  ScriptedPeer peer({{kTaken}}, Then::kClose);
  const auto webhook = make_webhook({.tls = false, .host = "127.0.0.1", .port = peer.peer().port, .target = "/in"},
                                    "a secret of sixteen", WebhookFormat::kCloudEventsBatch);
  ASSERT_TRUE(webhook->deliver(two_events(), seconds{10}, {}));
  const std::string head = peer.requests().front();
  EXPECT_THAT(head, HasSubstr("Content-Type: application/cloudevents-batch+json\r\n"));
  EXPECT_THAT(head, HasSubstr("ESaaS-Last-Seq: 9\r\n"));
  EXPECT_THAT(head, HasSubstr(webhook_signature(R"([{"seq":7},{"seq":9}])", "a secret of sixteen")));
}

TEST(Webhook, SendsOneCloudEventAsItIs) {
  Delivery one = two_events();
  one.events.pop_back();
  EXPECT_EQ(webhook_body(one, WebhookFormat::kCloudEvent), R"({"seq":7})");
  ScriptedPeer peer({{kTaken}}, Then::kClose);
  const auto webhook = make_webhook({.tls = false, .host = "127.0.0.1", .port = peer.peer().port, .target = "/in"}, "",
                                    WebhookFormat::kCloudEvent);
  ASSERT_TRUE(webhook->deliver(one, seconds{10}, {}));
  EXPECT_THAT(peer.requests().front(), HasSubstr("Content-Type: application/cloudevents+json\r\n"));
}

TEST(Webhook, FormatsHaveNames) {
  EXPECT_EQ(webhook_format(""), WebhookFormat::kEnvelope);
  EXPECT_EQ(webhook_format("cloudevents"), WebhookFormat::kCloudEvent);
  EXPECT_EQ(webhook_format("cloudevents-batch"), WebhookFormat::kCloudEventsBatch);
  EXPECT_FALSE(webhook_format("xml")) << "of a newer program";
}

TEST(Webhook, HearsHowLongItIsAskedToWait) {
  const auto asked = [](const std::string& status, const std::string& headers) {
    ScriptedPeer peer({{"HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + headers + "\r\n"}}, Then::kClose);
    const auto webhook = webhook_at(peer);
    EXPECT_FALSE(webhook->deliver(two_events(), seconds{10}, {}));
    return webhook->asked_to_wait();
  };
  EXPECT_EQ(asked("429 Too Many Requests", "Retry-After: 7\r\n"), seconds{7});
  EXPECT_EQ(asked("503 Service Unavailable",
                  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:00 GMT\r\n"),
            seconds{23});
  EXPECT_EQ(asked("503 Service Unavailable", ""), Duration::zero());
  EXPECT_EQ(asked("500 Internal Server Error", "Retry-After: 7\r\n"), Duration::zero()) << "not said of a 500";
}

TEST(Webhook, WhatItWasAskedBeforeIsForgotten) {
  ScriptedPeer peer({{"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n"}}, Then::kClose);
  const auto webhook = webhook_at(peer);
  EXPECT_FALSE(webhook->deliver(two_events(), seconds{10}, {}));
  EXPECT_EQ(webhook->asked_to_wait(), seconds{7});
  EXPECT_FALSE(webhook->deliver(two_events(), std::chrono::milliseconds{300}, {}));
  EXPECT_EQ(webhook->asked_to_wait(), Duration::zero()) << "the last answer counts, and there was none";
}

TEST(RetryAfter, IsOfSecondsOrADate) {
  const std::string now = "Sun, 06 Nov 1994 08:49:37 GMT";
  EXPECT_EQ(retry_after("120", ""), seconds{120}) << "needs no date";
  EXPECT_EQ(retry_after("0", now), seconds{0});
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:40 GMT", now), seconds{3});
  EXPECT_EQ(retry_after("Mon, 07 Nov 1994 08:49:37 GMT", now), std::chrono::hours{24});
  EXPECT_EQ(retry_after("Sunday, 06-Nov-94 08:50:37 GMT", now), seconds{60}) << "as it was written long ago";
  EXPECT_EQ(retry_after("Sun Nov  6 09:49:37 1994", now), seconds{3600}) << "as C writes it";
  EXPECT_EQ(retry_after("Thursday, 04-Mar-27 00:00:10 GMT", "Thu, 04 Mar 2027 00:00:00 GMT"), seconds{10});
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:30 GMT", now), Duration::zero()) << "it is over";
  EXPECT_EQ(retry_after("99999999999999999999999", now), std::chrono::hours{10 * 365 * 24});
  EXPECT_EQ(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now), std::chrono::hours{10 * 365 * 24});
}

TEST(RetryAfter, NonsenseIsNoWait) {
  const std::string now = "Sun, 06 Nov 1994 08:49:37 GMT";
  for (const char* text : {"", " ", "-5", "1.5", "soon", "Sun, 31 Feb 1995 08:49:37 GMT", "Sun, 06 Nov 1995", ",,,,,",
                           "Sun, 06 Foo 1995 08:49:37 GMT", "Sun, 06 Nov 1995 25:49:37 GMT", "a b c d e",
                           "Sun, 06 Nov 99999 08:49:37 GMT", "Sun, 06 Nov 1995 8:49:37 GMT"}) {
    EXPECT_EQ(retry_after(text, now), Duration::zero()) << text;
  }
  EXPECT_EQ(retry_after("Sun, 06 Nov 1995 08:49:37 GMT", ""), Duration::zero()) << "a date is after something";
  EXPECT_EQ(retry_after("Sun, 06 Nov 1995 08:49:37 GMT", "now"), Duration::zero());
}

TEST(Webhook, OnlyA2xxTakes) {
  for (const std::string status : {"301 Moved Permanently", "400 Bad Request", "503 Service Unavailable"}) {
    ScriptedPeer peer({{"HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:9/\r\n\r\n"}},
                      Then::kClose);
    const auto taken = webhook_at(peer)->deliver(two_events(), seconds{10}, {});
    ASSERT_FALSE(taken) << status;
    EXPECT_THAT(taken.error().detail, HasSubstr(status.substr(0, 3)));
  }
}

TEST(Webhook, A2xxTakesHoweverLongItsAnswerIs) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999\r\n\r\n";
  ScriptedPeer peer({{head, std::string(128 * 1024, 'x')}}, Then::kStay);
  const auto webhook = webhook_at(peer);
  const auto began = std::chrono::steady_clock::now();
  const auto taken = webhook->deliver(two_events(), seconds{30}, {});
  EXPECT_TRUE(taken) << taken.error().detail;
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{15}) << "the rest is not waited for";
}

TEST(Webhook, AConnectionThatEndsBeforeTheAnswerDoesNotTake) {
  ScriptedPeer peer({{"HTTP/1.1 20"}}, Then::kClose);
  EXPECT_FALSE(webhook_at(peer)->deliver(two_events(), seconds{10}, {}));
}

TEST(Webhook, OneThatIsNotThereIsNamed) {
  const auto webhook = make_webhook({.tls = false, .host = "127.0.0.1", .port = 9, .target = "/"}, "");
  const auto taken = webhook->deliver(two_events(), seconds{10}, {});
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().detail, HasSubstr("can not be reached"));
}

TEST(Webhook, IsGivenUpInTime) {
  ScriptedPeer peer({{}}, Then::kStay);  // says nothing
  auto webhook = webhook_at(peer);
  const auto began = std::chrono::steady_clock::now();
  const auto late = webhook->deliver(two_events(), std::chrono::milliseconds{300}, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds{250});
}

TEST(Webhook, AStopCutsItShort) {
  ScriptedPeer peer({{}}, Then::kStay);
  auto webhook = webhook_at(peer);
  std::stop_source stop;
  std::jthread stopper([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    stop.request_stop();
  });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(webhook->deliver(two_events(), seconds{30}, stop.get_token()));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{10});
  webhook.reset();
}

TEST(Webhook, OverTlsOnlyACertificateThatThisMachineTrustsIsSentTo) {
  const auto identity = esaas::testing::make_identity("IP:127.0.0.1");
  const auto server = esaas::testing::server_context(identity);
  for (const bool is_trusted : {true, false}) {
    const std::string file = ::testing::TempDir() + "trusted-" + std::to_string(::getpid()) + ".pem";
    std::ofstream(file) << (is_trusted ? identity : esaas::testing::make_identity("IP:127.0.0.1")).certificate;
    ::setenv("SSL_CERT_FILE", file.c_str(), 1);  // where OpenSSL looks for whom this machine trusts
    ScriptedPeer peer({{kTaken}}, Then::kClose, server.get());
    const auto webhook =
        make_webhook({.tls = true, .host = "127.0.0.1", .port = peer.peer().port, .target = "/in"}, "");
    const auto taken = webhook->deliver(two_events(), seconds{10}, {});
    EXPECT_EQ(taken.has_value(), is_trusted) << (taken ? "" : taken.error().detail);
    EXPECT_EQ(peer.requests().size(), is_trusted ? 1U : 0U);
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove(file);
  }
}

}  // namespace
}  // namespace esaas::sinks
