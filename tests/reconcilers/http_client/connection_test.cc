// The connection against a peer that answers, cuts, lies or says nothing.

#include "reconcilers/effects/http/connection.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>

#include "tests/reconcilers/http_client/certificates.h"
#include "tests/reconcilers/http_client/scripted_peer.h"

namespace esaas::http_client {
namespace {

namespace asio = boost::asio;
using esaas::testing::ScriptedPeer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Then = ScriptedPeer::Then;

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"7\"\r\n\r\nhello";
const std::string kChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

class HttpConnection : public ::testing::Test {
 protected:
  /// Runs an operation to its end.
  template <typename T>
  Outcome<T> wait(asio::awaitable<Outcome<T>> operation) {
    std::optional<Outcome<T>> outcome;
    asio::co_spawn(io_, std::move(operation), [&outcome](const std::exception_ptr& thrown, Outcome<T> result) {
      EXPECT_EQ(thrown, nullptr);
      outcome = std::move(result);
    });
    io_.restart();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!outcome && std::chrono::steady_clock::now() < end) io_.run_one_until(end);
    EXPECT_TRUE(outcome.has_value());
    return outcome ? std::move(*outcome) : std::unexpected(Failure{Step::kConnect, false, "the test gave up"});
  }

  void in(std::chrono::milliseconds time, std::function<void()> act) {
    timer_.expires_after(time);
    timer_.async_wait([act = std::move(act)](const boost::system::error_code& error) {
      if (!error) act();
    });
  }

  /// One whole exchange on a new connection.
  Outcome<Answer> get(const ScriptedPeer& peer, std::uint64_t bytes_max = 1000) {
    Connection connection(io_);
    connection.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(10));
    const auto opened = wait(connection.open(peer.peer()));
    if (!opened) return std::unexpected(opened.error());
    return wait(connection.exchange({}, bytes_max));
  }

  asio::io_context io_;
  asio::steady_timer timer_{io_};
};

TEST_F(HttpConnection, GivesTheWholeAnswer) {
  const ScriptedPeer peer({{kHello}}, Then::kStay);
  const auto answer = get(peer);
  ASSERT_TRUE(answer) << answer.error().why;
  EXPECT_EQ(answer->head.status, 200);
  EXPECT_EQ(answer->head.header("etag"), "\"7\"");
  EXPECT_EQ(answer->body, "hello");
  EXPECT_THAT(peer.requests(), ElementsAre(StartsWith("GET / HTTP/1.1\r\nHost: " + peer.peer().to_string())));
}

