#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "api/routes/event_stream.h"
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
  /// The ids that came without an event as well.
  [[nodiscard]] const std::string& last_id() const { return last_id_; }
  /// In bytes, of what the server had in memory for it at a time.
  [[nodiscard]] std::size_t largest_chunk() const { return largest_chunk_; }

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
      largest_chunk_ = std::max(largest_chunk_, size);
      text_ += chunk.substr(0, size);
    }
    const auto block = text_.substr(0, end + 2);
    text_.erase(0, end + 2);
    if (block.starts_with("id: ")) last_id_ = block.substr(4, block.find('\n') - 4);
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
  std::string last_id_;
  std::size_t largest_chunk_ = 0;
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
  api.connect()->request("GET", "/v1/clusters");  // the first use of a token is an event
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

/// A snapshot's objects by type, and the seq at its end.
struct Snapshot {
  std::map<std::string, std::vector<boost::json::object>> objects;
  std::uint64_t seq = 0;
};
Snapshot read_snapshot(StreamClient& stream) {
  Snapshot snapshot;
  while (true) {
    const auto block = stream.next_block();
    if (block.empty()) return snapshot;
    if (block.find("event: ") == std::string::npos) continue;
    const auto data = boost::json::parse(block.substr(block.find("data: ") + 6)).as_object();
    if (block.starts_with("event: snapshot\n")) {
      snapshot.objects[std::string(data.at("type").as_string())].push_back(data.at("object").as_object());
      continue;
    }
    EXPECT_TRUE(block.starts_with("id: ")) << block;
    EXPECT_NE(block.find("\nevent: snapshot_end\n"), std::string::npos) << block;
    snapshot.seq = data.at("seq").to_number<std::uint64_t>();
    EXPECT_EQ(block.substr(4, block.find('\n') - 4), std::to_string(snapshot.seq));
    return snapshot;
  }
}

TEST(EventStream, BeginsWithASnapshotAndGoesOnBehindIt) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.add_nodes("search", 3);
  StreamClient stream(api, api.admin_token, "?snapshot=true");
  api.add_noise(200);
  const auto snapshot = read_snapshot(stream);
  ASSERT_EQ(snapshot.objects.at("cluster").size(), 1U);
  EXPECT_EQ(snapshot.objects.at("operation").size(), 1U);
  EXPECT_FALSE(snapshot.objects.at("tenant").empty());
  EXPECT_EQ(snapshot.objects.at("operation")[0].at("id").as_string(), created.operation_id);
  auto client = api.connect();
  EXPECT_EQ(snapshot.objects.at("cluster")[0], client->request("GET", "/v1/clusters/search").json());
  for (std::uint64_t seq = snapshot.seq + 1; seq <= api.front.log.last_seq(); ++seq) ASSERT_EQ(stream.next().seq, seq);
}

