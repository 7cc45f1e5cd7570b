#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

TEST(OperationRoutes, AnyOperationInOneBody) {
  TestApi api;
  auto client = api.connect();
  const auto created = client->request("POST", "/v1/operations",
                                       R"({"request":{"create":)" + create_body("search") + R"(},"reason":"x"})");
  ASSERT_EQ(created.status, 202U) << created.body;
  EXPECT_EQ(created.json().at("cluster").as_string(), "search");
  const auto scaled = client->request("POST", "/v1/operations",
                                      R"({"cluster":"search","request":{"scale":{"group":"data","count":5}}})");
  ASSERT_EQ(scaled.status, 202U) << scaled.body;
  const auto waiting =
      client->request("GET", "/v1/operations/" + std::string(scaled.json().at("operation_id").as_string())).json();
  EXPECT_EQ(waiting.at("status").as_string(), "queued");
  EXPECT_EQ(waiting.at("waits_for"), created.json().at("operation_id"));
}

TEST(OperationRoutes, CancelPauseContinue) {
  TestApi api;
  const auto created = api.create_cluster("search");
  auto client = api.connect();
  const auto path = "/v1/operations/" + created.operation_id;
  const auto paused = client->request("POST", path + "/pause");
  EXPECT_EQ(paused.status, 202U) << paused.body;
  EXPECT_EQ(paused.json().at("operation_id").as_string(), created.operation_id);
  EXPECT_EQ(client->request("POST", path + "/pause").status, 409U);
  EXPECT_TRUE(client->request("GET", path).json().at("paused").as_bool());
  EXPECT_EQ(client->request("POST", path + "/continue").status, 202U);
  EXPECT_EQ(client->request("POST", path + "/cancel").problem_rule(), "only_queued_operations_cancel");
  EXPECT_EQ(client->request("POST", "/v1/operations/op-99999/cancel").status, 404U);
}

TEST(OperationRoutes, FinishedOnesComeFromTheLog) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  ASSERT_EQ(api.front.operation(created.operation_id), nullptr);
  auto client = api.connect();
  const auto one = client->request("GET", "/v1/operations/" + created.operation_id);
  ASSERT_EQ(one.status, 200U) << one.body;
  EXPECT_EQ(one.json().at("status").as_string(), "succeeded");
  EXPECT_EQ(client->request("GET", "/v1/operations/op-99999").status, 404U);
  const auto list = client->request("GET", "/v1/operations?status=succeeded").json();
  ASSERT_EQ(list.at("items").as_array().size(), 1U);
  EXPECT_EQ(client->request("GET", "/v1/operations?status=open").json().at("items").as_array().size(), 0U);
  EXPECT_EQ(client->request("GET", "/v1/operations?status=failed").json().at("items").as_array().size(), 0U);
}

TEST(OperationRoutes, ListHasOpenOnesFirstAndPages) {
  TestApi api;
  for (const char* name : {"alpha", "beta", "gamma"}) {
    const auto created = api.create_cluster(name);
    if (std::string(name) != "gamma") api.finish(name, created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  }
  auto client = api.connect();
  const auto first = client->request("GET", "/v1/operations?limit=1").json();
  ASSERT_EQ(first.at("items").as_array().size(), 2U);
  EXPECT_EQ(first.at("items").at(0).at("cluster").as_string(), "gamma");
  EXPECT_EQ(first.at("items").at(1).at("cluster").as_string(), "beta");
  const std::string cursor(first.at("next_cursor").as_string());
  const auto second = client->request("GET", "/v1/operations?limit=1&cursor=" + cursor).json();
  ASSERT_EQ(second.at("items").as_array().size(), 1U);
  EXPECT_EQ(second.at("items").at(0).at("cluster").as_string(), "alpha");
}

TEST(BatchRoute, OneAnswerPerItemInOrder) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const auto answer = client->request("POST", "/v1/operations/batch", R"({"operations":[
      {"cluster":"search","request":{"label":{"labels":[{"key":"a","value":"1"}]}}},
      {"cluster":"nowhere","request":{"suspend":{}}},
      {"cluster":"search","request":{"scale":{"group":"data","count":"many"}}},
      {"cluster":"search","if_match":1,"request":{"suspend":{}}},
      17,
      {"cluster":"search","request":{"label":{"labels":[{"key":"b","value":"2"}]}},"reason":"why"}]})");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto body = answer.json();
  const auto& results = body.at("results").as_array();
  ASSERT_EQ(results.size(), 6U);
  const std::vector<std::int64_t> expected{202, 404, 400, 412, 400, 202};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(results[i].at("status").as_int64(), expected[i]) << i;
  EXPECT_TRUE(results[0].at("accepted").as_object().contains("operation_id"));
  EXPECT_EQ(results[2].at("problem").at("field").as_string(), "operations[2].request.scale.count");
  EXPECT_EQ(results[4].at("problem").at("field").as_string(), "operations[4]");
  EXPECT_EQ(api.front.cluster("search")->labels_size(), 2);
}

