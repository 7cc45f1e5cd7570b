#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <thread>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

struct Streamed {
  std::uint64_t seq = 0;
  std::string kind;
  boost::json::object data;
};

/// A client of /v1/events that takes chunks apart.
class StreamClient {
 public:
  StreamClient(TestApi& api, const std::string& token, const std::string& query, const std::string& header = {})
      : client_(api.connect(token)) {
    client_->send("GET /v1/events" + query + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n" +
                  header + "\r\n");
    head = client_->read_head();
  }

  /// The next block of lines that ends with an empty one; empty when the stream has ended.
  std::string next_block() {
    std::size_t end = 0;
    while ((end = text_.find("\n\n")) == std::string::npos) {
      const auto size_line = client_->read_until("\r\n");
      const auto size = size_line.size() < 3 ? 0 : std::stoul(size_line, nullptr, 16);
      if (size == 0) return {};
      std::string chunk;
      while (chunk.size() < size + 2) {
        const auto more = client_->read_until("\n");
        if (more.empty()) return {};
        chunk += more;
      }
      text_ += chunk.substr(0, size);
    }
    const auto block = text_.substr(0, end + 2);
    text_.erase(0, end + 2);
    return block;
  }

  /// The next event, past retries and heartbeats; seq 0 when the stream has ended.
  Streamed next() {
    while (true) {
      const auto block = next_block();
      if (block.empty()) return {};
      if (block.find("event: ") == std::string::npos) continue;
      Streamed event;
      event.seq = std::stoull(block.substr(block.find("id: ") + 4));
      const auto kind = block.find("event: ") + 7;
      event.kind = block.substr(kind, block.find('\n', kind) - kind);
      const auto data = block.find("data: ") + 6;
      event.data = boost::json::parse(block.substr(data)).as_object();
      return event;
    }
  }

  TestResponse head;

 private:
  std::unique_ptr<TestClient> client_;
  std::string text_;
};

TEST(EventStream, GivesEveryEventOnceAndInOrderWhileMoreAreWritten) {
  TestApi api;
  api.create_cluster("search");
  StreamClient stream(api, api.admin_token, "?from=1");
  EXPECT_EQ(stream.head.headers.at("content-type"), "text/event-stream");
  std::thread writer([&api] { api.add_nodes("search", 500); });
  const auto last = api.front.log.last_seq();
  std::uint64_t expected = 1;
  while (expected < last + 400) {
    const auto event = stream.next();
    ASSERT_EQ(event.seq, expected++);
    EXPECT_EQ(event.data.at("kind").as_string(), event.kind);
  }
  writer.join();
}

TEST(EventStream, ResumesAfterTheLastIdWithoutAGapOrARepeat) {
  TestApi api;
  api.create_cluster("search");
  StreamClient first(api, api.admin_token, "?from=2");
  EXPECT_EQ(first.next().seq, 2U);
  const auto seen = first.next().seq;
  StreamClient second(api, api.admin_token, "?from=2", "Last-Event-ID: " + std::to_string(seen) + "\r\n");
  EXPECT_EQ(second.next().seq, seen + 1);
}

TEST(EventStream, WithoutFromItBeginsWithWhatHappensNext) {
  TestApi api;
  api.create_cluster("search");
  const auto last = api.front.log.last_seq();
  StreamClient stream(api, api.admin_token, "");
  api.add_nodes("search", 1);
  EXPECT_EQ(stream.next().seq, last + 1);
}

TEST(EventStream, FiltersByTenantClusterAndKind) {
  TestApi api;
  api.create_cluster("mine");
  api.create_cluster("theirs", "other");
  StreamClient by_cluster(api, api.admin_token, "?from=1&cluster=theirs&kind=cluster_created");
  const auto event = by_cluster.next();
  EXPECT_EQ(event.kind, "cluster_created");
  EXPECT_EQ(event.data.at("cluster").as_string(), "theirs");
}

TEST(EventStream, ATenantSeesOnlyItsOwnAndNoTokenHash) {
  TestApi api;
  const auto token = api.make_token(model::TOKEN_ROLE_VIEWER, "other");
  api.create_cluster("mine");
  api.create_cluster("theirs", "other");
  StreamClient stream(api, token, "?from=1");
  std::string kinds;
  while (true) {
    const auto event = stream.next();
    ASSERT_NE(event.seq, 0U);
    EXPECT_EQ(event.data.at("tenant").as_string(), "other");
    if (event.kind == "token_issued") {
      EXPECT_FALSE(event.data.at("token_issued").as_object().contains("hash"));
    }
    kinds += event.kind + " ";
    if (event.kind == "cluster_created") break;
  }
  EXPECT_NE(kinds.find("token_issued"), std::string::npos);
}

TEST(EventStream, HeartbeatsCarryThePosition) {
  http::Limits limits;
  limits.heartbeat_interval = std::chrono::milliseconds(50);
  TestApi api(limits);
  api.create_cluster("search");
  StreamClient stream(api, api.admin_token, "?from=1&cluster=nothing");
  EXPECT_EQ(stream.next_block(), "retry: 1000\n\n");
  EXPECT_EQ(stream.next_block(), "id: " + std::to_string(api.front.log.last_seq()) + "\n: heartbeat\n\n");
}

TEST(EventStream, EndsWhenItsTokenIsRevoked) {
  http::Limits limits;
  limits.heartbeat_interval = std::chrono::milliseconds(50);
  TestApi api(limits);
  const auto token = api.make_token(model::TOKEN_ROLE_VIEWER, "");
  StreamClient stream(api, token, "");
  api.front.must(command::RevokeToken{api.last_token_id});
  EXPECT_EQ(stream.next().seq, 0U);
}

TEST(EventStream, ThereIsABoundOfStreams) {
  http::Limits limits;
  limits.streams_max = 1;
  TestApi api(limits);
  StreamClient first(api, api.admin_token, "");
  EXPECT_EQ(first.head.status, 200U);
  StreamClient second(api, api.admin_token, "");
  EXPECT_EQ(second.head.status, 503U);
}

TEST(EventStream, AReaderThatDoesNotReadIsCutAndHoldsNobodyUp) {
  http::Limits limits;
  limits.write_timeout = std::chrono::milliseconds(300);
  TestApi api(limits);
  api.add_noise(40'000);  // more than the sockets' buffers hold
  auto lazy = api.connect();
  lazy->send("GET /v1/events?from=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + api.admin_token + "\r\n\r\n");
  for (int i = 0; i < 500 && api.server().streams() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (int i = 0; i < 1000 && api.server().streams() > 0; ++i) {
    EXPECT_EQ(api.connect()->request("GET", "/healthz").status, 200U);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(api.server().streams(), 0U);
}

}  // namespace
}  // namespace esaas::api