TEST(EventStream, ASnapshotAndItsTailAreWhatTheLogSaysWhileMuchIsWritten) {
  TestApi api;
  api.create_cluster("search");
  for (int round = 0; round < 10; ++round) {
    std::jthread writer([&api, round] {
      for (int i = 0; i < 40; ++i) {
        event::Event event;
        event.mutable_node_added()->set_node("data-" + std::to_string(1'000 * round + i));
        event.mutable_node_added()->set_group("data");
        event.set_cluster("search");
        event.set_tenant("shop");
        api.front.append(std::move(event));
      }
    });
    StreamClient stream(api, api.admin_token, "?snapshot=true");
    const auto snapshot = read_snapshot(stream);
    ASSERT_GT(snapshot.seq, 0U);
    // Each node of the snapshot was added before it, and each one that was added later is in the tail.
    const std::size_t nodes = snapshot.objects.at("cluster")[0].at("nodes").as_array().size();
    std::size_t added_before = 0;
    const auto cursor = api.front.log.read(1, {.to_seq = snapshot.seq});
    while (const event::Event* event = *(*cursor)->next()) added_before += event->has_node_added() ? 1U : 0U;
    EXPECT_EQ(nodes, added_before);
    writer.join();
    for (std::uint64_t seq = snapshot.seq + 1; seq <= api.front.log.last_seq(); ++seq) {
      ASSERT_EQ(stream.next().seq, seq);
    }
  }
}

TEST(EventStream, ASnapshotHoldsWhatTheReaderMaySeeAndAsksFor) {
  TestApi api;
  api.create_cluster("mine");
  api.create_cluster("mine-too");
  api.create_cluster("theirs", "other");
  StreamClient by_cluster(api, api.admin_token, "?snapshot=true&cluster=mine");
  auto snapshot = read_snapshot(by_cluster);
  ASSERT_EQ(snapshot.objects.at("cluster").size(), 1U);
  EXPECT_EQ(snapshot.objects.at("cluster")[0].at("name").as_string(), "mine");
  EXPECT_EQ(snapshot.objects.at("operation").size(), 1U);
  EXPECT_FALSE(snapshot.objects.contains("tenant"));
  StreamClient by_tenant(api, api.admin_token, "?snapshot=true&tenant=shop");
  EXPECT_EQ(read_snapshot(by_tenant).objects.at("cluster").size(), 2U);
  StreamClient by_other(api, api.make_token(model::TOKEN_ROLE_VIEWER, "other"), "?snapshot=true");
  snapshot = read_snapshot(by_other);
  ASSERT_EQ(snapshot.objects.at("cluster").size(), 1U);
  EXPECT_EQ(snapshot.objects.at("cluster")[0].at("name").as_string(), "theirs");
  ASSERT_EQ(snapshot.objects.at("tenant").size(), 1U);
  EXPECT_EQ(snapshot.objects.at("tenant")[0].at("name").as_string(), "other");
}

TEST(EventStream, WhoHadTheSnapshotGoesOnBehindItsLastId) {
  TestApi api;
  api.create_cluster("search");
  StreamClient first(api, api.admin_token, "?snapshot=true");
  const auto snapshot = read_snapshot(first);
  api.add_noise(5);
  StreamClient second(api, api.admin_token, "?snapshot=true",
                      "Last-Event-ID: " + std::to_string(snapshot.seq) + "\r\n");
  EXPECT_EQ(second.next().seq, snapshot.seq + 1);
  StreamClient both(api, api.admin_token, "?snapshot=true&from=1");
  EXPECT_EQ(both.head.status, 400U);
}

TEST(EventStream, ALargeSnapshotComesInPieces) {
  TestApi api;
  for (int i = 0; i < 60; ++i) {
    api.create_cluster("search-" + std::to_string(i));
    api.add_nodes("search-" + std::to_string(i), 10);
  }
  StreamClient stream(api, api.admin_token, "?snapshot=true");
  const auto snapshot = read_snapshot(stream);
  EXPECT_EQ(snapshot.objects.at("cluster").size(), 60U);
  EXPECT_EQ(snapshot.seq, api.front.log.last_seq());
}

/// One that stalls is cut off, and goes on from the last id that it has, from the log.
TEST(EventStream, AReaderThatStalledResumesWithoutAGap) {
  http::Limits limits;
  limits.write_timeout = std::chrono::milliseconds(300);
  TestApi api(limits);
  api.add_noise(40'000);
  const auto last = api.front.log.last_seq();
  std::uint64_t expected = 1;
  {
    StreamClient stream(api, api.admin_token, "?from=1");
    for (; expected <= 100; ++expected) ASSERT_EQ(stream.next().seq, expected);
    for (int i = 0; i < 1'000 && api.server().streams() > 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(api.server().streams(), 0U) << "it is cut off";
    // What was under way to it still comes, whole events only, and then the end.
    for (auto event = stream.next(); event.seq != 0; event = stream.next()) ASSERT_EQ(event.seq, expected++);
    EXPECT_LT(expected, last);
  }
  StreamClient stream(api, api.admin_token, "?from=1", "Last-Event-ID: " + std::to_string(expected - 1) + "\r\n");
  for (; expected <= last; ++expected) ASSERT_EQ(stream.next().seq, expected);
}

/// All that a stream as of the past gives.
std::vector<std::uint64_t> seqs_until_the_end(StreamClient& stream) {
  std::vector<std::uint64_t> seqs;
  for (auto event = stream.next(); event.seq != 0; event = stream.next()) seqs.push_back(event.seq);
  return seqs;
}

TEST(EventStream, AsOfAMomentItEndsThere) {
  TestApi api;
  api.create_cluster("search");
  const auto at = api.front.log.last_seq();
  api.add_noise(30);
  const std::string then = std::to_string(at);
  std::vector<std::uint64_t> all;
  for (std::uint64_t seq = 1; seq <= at; ++seq) all.push_back(seq);
  StreamClient whole(api, api.admin_token, "?at=" + then);
  EXPECT_EQ(whole.head.status, 200U);
  EXPECT_EQ(whole.head.headers.at("esaas-seq"), then);
  EXPECT_EQ(seqs_until_the_end(whole), all) << "without from it begins with the first event";
  StreamClient part(api, api.admin_token, "?from=" + then + "&at=" + then);
  EXPECT_EQ(seqs_until_the_end(part), std::vector<std::uint64_t>{at});
  StreamClient beyond(api, api.admin_token, "?from=" + std::to_string(at + 2) + "&at=" + then);
  EXPECT_EQ(beyond.head.status, 400U) << "that had not happened";
  StreamClient resumed(api, api.admin_token, "?at=" + then, "Last-Event-ID: " + std::to_string(at - 1) + "\r\n");
  EXPECT_EQ(seqs_until_the_end(resumed), std::vector<std::uint64_t>{at});
}

TEST(EventStream, AsOfAMomentTheLastIdIsToldInAnyCaseAndWhoComesBackWithItHasSeenAll) {
  TestApi api;
  api.create_cluster("search");
  const std::string then = std::to_string(api.front.log.last_seq());
  api.add_noise(3);
  StreamClient stream(api, api.admin_token, "?cluster=nothing&at=" + then);
  EXPECT_TRUE(seqs_until_the_end(stream).empty());
  EXPECT_EQ(stream.last_id(), then);
  StreamClient again(api, api.admin_token, "?cluster=nothing&at=" + then, "Last-Event-ID: " + then + "\r\n");
  EXPECT_EQ(again.head.status, 204U);
}

TEST(EventStream, AsOfAMomentTheSnapshotIsTheFleetAsItWas) {
  TestApi api;
  api.create_cluster("search");
  const auto at = api.front.log.last_seq();
  api.create_cluster("later");
  StreamClient stream(api, api.admin_token, "?snapshot=true&at=" + std::to_string(at));
  const auto snapshot = read_snapshot(stream);
  ASSERT_EQ(snapshot.objects.at("cluster").size(), 1U);
  EXPECT_EQ(snapshot.objects.at("cluster")[0].at("name").as_string(), "search");
  EXPECT_EQ(snapshot.seq, at);
  EXPECT_TRUE(seqs_until_the_end(stream).empty());
}

TEST(EventStream, AsOfAMomentItEndsWithItsTokenAllTheSame) {
  TestApi api;
  const auto token = api.make_token(model::TOKEN_ROLE_VIEWER, "");
  const auto id = api.last_token_id;
  api.add_noise(40'000);
  const auto at = api.front.log.last_seq();
  StreamClient stream(api, token, "?at=" + std::to_string(at));
  EXPECT_EQ(stream.next().seq, 1U);
  api.front.must(command::RevokeToken{id});
  const auto seqs = seqs_until_the_end(stream);  // what was under way to it
  ASSERT_FALSE(seqs.empty());
  EXPECT_LT(seqs.back(), at);
}

TEST(EventStream, ATenantSeesOnlyItsOwnAlsoAsOfAMoment) {
  TestApi api;
  const auto token = api.make_token(model::TOKEN_ROLE_VIEWER, "other");
  api.create_cluster("mine");
  api.create_cluster("theirs", "other");
  StreamClient stream(api, token, "?at=" + std::to_string(api.front.log.last_seq()));
  std::size_t count = 0;
  for (auto event = stream.next(); event.seq != 0; event = stream.next(), ++count) {
    EXPECT_EQ(event.data.at("tenant").as_string(), "other");
  }
  EXPECT_GT(count, 2U);
}

TEST(EventStream, WhatItHasInMemoryIsOnePieceHoweverFarBehindItsReaderIs) {
  TestApi api;
  for (int i = 0; i < 2'000; ++i) {
    event::Event event;
    event.mutable_unknown_task_observed()->set_task_id(std::string(1'000, 'x'));
    event.set_tenant(i % 20 == 0 ? "shop" : "other");
    api.front.append(std::move(event));
  }
  const std::string at = "&at=" + std::to_string(api.front.log.last_seq());
  for (const std::string filter : {"", "&tenant=shop", "&tenant=other"}) {
    StreamClient stream(api, api.admin_token, "?from=1" + filter + at);
    EXPECT_GT(seqs_until_the_end(stream).size(), 99U);
    EXPECT_GT(stream.largest_chunk(), EventStream::kPieceBytes) << filter << ": it ends behind the event that fills it";
    EXPECT_LT(stream.largest_chunk(), EventStream::kPieceBytes + 4'096) << filter;
  }
}

/// Wherever it starts, whether the index is read for it or the log, and while more is written.
TEST(EventStream, AFilteredStreamIsTheFilterOfTheWholeStream) {
  TestApi api;
  std::mt19937 random(7);
  const auto below = [&random](std::uint64_t bound) { return random() % bound; };
  const std::vector<std::string> tenants{"", "shop", "other", "third"};
  std::string tenant;
  std::string cluster;
  const auto grow = [&](int count) {
    for (int i = 0; i < count; ++i) {
      if (below(9) == 0) {  // in runs, and of one tenant seldom
        tenant = below(60) == 0 ? "third" : tenants[below(3)];
        cluster = tenant.empty() || below(3) == 0 ? "" : "search-" + std::to_string(below(5));
      }
      event::Event event;
      event.mutable_unknown_task_observed()->set_task_id("unknown");
      event.set_tenant(tenant);
      event.set_cluster(cluster);
      api.front.append(std::move(event));
    }
  };
  grow(6'000);
  const auto third = api.make_token(model::TOKEN_ROLE_VIEWER, "third");
  for (int round = 0; round < 24; ++round) {
    const std::string wanted_tenant = round % 4 == 3 ? "third" : tenants[below(4)];
    const std::string wanted_cluster = below(2) == 0 ? "" : "search-" + std::to_string(below(5));
    const std::uint64_t from = 1 + below(round % 3 == 0 ? 10 : api.front.log.last_seq());
    std::string query = "?from=" + std::to_string(from) + (wanted_cluster.empty() ? "" : "&cluster=" + wanted_cluster);
    const bool is_bound = round % 4 == 3;  // by its token, and not by what it asks for
    if (!is_bound && !wanted_tenant.empty()) query += "&tenant=" + wanted_tenant;
    StreamClient stream(api, is_bound ? third : api.admin_token, query);
    // So that there is an end to read to.
    const std::string mark = "the end of round " + std::to_string(round);
    std::jthread writer([&] {
      grow(300);
      event::Event event;
      event.mutable_unknown_task_observed()->set_task_id(mark);
      event.set_tenant(wanted_tenant);
      event.set_cluster(wanted_cluster);
      api.front.append(std::move(event));
    });
    std::vector<std::uint64_t> got;
    for (bool is_end = false; !is_end;) {
      const auto event = stream.next();
      ASSERT_NE(event.seq, 0U) << query;
      got.push_back(event.seq);
      const auto* observed = event.data.if_contains("unknown_task_observed");
      is_end = observed != nullptr && observed->at("task_id").as_string() == mark;
    }
    writer.join();
    std::vector<std::uint64_t> wanted;
    const auto cursor = api.front.log.read(from);
    while (const event::Event* event = *(*cursor)->next()) {
      if (!wanted_tenant.empty() && event->tenant() != wanted_tenant) continue;
      if (!wanted_cluster.empty() && event->cluster() != wanted_cluster) continue;
      wanted.push_back(event->seq());
    }
    ASSERT_EQ(got, wanted) << query;
  }
}

}  // namespace
}  // namespace esaas::api
