// The client against nodes that answer, refuse, lie, cut, or say nothing.

#include "reconcilers/effects/elasticsearch/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "tests/reconcilers/elasticsearch/fake_node.h"

namespace esaas::es {
namespace {

using reconcile::Observation;
using test::FakeNode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

std::string recorded(const std::string& name) {
  std::ifstream file(std::string(ESAAS_SOURCE_DIR) + "/tests/reconcilers/elasticsearch/data/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string answer_like_2_3_3(const std::string& request, const std::string&) {
  if (request == "GET /") return FakeNode::http(200, recorded("root.json"));
  if (request.starts_with("GET /_cluster/health")) return FakeNode::http(200, recorded("relocating_health.json"));
  if (request.starts_with("GET /_cluster/state")) return FakeNode::http(200, recorded("relocating_state.json"));
  if (request.starts_with("GET /_cluster/settings")) return FakeNode::http(200, recorded("relocating_settings.json"));
  if (request.starts_with("PUT /_cluster/settings")) {
    return FakeNode::http(200, R"({"acknowledged":true,"persistent":{},"transient":{}})");
  }
  return FakeNode::http(404, "{}");
}

class ElasticsearchClient : public testing::Test {
 protected:
  Observation observe(std::vector<Endpoint> endpoints, Duration timeout = std::chrono::seconds{2},
                      const reconcile::Questions& questions = {}) {
    std::optional<Observation> answer;
    Client(context, [this] {
      return now;
    }).observe({"search", std::move(endpoints)}, questions, timeout, [&](Observation seen) {
      answer = std::move(seen);
      context.stop();
    });
    context.restart();
    context.run_for(std::chrono::seconds{10});
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(Observation{});
  }

  Result<void> put(std::vector<Endpoint> endpoints, Duration timeout = std::chrono::seconds{2}) {
    std::optional<Result<void>> answer;
    Client(context, [this] { return now; })
        .put_setting({"search", std::move(endpoints)}, {"PUT", "/_cluster/settings", R"({"transient":{}})"}, timeout,
                     [&](Result<void> outcome) {
                       answer = std::move(outcome);
                       context.stop();
                     });
    context.restart();
    context.run_for(std::chrono::seconds{10});
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(Result<void>{});
  }

  Result<RequestAnswer> ask(std::vector<Endpoint> endpoints, const std::string& cluster = "search") {
    std::optional<Result<RequestAnswer>> answer;
    Client(context, [this] { return now; })
        .request({cluster, std::move(endpoints)}, {"PUT", "/logs/_settings", "{}"}, std::chrono::seconds{2},
                 [&](Result<RequestAnswer> outcome) {
                   answer = std::move(outcome);
                   context.stop();
                 });
    context.restart();
    context.run_for(std::chrono::seconds{10});
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(RequestAnswer{});
  }

  /// A port of loopback where nobody listens.
  Endpoint nobody() {
    boost::asio::ip::tcp::acceptor free(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
    return {"127.0.0.1", free.local_endpoint().port()};
  }

  boost::asio::io_context context;
  Time now = from_us(1'000'000);
};

TEST_F(ElasticsearchClient, ObservesEverythingFromTheFirstNodeThatAnswers) {
  FakeNode node(context, answer_like_2_3_3);
  const Observation seen = observe({nobody(), node.endpoint()});
  EXPECT_EQ(seen.health.status(), model::HEALTH_STATUS_GREEN);
  EXPECT_EQ(seen.health.relocating_shards(), 2U);
  EXPECT_THAT(seen.nodes, SizeIs(3));
  EXPECT_THAT(*seen.excluded_nodes, ElementsAre("data-0"));
  EXPECT_EQ(seen.observed_at, now);
  EXPECT_THAT(node.requests(), SizeIs(3));
}

TEST_F(ElasticsearchClient, NobodyToAskIsUnknown) {
  EXPECT_EQ(observe({}).health.status(), model::HEALTH_STATUS_UNKNOWN);
  EXPECT_EQ(observe({nobody(), nobody()}).health.status(), model::HEALTH_STATUS_UNKNOWN);
}

TEST_F(ElasticsearchClient, ASilentNodeLeavesTimeForTheNext) {
  FakeNode silent(context, [](const std::string&, const std::string&) { return std::string(); });
  FakeNode node(context, answer_like_2_3_3);
  const Observation seen = observe({silent.endpoint(), node.endpoint()}, std::chrono::milliseconds{600});
  EXPECT_EQ(seen.health.status(), model::HEALTH_STATUS_GREEN);
}

TEST_F(ElasticsearchClient, SilenceEndsAtTheDeadline) {
  FakeNode silent(context, [](const std::string&, const std::string&) { return std::string(); });
  EXPECT_EQ(observe({silent.endpoint()}, std::chrono::milliseconds{100}).health.status(), model::HEALTH_STATUS_UNKNOWN);
}

TEST_F(ElasticsearchClient, HalfOfTheAnswersIsUnknown) {
  FakeNode node(context, [](const std::string& request, const std::string& body) {
    if (request.starts_with("GET /_cluster/state")) return FakeNode::http(503, recorded("no_master_state.json"));
    return answer_like_2_3_3(request, body);
  });
  const Observation seen = observe({node.endpoint()});
  EXPECT_EQ(seen.health.status(), model::HEALTH_STATUS_UNKNOWN);
  EXPECT_THAT(seen.nodes, SizeIs(0));
}

TEST_F(ElasticsearchClient, AnotherClusterOnThePortIsNoAnswer) {
  FakeNode node(context, answer_like_2_3_3);
  std::optional<Observation> answer;
  Client(context, [this] {
    return now;
  }).observe({"other", {node.endpoint()}}, {}, std::chrono::seconds{2}, [&](Observation seen) {
    answer = std::move(seen);
    context.stop();
  });
  context.run_for(std::chrono::seconds{10});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->health.status(), model::HEALTH_STATUS_UNKNOWN);
}

TEST_F(ElasticsearchClient, GarbageAndEndlessBodiesAreUnknown) {
  FakeNode garbage(context, [](const std::string&, const std::string&) { return std::string("SSH-2.0-x\r\n\r\n"); });
  FakeNode endless(context, [](const std::string&, const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{");
  });
  EXPECT_EQ(observe({garbage.endpoint(), endless.endpoint()}).health.status(), model::HEALTH_STATUS_UNKNOWN);
}

TEST_F(ElasticsearchClient, PutsSettingsOnTheRightCluster) {
  FakeNode node(context, answer_like_2_3_3);
  EXPECT_TRUE(put({nobody(), node.endpoint()}).has_value());
  EXPECT_THAT(node.requests(), ElementsAre("GET /", StartsWith("PUT /_cluster/settings")));
}

TEST_F(ElasticsearchClient, ARefusedSettingIsNotTriedElsewhere) {
  const auto refuse = [](const std::string& request, const std::string& body) {
    if (!request.starts_with("PUT")) return answer_like_2_3_3(request, body);
    return FakeNode::http(400, R"({"error":{"type":"illegal_argument_exception","reason":"no"},"status":400})");
  };
  FakeNode node(context, refuse);
  FakeNode other(context, answer_like_2_3_3);
  const auto outcome = put({node.endpoint(), other.endpoint()});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(outcome.error().detail, HasSubstr("illegal_argument_exception: no"));
  EXPECT_THAT(other.requests(), SizeIs(0));
}

TEST_F(ElasticsearchClient, APutThatNobodyTakesIsUnavailable) {
  EXPECT_EQ(put({nobody()}).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(put({}).error().code, ErrorCode::kUnavailable);
  FakeNode silent(context, [](const std::string&, const std::string&) { return std::string(); });
  EXPECT_EQ(put({silent.endpoint()}, std::chrono::milliseconds{100}).error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(ElasticsearchClient, AnswersARequestWithWhateverStatusItGot) {
  FakeNode node(context, [](const std::string& request, const std::string& body) {
    if (request == "GET /") return FakeNode::http(200, recorded("root.json"));
    EXPECT_EQ(body, "{}");
    return FakeNode::http(404, "no");
  });
  FakeNode other(context, answer_like_2_3_3);
  const auto answer = ask({node.endpoint(), other.endpoint()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(answer->body, "no");
  EXPECT_THAT(node.requests(), ElementsAre("GET /", "PUT /logs/_settings"));
  EXPECT_THAT(other.requests(), SizeIs(0));
}

TEST_F(ElasticsearchClient, ARequestThatABusyNodeDoesNotTakeGoesToTheNext) {
  FakeNode busy(context, [](const std::string& request, const std::string&) {
    return FakeNode::http(request == "GET /" ? 200 : 503, recorded("root.json"));
  });
  FakeNode other(context, answer_like_2_3_3);
  const auto answer = ask({busy.endpoint(), other.endpoint()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404U);
  EXPECT_EQ(ask({busy.endpoint(), nobody()})->status, 503U) << "an answer says more than nobody's silence";
}

TEST_F(ElasticsearchClient, ARequestIsSentToTheRightClusterOnly) {
  FakeNode node(context, answer_like_2_3_3);
  const auto answer = ask({node.endpoint()}, "other");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(node.requests(), ElementsAre("GET /"));
}

TEST_F(ElasticsearchClient, AsksBesidesOnlyWhatItIsAskedFor) {
  FakeNode node(context, [](const std::string& request, const std::string& body) {
    if (request.starts_with("GET /_snapshot/backup/s1")) {
      return FakeNode::http(404, R"({"error":{"type":"snapshot_missing_exception","reason":"[backup:s1] is missing"},)"
                                 R"("status":404})");
    }
    return answer_like_2_3_3(request, body);
  });
  const Observation seen = observe({node.endpoint()}, std::chrono::seconds{2},
                                   {.nodes = true, .explain = false, .snapshots = {{"backup", "s1"}, {"other", "s2"}}});
  EXPECT_EQ(seen.health.status(), model::HEALTH_STATUS_GREEN) << "what is asked besides may stay unanswered";
  EXPECT_FALSE(seen.asked.nodes);
  ASSERT_THAT(seen.snapshots, SizeIs(1));
  EXPECT_EQ(seen.snapshots[0].state, "MISSING");
  EXPECT_THAT(seen.snapshots[0].reason, HasSubstr("[backup:s1] is missing"));
  EXPECT_THAT(seen.asked.snapshots, ElementsAre(testing::Pair("backup", "s1")));
}

}  // namespace
}  // namespace esaas::es
