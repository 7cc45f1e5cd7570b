#include "api/http/request_reader.h"

#include <gtest/gtest.h>

namespace esaas::api::http {
namespace {

using State = RequestReader::State;

constexpr std::string_view kPost =
    "POST /v1/clusters?dry_run=true HTTP/1.1\r\nHost: x\r\nauthorization: Bearer t\r\nIdempotency-Key: k\r\n"
    "Content-Type: application/json\r\nX-Reason: because\r\nIf-Match: \"7\"\r\nContent-Length: 4\r\n\r\n{ }\n";

/// Feeds as a session does: what is not used is offered again with more, and a body gets its limit once it begins.
State feed_all(RequestReader& reader, std::string_view bytes, std::size_t step, std::uint64_t body_bytes_max = 1024) {
  std::size_t begin = 0;
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    std::size_t used = 0;
    do {
      const auto before = reader.state();
      used = reader.feed(bytes.substr(begin, end - begin));
      begin += used;
      if (before == State::kHeaders && reader.state() == State::kBody) reader.limit_body(body_bytes_max);
    } while (used > 0 && begin < end && reader.state() != State::kDone);
    if (end == bytes.size() || reader.state() == State::kDone || reader.state() == State::kRefused) break;
  }
  return reader.state();
}

TEST(RequestReader, ReadsARequestSplitAnywhere) {
  for (std::size_t step = 1; step <= kPost.size(); ++step) {
    RequestReader reader(16384);
    ASSERT_EQ(feed_all(reader, kPost, step), State::kDone) << step << ": " << reader.refusal().detail;
    Request request;
    reader.take(request);
    EXPECT_EQ(request.verb, Verb::kPost);
    EXPECT_EQ(request.target, "/v1/clusters?dry_run=true");
    EXPECT_EQ(request.authorization, "Bearer t");
    EXPECT_EQ(request.idempotency_key, "k");
    EXPECT_TRUE(request.has_idempotency_key);
    EXPECT_EQ(request.reason, "because");
    EXPECT_EQ(request.if_match, "\"7\"");
    EXPECT_EQ(request.body, "{ }\n");
    EXPECT_TRUE(request.keep_alive);
  }
}

TEST(RequestReader, LeavesTheNextRequestAlone) {
  const std::string two = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
  RequestReader reader(16384);
  const auto used = reader.feed(two);
  EXPECT_EQ(reader.state(), State::kDone);
  EXPECT_EQ(used, two.size() / 2);
}

TEST(RequestReader, ForgetsTheHeadersOfTheRequestBefore) {
  Request request;
  RequestReader first(16384);
  feed_all(first, kPost, kPost.size());
  first.take(request);
  RequestReader second(16384);
  second.feed("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  second.take(request);
  EXPECT_EQ(request.authorization, "");
  EXPECT_EQ(request.idempotency_key, "");
  EXPECT_FALSE(request.has_idempotency_key);
  EXPECT_EQ(request.body, "");
}

TEST(RequestReader, NamesAHeaderThatComesTwice) {
  RequestReader reader(16384);
  reader.feed("GET /a HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAUTHORIZATION: b\r\n\r\n");
  Request request;
  reader.take(request);
  EXPECT_EQ(request.repeated_header, "Authorization");
}

struct Case {
  const char* name;
  std::string bytes;
  unsigned status;
  std::string rule;
};

class RefusedRequest : public testing::TestWithParam<Case> {};
TEST_P(RefusedRequest, SaysWhy) {
  RequestReader reader(256);
  EXPECT_EQ(feed_all(reader, GetParam().bytes, GetParam().bytes.size(), 16), State::kRefused);
  EXPECT_EQ(reader.refusal().status, GetParam().status);
  EXPECT_EQ(reader.refusal().rule, GetParam().rule);
  EXPECT_FALSE(reader.refusal().detail.empty());
}
INSTANTIATE_TEST_SUITE_P(
    RequestReader, RefusedRequest,
    testing::Values(
        Case{"NotHttp", "hello there, this is not a request\r\n\r\n", 400, "http_syntax"},
        Case{"BadVersion", "GET / HTTP/9.9\r\n\r\n", 400, "http_syntax"},
        Case{"BadLength", "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400, "http_syntax"},
        Case{"TwoLengths", "POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab", 400, "http_syntax"},
        Case{"LengthAndChunks", "POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             400, "http_syntax"},
        Case{"LongHeaders", "GET / HTTP/1.1\r\nX: " + std::string(400, 'x') + "\r\n\r\n", 431, "header_bytes_max"},
        Case{"LongBody", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n", 413, "body_bytes_max"},
        Case{"AbsurdLength", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999\r\n\r\n", 413,
             "body_bytes_max"},
        Case{"LongChunks",
             "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n01234567890123456\r\n0\r\n\r\n",
             413, "body_bytes_max"},
        Case{"NoHost", "GET / HTTP/1.1\r\n\r\n", 400, "one_host"},
        Case{"TwoHosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, "one_host"},
        Case{"TwoHostsInOldHttp", "GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", 400, "one_host"},
        Case{"Gzip", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "transfer_coding"},
        Case{"GzipInChunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
             "transfer_coding"},
        Case{"NearlyChunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501,
             "transfer_coding"},
        Case{"NoCoding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \r\n\r\n", 501, "transfer_coding"},
        Case{"ChunksInOldHttp", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
             "transfer_coding"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(RequestReader, BringsAnAbsoluteTargetIntoOriginForm) {
  const auto target_of = [](const std::string& target) {
    RequestReader reader(1024);
    EXPECT_EQ(reader.feed("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"), target.size() + 26);
    EXPECT_EQ(reader.state(), State::kDone) << reader.refusal().detail;
    Request request;
    reader.take(request);
    return request.target;
  };
  EXPECT_EQ(target_of("http://host:80/v1/a?b=c"), "/v1/a?b=c");
  EXPECT_EQ(target_of("HttpS://user@[::1]/"), "/");
  EXPECT_EQ(target_of("http://host"), "/");
  EXPECT_EQ(target_of("http://host?a=/b"), "/?a=/b");
  // Not ours to change: the target is refused where it is taken apart.
  EXPECT_EQ(target_of("ftp://host/a"), "ftp://host/a");
  EXPECT_EQ(target_of("http:///a"), "http:///a");
  EXPECT_EQ(target_of("/a?b=http://host/c"), "/a?b=http://host/c");
}

TEST(RequestReader, KnowsWhoKnowsChunks) {
  for (const bool old : {true, false}) {
    RequestReader reader(1024);
    reader.feed(old ? "GET / HTTP/1.0\r\n\r\n" : "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(reader.state(), State::kDone);
    Request request;
    reader.take(request);
    EXPECT_EQ(request.knows_chunks, !old);
  }
}

TEST(RequestReader, NamesTheLimitOfTheRoute) {
  RequestReader reader(1024);
  reader.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n");
  ASSERT_EQ(reader.state(), State::kBody);
  reader.limit_body(10);
  EXPECT_EQ(reader.state(), State::kRefused);
  EXPECT_EQ(reader.refusal().status, 413U);
  EXPECT_EQ(reader.refusal().detail, "the body is longer than 10 bytes");
}

TEST(RequestReader, SeesThatTheClientWaitsToGoOn) {
  RequestReader reader(1024);
  reader.feed("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  ASSERT_EQ(reader.state(), State::kBody);
  EXPECT_TRUE(reader.expects_continue());
}

}  // namespace
}  // namespace esaas::api::http