TEST_F(HttpConnection, PutsAnAnswerTogetherHoweverItArrives) {
  ScriptedPeer::Answer bytes;
  for (const char byte : kChunked + "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n") bytes.emplace_back(1, byte);
  const ScriptedPeer peer({bytes}, Then::kStay);
  const auto answer = get(peer);
  ASSERT_TRUE(answer) << answer.error().why;
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(HttpConnection, AnAnswerWithoutALengthEndsWithTheConnection) {
  const ScriptedPeer peer({{"HTTP/1.1 404 Not Found\r\n\r\nwhat", "ever"}}, Then::kClose);
  const auto answer = get(peer);
  ASSERT_TRUE(answer) << answer.error().why;
  EXPECT_EQ(answer->head.status, 404);
  EXPECT_EQ(answer->body, "whatever");
}

TEST_F(HttpConnection, ALongAnswerArrivesWhole) {
  const std::string body(3'000'000, 'x');
  const ScriptedPeer peer({{"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + body}}, Then::kStay);
  const auto answer = get(peer, body.size());
  ASSERT_TRUE(answer) << answer.error().why;
  EXPECT_EQ(answer->body, body);
}

TEST_F(HttpConnection, AnAnswerBeyondTheBoundIsRefused) {
  const ScriptedPeer announced({{kHello}}, Then::kStay);
  EXPECT_THAT(get(announced, 4).error().why, HasSubstr("body limit"));
  const ScriptedPeer chunked({{kChunked, "3\r\nhel\r\n", "2\r\nlo\r\n0\r\n\r\n"}}, Then::kStay);
  EXPECT_THAT(get(chunked, 4).error().why, HasSubstr("body limit"));
  const ScriptedPeer endless({{"HTTP/1.1 200 OK\r\n\r\n", std::string(2000, 'x')}}, Then::kStay);
  EXPECT_THAT(get(endless, 1000).error().why, HasSubstr("body limit"));
  const ScriptedPeer head({{"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}}, Then::kStay);
  EXPECT_THAT(get(head).error().why, HasSubstr("header limit"));
}

TEST_F(HttpConnection, WhatIsCutOrNoHttpIsAFailure) {
  const ScriptedPeer in_body({{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}}, Then::kClose);
  const auto cut = get(in_body);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().step, Step::kBody);
  EXPECT_EQ(cut.error().code(), ErrorCode::kUnavailable);
  const ScriptedPeer in_head({{"HTTP/1.1 200 O"}}, Then::kClose);
  EXPECT_EQ(get(in_head).error().step, Step::kHead);
  const ScriptedPeer silent({{}}, Then::kClose);
  EXPECT_EQ(get(silent).error().step, Step::kHead);
  const ScriptedPeer ssh({{"SSH-2.0-x\r\n\r\n"}}, Then::kStay);
  EXPECT_EQ(get(ssh).error().step, Step::kHead);
}

TEST_F(HttpConnection, StreamsPiecesAsTheyCome) {
  const ScriptedPeer peer({{kChunked + "3\r\none\r\n", "3\r\ntwo\r\n", "0\r\n\r\n"}}, Then::kStay);
  Connection connection(io_);
  ASSERT_TRUE(wait(connection.open(peer.peer())));
  const auto head = wait(connection.ask({}, std::nullopt));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(wait(connection.next_piece()).value(), "one");
  EXPECT_FALSE(connection.reusable()) << "the answer is not over";
  EXPECT_EQ(wait(connection.next_piece()).value(), "two");
  EXPECT_EQ(wait(connection.next_piece()).value(), "");
  EXPECT_EQ(wait(connection.next_piece()).value(), "") << "and stays over";
  EXPECT_TRUE(connection.reusable());
}

TEST_F(HttpConnection, TakesOneRequestAfterTheOther) {
  const ScriptedPeer peer({{kHello}, {kHello}, {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}},
                          Then::kStay);
  Connection connection(io_);
  EXPECT_FALSE(connection.reusable());
  ASSERT_TRUE(wait(connection.open(peer.peer())));
  for (const bool stays : {true, true, false}) {
    ASSERT_TRUE(connection.reusable());
    ASSERT_TRUE(wait(connection.exchange({}, 100)));
    EXPECT_EQ(connection.reusable(), stays);
  }
  EXPECT_EQ(peer.requests().size(), 3U);
}

TEST_F(HttpConnection, IsNotReusableOnceThePeerClosedItOrSpokeUnasked) {
  for (const auto& [answer, then] : std::vector<std::pair<std::string, Then>>{
           {kHello, Then::kClose}, {kHello + "HTTP/1.1 408 Request Timeout\r\n\r\n", Then::kStay}}) {
    const ScriptedPeer peer({{answer}}, then);
    Connection connection(io_);
    ASSERT_TRUE(wait(connection.open(peer.peer())));
    ASSERT_TRUE(wait(connection.exchange({}, 100)));
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (connection.reusable() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_FALSE(connection.reusable());
  }
}

TEST_F(HttpConnection, TheDeadlineEndsAWait) {
  const ScriptedPeer peer({{}}, Then::kStay);
  Connection connection(io_);
  connection.set_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
  ASSERT_TRUE(wait(connection.open(peer.peer())));
  const auto answer = wait(connection.exchange({}, 100));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(answer.error().why, "no answer in time");
  EXPECT_EQ(wait(connection.open(peer.peer())).error().code(), ErrorCode::kDeadlineExceeded)
      << "nothing begins after it";
}

TEST_F(HttpConnection, ADeadlineThatWasMovedCountsFromThenOn) {
  const ScriptedPeer peer({{kHello}}, Then::kStay);
  Connection connection(io_);
  connection.set_deadline(std::chrono::steady_clock::now() - std::chrono::seconds(1));
  connection.set_deadline(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  ASSERT_TRUE(wait(connection.open(peer.peer())));
  EXPECT_TRUE(wait(connection.exchange({}, 100)));
}

TEST_F(HttpConnection, MayBeClosedOrDestroyedWhileItWaits) {
  const ScriptedPeer closed({{}}, Then::kStay);
  auto connection = std::make_unique<Connection>(io_);
  ASSERT_TRUE(wait(connection->open(closed.peer())));
  in(std::chrono::milliseconds(20), [&] { connection->close(); });
  EXPECT_EQ(wait(connection->exchange({}, 100)).error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(connection->reusable());
  EXPECT_EQ(wait(connection->exchange({}, 100)).error().step, Step::kSend);

  const ScriptedPeer destroyed({{}}, Then::kStay);
  ASSERT_TRUE(wait(connection->open(destroyed.peer())));
  in(std::chrono::milliseconds(20), [&] { connection.reset(); });
  EXPECT_EQ(wait(connection->exchange({}, 100)).error().code(), ErrorCode::kUnavailable);
}

TEST_F(HttpConnection, TellsHowFarItCame) {
  Connection connection(io_);
  EXPECT_EQ(wait(connection.exchange({}, 100)).error().step, Step::kSend) << "not open";
  EXPECT_EQ(wait(connection.next_piece()).error().step, Step::kBody) << "nothing was asked";
  EXPECT_EQ(wait(connection.open({"no-such-host.invalid", 80})).error().step, Step::kResolve);
  asio::ip::tcp::acceptor nobody(io_, {asio::ip::make_address("127.0.0.1"), 0});
  const auto port = nobody.local_endpoint().port();
  nobody.close();
  const auto refused = wait(connection.open({"127.0.0.1", port}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().step, Step::kConnect);
  EXPECT_EQ(refused.error().why, "Connection refused");
}

class HttpConnectionTls : public HttpConnection {
 protected:
  /// One exchange with a peer whose certificate is for `name`, which is called `host`.
  Outcome<Answer> exchange_with(const std::string& name, const std::string& host) {
    const auto identity = esaas::testing::make_identity(name);
    const auto server = esaas::testing::server_context(identity);
    const auto trust = esaas::testing::client_context(identity);
    const ScriptedPeer peer({{kHello}}, Then::kStay, server.get());
    Connection connection(io_, trust.get());
    const auto opened = wait(connection.open({host, peer.peer().port}));
    if (!opened) {
      EXPECT_THAT(peer.requests(), ElementsAre());
      return std::unexpected(opened.error());
    }
    auto answer = wait(connection.exchange({}, 100));
    server_name_ = peer.server_name();
    return answer;
  }
  std::string server_name_;
};

TEST_F(HttpConnectionTls, ExchangesWithANameThatFits) {
  const auto by_name = exchange_with("DNS:localhost", "localhost");
  ASSERT_TRUE(by_name) << by_name.error().why;
  EXPECT_EQ(by_name->body, "hello");
  EXPECT_EQ(server_name_, "localhost");
  const auto by_address = exchange_with("IP:127.0.0.1", "127.0.0.1");
  ASSERT_TRUE(by_address) << by_address.error().why;
  EXPECT_EQ(server_name_, "") << "an address is no server name";
}

TEST_F(HttpConnectionTls, RefusesANameThatDoesNotFit) {
  for (const auto& [name, host] : std::vector<std::pair<std::string, std::string>>{
           {"DNS:elsewhere.example", "localhost"}, {"IP:127.0.0.2", "127.0.0.1"}}) {
    const auto answer = exchange_with(name, host);
    ASSERT_FALSE(answer) << name;
    EXPECT_EQ(answer.error().step, Step::kHandshake);
  }
}

}  // namespace
}  // namespace esaas::http_client
