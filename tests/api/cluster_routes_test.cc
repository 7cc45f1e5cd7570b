#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

TEST(ClusterRoutes, CreateIsAcceptedAndSaysWhereToLook) {
  TestApi api;
  auto client = api.connect();
  const auto answer = client->request("POST", "/v1/clusters", create_body("search"), {{"X-Reason", "launch"}});
  ASSERT_EQ(answer.status, 202U) << answer.body;
  const auto accepted = answer.json();
  const std::string id(accepted.at("operation_id").as_string());
  EXPECT_EQ(answer.headers.at("location"), "/v1/operations/" + id);
  EXPECT_EQ(accepted.at("cluster").as_string(), "search");
  EXPECT_EQ(answer.headers.at("etag"), "\"" + std::to_string(accepted.at("revision").as_int64()) + "\"");

  const auto cluster = client->request("GET", "/v1/clusters/search");
  EXPECT_EQ(cluster.status, 200U);
  EXPECT_EQ(cluster.headers.at("etag"), answer.headers.at("etag"));
  EXPECT_EQ(cluster.json().at("spec").at("node_groups").at(0).at("count").as_int64(), 3);
  EXPECT_FALSE(cluster.json().contains("next_ordinals"));

  const auto operation = client->request("GET", "/v1/operations/" + id);
  EXPECT_EQ(operation.status, 200U);
  EXPECT_EQ(operation.json().at("status").as_string(), "running");
  EXPECT_TRUE(operation.json().at("holds").is_array());
}

TEST(ClusterRoutes, ListFiltersAndPages) {
  TestApi api;
  for (const char* name : {"alpha", "beta", "gamma"}) api.create_cluster(name);
  api.create_cluster("delta", "other");
  auto client = api.connect();
  const auto first = client->request("GET", "/v1/clusters?tenant=shop&limit=2").json();
  ASSERT_EQ(first.at("items").as_array().size(), 2U);
  EXPECT_EQ(first.at("items").at(0).at("name").as_string(), "alpha");
  EXPECT_EQ(first.at("next_cursor").as_string(), "beta");
  const auto second = client->request("GET", "/v1/clusters?tenant=shop&limit=2&cursor=beta").json();
  ASSERT_EQ(second.at("items").as_array().size(), 1U);
  EXPECT_EQ(second.at("items").at(0).at("name").as_string(), "gamma");
  EXPECT_FALSE(second.contains("next_cursor"));
  EXPECT_EQ(client->request("GET", "/v1/clusters?text=elt").json().at("items").as_array().size(), 1U);
  EXPECT_EQ(client->request("GET", "/v1/clusters?phase=suspended").json().at("items").as_array().size(), 0U);
  EXPECT_EQ(client->request("GET", "/v1/clusters?health=unknown").json().at("items").as_array().size(), 4U);
}

TEST(ClusterRoutes, LabelsAreSetAndFound) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const auto answer =
      client->request("PATCH", "/v1/clusters/search/labels", R"({"labels":[{"key":"team","value":"web"}]})");
  ASSERT_EQ(answer.status, 202U) << answer.body;
  EXPECT_EQ(client->request("GET", "/v1/clusters?label=team:web").json().at("items").as_array().size(), 1U);
  EXPECT_EQ(client->request("GET", "/v1/clusters?label=team").json().at("items").as_array().size(), 1U);
  EXPECT_EQ(client->request("GET", "/v1/clusters?label=team:db").json().at("items").as_array().size(), 0U);
}

TEST(ClusterRoutes, DeleteTakesTheNameFromBodyOrQuery) {
  TestApi api;
  api.create_cluster("first");
  api.create_cluster("second");
  auto client = api.connect();
  const auto without = client->request("DELETE", "/v1/clusters/first");
  EXPECT_EQ(without.status, 400U);
  EXPECT_EQ(without.problem_field(), "confirm");
  EXPECT_EQ(client->request("DELETE", "/v1/clusters/first?confirm=second").status, 400U);
  EXPECT_EQ(client->request("DELETE", "/v1/clusters/first?confirm=first").status, 202U);
  EXPECT_EQ(client->request("DELETE", "/v1/clusters/second", R"({"confirm":"second"})").status, 202U);
}