TEST(BatchRoute, KeysArePerItem) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const std::string item =
      R"({"cluster":"search","idempotency_key":"k1","request":{"label":{"labels":[{"key":"a","value":"1"}]}}})";
  const std::string other =
      R"({"cluster":"search","idempotency_key":"k1","request":{"label":{"labels":[{"key":"a","value":"2"}]}}})";
  ASSERT_EQ(client->request("POST", "/v1/operations/batch", R"({"operations":[)" + item + "]}").status, 200U);
  const auto body =
      client->request("POST", "/v1/operations/batch", R"({"operations":[)" + item + "," + other + "]}").json();
  EXPECT_TRUE(body.at("results").at(0).at("accepted").at("replayed").as_bool());
  EXPECT_EQ(body.at("results").at(1).at("status").as_int64(), 409);
  const auto header =
      client->request("POST", "/v1/operations/batch", R"({"operations":[)" + item + "]}", {{"Idempotency-Key", "x"}});
  EXPECT_EQ(header.status, 400U);
  EXPECT_EQ(header.problem_rule(), "idempotency_key_per_item");
}

TEST(BatchRoute, RefusesTheHeadersOfOneOperation) {
  TestApi api;
  api.create_cluster("search");
  const auto seq = api.front.log.last_seq();
  auto client = api.connect();
  const std::string batch = R"({"operations":[{"cluster":"search","request":{"suspend":{}}}]})";
  const TestClient::Headers headers{{"Idempotency-Key", "x"}, {"If-Match", "\"1\""}, {"X-Reason", "why"}};
  for (const auto& header : headers) {
    const auto answer = client->request("POST", "/v1/operations/batch", batch, {header});
    EXPECT_EQ(answer.status, 400U) << header.first << answer.body;
    EXPECT_EQ(answer.problem_field(), header.first);
  }
  EXPECT_EQ(api.front.log.last_seq(), seq);
}

TEST(BatchRoute, AnErrorNamesThePathInTheBody) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const auto answer = client->request("POST", "/v1/operations/batch", R"({"operations":[
      {"cluster":"search","idempotency_key":"k","request":{"label":{"labels":[{"key":"a","value":"1"}]}}},
      {"cluster":"search","idempotency_key":"k","request":{"label":{"labels":[{"key":"a","value":"2"}]}}},
      {"cluster":"search","idempotency_key":"","request":{"suspend":{}}},
      {"cluster":"search","if_match":1,"request":{"suspend":{}}},
      {"cluster":"search","request":{"label":{"labels":[]}}},
      {"cluster":"search","request":{"delete":{"confirm":"other"}}},
      {"cluster":"search","request":{"suspend":{}},"color":"red"}]})");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto body = answer.json();
  const auto& results = body.at("results").as_array();
  EXPECT_EQ(results[0].at("status").as_int64(), 202);
  const std::vector<std::string> fields{"idempotency_key",      "idempotency_key",        "if_match",
                                        "request.label.labels", "request.delete.confirm", "color"};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(results[i + 1].at("problem").at("field").as_string(),
              "operations[" + std::to_string(i + 1) + "]." + fields[i]);
  }
  EXPECT_NE(results[6].at("problem").at("detail").as_string().find(
                "known are cluster, request, reason, idempotency_key, if_match"),
            std::string::npos);
}

TEST(BatchRoute, HasTheLargeBodyLimitAndABoundOfItems) {
  http::Limits limits;
  limits.batch_operations_max = 3;
  TestApi api(limits);
  auto client = api.connect();
  const auto empty = client->request("POST", "/v1/operations/batch", R"({"operations":[]})");
  EXPECT_EQ(empty.problem_rule(), "batch_operations_max");
  EXPECT_EQ(client->request("POST", "/v1/operations/batch", R"({"operations":[1,2,3,4]})").problem_rule(),
            "batch_operations_max");
  const std::string large = R"({"operations":[")" + std::string(2'000'000, 'x') + R"("]})";
  EXPECT_EQ(client->request("POST", "/v1/operations/batch", large).status, 200U);
}

}  // namespace
}  // namespace esaas::api