TEST(ClusterRoutes, EveryChangeHasItsPath) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const std::string base = "/v1/clusters/search/";
  EXPECT_EQ(client->request("POST", base + "scale", R"({"group":"data","count":5,"reason":"more"})").status, 202U);
  EXPECT_EQ(client->request("POST", base + "resize", R"({"group":"data","resources":{"mem_mib":1024}})").status, 202U);
  EXPECT_EQ(client->request("POST", base + "suspend").status, 202U);
  EXPECT_EQ(client->request("POST", base + "resume", "{}").status, 202U);
  api.add_nodes("search", 3);
  EXPECT_EQ(client->request("GET", base + "nodes").json().at("items").as_array().size(), 3U);
  EXPECT_EQ(client->request("GET", base + "holds").status, 200U);
  const auto nodes = client->request("GET", "/v1/nodes?cluster=search&limit=2").json();
  EXPECT_EQ(nodes.at("items").as_array().size(), 2U);
  EXPECT_EQ(boost::json::serialize(nodes.at("items").as_array()[0].at("roles")), R"(["master","data"])");
  ASSERT_TRUE(nodes.contains("next_cursor"));
  const auto cursor = http::percent_encode(std::string(nodes.at("next_cursor").as_string()));
  EXPECT_EQ(client->request("GET", "/v1/nodes?cluster=search&cursor=" + cursor).json().at("items").as_array().size(),
            1U);
}

TEST(ClusterRoutes, IfMatchGuardsAgainstALostUpdate) {
  TestApi api;
  const auto created = api.create_cluster("search");
  auto client = api.connect();
  const std::string body = R"({"labels":[{"key":"a","value":"b"}]})";
  const auto stale = client->request("PATCH", "/v1/clusters/search/labels", body, {{"If-Match", "\"1\""}});
  EXPECT_EQ(stale.status, 412U);
  EXPECT_EQ(stale.problem_rule(), "revision_matches");
  const auto etag = "\"" + std::to_string(created.revision) + "\"";
  EXPECT_EQ(client->request("PATCH", "/v1/clusters/search/labels", body, {{"If-Match", etag}}).status, 202U);
  EXPECT_EQ(client->request("PATCH", "/v1/clusters/search/labels", body, {{"If-Match", "*"}}).status, 202U);
  EXPECT_EQ(client->request("PATCH", "/v1/clusters/search/labels", body, {{"If-Match", "12"}}).status, 400U);
}

TEST(ClusterRoutes, DryRunChangesNothing) {
  TestApi api;
  auto client = api.connect();
  const auto seq = api.front.log.last_seq();
  const auto answer = client->request("POST", "/v1/clusters?dry_run=true", create_body("search"));
  EXPECT_EQ(answer.status, 200U);
  const auto preview = answer.json();
  EXPECT_TRUE(preview.at("dry_run").as_bool());
  EXPECT_EQ(preview.at("events").at(0).at("kind").as_string(), "operation_requested");
  EXPECT_EQ(api.front.log.last_seq(), seq);
  EXPECT_EQ(client->request("GET", "/v1/clusters/search").status, 404U);
}

TEST(ClusterRoutes, SameKeyGivesTheSameAnswerAndAnotherBodyAConflict) {
  TestApi api;
  auto client = api.connect();
  const TestClient::Headers key{{"Idempotency-Key", "order-17"}};
  const auto first = client->request("POST", "/v1/clusters", create_body("search"), key);
  ASSERT_EQ(first.status, 202U);
  const auto seq = api.front.log.last_seq();
  const auto again = client->request("POST", "/v1/clusters", create_body("search"), key);
  EXPECT_EQ(again.status, 202U);
  EXPECT_EQ(again.json().at("operation_id"), first.json().at("operation_id"));
  EXPECT_EQ(again.headers.at("idempotency-replayed"), "true");
  EXPECT_EQ(api.front.log.last_seq(), seq);
  const auto other = client->request("POST", "/v1/clusters", create_body("other-name"), key);
  EXPECT_EQ(other.status, 409U);
  EXPECT_EQ(other.problem_rule(), "same_key_same_request");
}

}  // namespace
}  // namespace esaas::api
