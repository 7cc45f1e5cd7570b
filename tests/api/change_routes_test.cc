// Each path that changes a cluster leads to its own kind of operation; dry runs tell what it comes to; rules are
// overridden; tenants get policies.
#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

struct Path {
  const char* method;
  const char* path;
  const char* body;
  const char* request;  ///< as the operation has it
};

const Path kPaths[] = {
    {"POST", "/restart", R"({"group":"data"})", R"({"restart":{"group":"data","full":false,"confirm":""}})"},
    {"POST", "/upgrade", R"({"version":"2.4.6","repository":"r"})",
     R"({"upgrade":{"version":"2.4.6","repository":"r","confirm":""}})"},
    {"POST", "/configure", R"({"group":"data","settings":[{"key":"a.b","value":"1"}]})",
     R"({"configure":{"group":"data","settings":[{"key":"a.b","value":"1","unset":false}]}})"},
    {"PUT", "/settings", R"({"transient":[{"key":"a.b","unset":true}]})",
     R"({"settings":{"persistent":[],"transient":[{"key":"a.b","value":"","unset":true}]}})"},
    {"PUT", "/replicas", R"({"replicas":2,"indices":["logs-*"]})",
     R"({"replicas":{"replicas":2,"indices":["logs-*"],"confirm":""}})"},
    {"POST", "/indices/open", R"({"indices":["a"]})", R"({"open_indices":{"indices":["a"]}})"},
    {"POST", "/indices/close", R"({"indices":["a"]})", R"({"close_indices":{"indices":["a"]}})"},
    {"POST", "/plugins", R"({"plugin":{"name":"icu"}})",
     R"({"install_plugin":{"plugin":{"name":"icu","uri":"","sha256":""}}})"},
    {"POST", "/repositories", R"({"repository":"r","location":"/srv/r"})",
     R"({"register_repository":{"repository":"r","location":"/srv/r"}})"},
    {"POST", "/snapshots", R"({"repository":"r","snapshot":"s"})",
     R"({"take_snapshot":{"repository":"r","snapshot":"s","indices":[]}})"},
    {"DELETE", "/snapshots/r/s", "", R"({"delete_snapshot":{"repository":"r","snapshot":"s"}})"},
    {"POST", "/snapshots/r/s/restore", R"({"indices":["a"]})",
     R"({"restore_snapshot":{"repository":"r","snapshot":"s","indices":["a"]}})"},
};

/// The request that the operation was made from, without what the server adds.
std::string request_of(TestClient& client, const TestResponse& accepted) {
  const auto id = std::string(accepted.json().at("operation_id").as_string());
  auto request = client.request("GET", "/v1/operations/" + id).json().at("request").as_object();
  request.erase("undoes");
  return json::serialize(request);
}

TEST(ChangeRoutes, EachPathIsItsKindOfOperation) {
  for (const auto& one : kPaths) {
    TestApi api;
    const auto created = api.create_cluster("search");
    api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
    auto client = api.connect();
    const auto accepted = client->request(one.method, std::string("/v1/clusters/search") + one.path, one.body);
    ASSERT_EQ(accepted.status, 202U) << one.path << accepted.body;
    EXPECT_EQ(request_of(*client, accepted), one.request) << one.path;
    EXPECT_TRUE(accepted.headers.contains("etag"));
  }
}

TEST(ChangeRoutes, APluginIsRemovedByItsPath) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  auto client = api.connect();
  EXPECT_EQ(client->request("DELETE", "/v1/clusters/search/plugins/icu").problem_rule(), "known_plugin");
  const auto installed =
      client->request("POST", "/v1/clusters/search/plugins", R"({"plugin":{"name":"icu"},"reason":"for the words"})");
  api.finish("search", std::string(installed.json().at("operation_id").as_string()), model::OPERATION_STATUS_SUCCEEDED);
  EXPECT_EQ(client->request("DELETE", "/v1/clusters/search/plugins/icu", R"({"name":"ik"})").problem_rule(),
            "same_as_path");
  const auto removed = client->request("DELETE", "/v1/clusters/search/plugins/icu");
  ASSERT_EQ(removed.status, 202U) << removed.body;
  EXPECT_EQ(request_of(*client, removed), R"({"remove_plugin":{"name":"icu"}})");
}

TEST(ChangeRoutes, PoliciesOfAClusterAndOfATenant) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  auto client = api.connect();
  ASSERT_EQ(client->request("PUT", "/v1/clusters/search/policies", R"({"policies":{"replicas_min":1}})").status, 202U);
  EXPECT_EQ(api.front.cluster("search")->spec().policies().replicas_min(), 1U);

  const std::string path = "/v1/tenants/shop/policies";
  ASSERT_EQ(
      client->request("PUT", path, R"({"policies":{"shards_per_node_max":500,"correct":true},"reason":"x"})").status,
      202U);
  const auto shown = client->request("GET", path).json();
  EXPECT_EQ(shown.at("policies").at("shards_per_node_max").as_int64(), 500);
  EXPECT_EQ(client->request("PUT", path, R"({"policies":{"shards_per_node_max":0}})").problem_rule(), "range");
  EXPECT_EQ(client->request("GET", "/v1/tenants/nobody/policies").status, 404U);
  const auto audit = client->request("GET", "/v1/audit?action=set_policies").json().at("items").as_array();
  ASSERT_EQ(audit.size(), 1U);
  EXPECT_EQ(audit[0].at("reason").as_string(), "x");
}

std::string consequences(TestClient& client, const std::string& method, const std::string& path,
                         const std::string& body) {
  const auto answer = client.request(method, "/v1/clusters/search" + path + "?dry_run=true", body);
  EXPECT_EQ(answer.status, 200U) << answer.body;
  const auto object = answer.json();
  return object.contains("consequences") ? json::serialize(object.at("consequences")) : "";
}

TEST(ChangeRoutes, ADryRunTellsWhatItComesTo) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  auto client = api.connect();
  const auto seq = api.front.log.last_seq();
  EXPECT_NE(consequences(*client, "POST", "/restart", "").find("3 nodes restart, one at a time"), std::string::npos);
  EXPECT_NE(consequences(*client, "POST", "/upgrade", R"({"version":"2.4.6"})").find("There is no way back"),
            std::string::npos);
  EXPECT_NE(consequences(*client, "POST", "/upgrade", R"({"version":"5.6.16","confirm":"search"})").find("all at once"),
            std::string::npos);
  EXPECT_NE(consequences(*client, "PUT", "/replicas", R"({"replicas":0,"confirm":"search"})")
                .find("Fewer than one replica means"),
            std::string::npos);
  EXPECT_EQ(api.front.log.last_seq(), seq) << "nothing was appended";
}

TEST(ChangeRoutes, ADryRunTellsHowMuchDataMoves) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.add_nodes("search", 3);
  api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
  auto client = api.connect();
  const std::string scale = "/v1/clusters/search/scale?dry_run=true";
  const auto silent = client->request("POST", scale, R"({"group":"data","count":4})").json();
  EXPECT_EQ(silent.at("data").at("unknown").as_string(), "no node of cluster search runs");
  EXPECT_NE(json::serialize(silent.at("consequences")).find("How much data moves is not known: no node"),
            std::string::npos);

  reconcile::Observation& seen = api.front.observation.emplace();
  seen.asked.stores = true;
  for (const char* node : {"data-0", "data-1", "data-2"}) {
    seen.stores.push_back({.node = node, .indices = {{"logs", 1U << 20U}}});
  }
  const auto data = client->request("POST", scale, R"({"group":"data","count":4})").json().at("data").as_object();
  EXPECT_EQ(data.at("moved_bytes_min").as_int64(), 3 * (1 << 20) / 4);
  EXPECT_EQ(data.at("moved_bytes_max").as_int64(), 3 * (1 << 20) / 4);
  EXPECT_EQ(data.at("dropped_bytes").as_int64(), 0);
  EXPECT_TRUE(data.at("estimated").as_bool());
  EXPECT_NE(data.at("how").as_string().find("equal share"), json::string::npos);
  const auto restart = client->request("POST", "/v1/clusters/search/restart?dry_run=true", "{}").json();
  EXPECT_EQ(restart.at("data").at("moved_bytes_max").as_int64(), 0);
  const auto refused = client->request("POST", scale, R"({"group":"data","count":3})");
  EXPECT_EQ(refused.problem_rule(), "changes_something") << "what is refused is not looked at";
}

TEST(ChangeRoutes, OnlyTheServerSaysWhatARequestUndoes) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  const auto answer =
      client->request("POST", "/v1/operations",
                      R"({"cluster":"search","request":{"scale":{"group":"data","count":4},"undoes":"op-1"}})");
  EXPECT_EQ(answer.status, 400U);
  EXPECT_EQ(answer.problem_rule(), "set_by_the_server");
  EXPECT_EQ(answer.problem_field(), "request.undoes");
  const auto batch =
      client->request("POST", "/v1/operations/batch",
                      R"({"operations":[{"cluster":"search","request":{"suspend":{},"undoes":"op-1"}}]})");
  EXPECT_NE(batch.body.find("set_by_the_server"), std::string::npos) << batch.body;
}

void hold(TestApi& api, const std::string& rule, const std::string& node) {
  event::Event event;
  event.set_cluster("search");
  event.set_tenant("shop");
  event.mutable_hold_began()->set_rule(rule);
  event.mutable_hold_began()->set_node(node);
  event.mutable_hold_began()->set_why("because");
  api.front.append(std::move(event));
}

TEST(ChangeRoutes, AnAdministratorOverridesARuleAndTheAuditShowsIt) {
  TestApi api;
  const auto created = api.create_cluster("search");
  api.add_nodes("search", 3);
  hold(api, "keeps_last_started_copy", "data-1");
  hold(api, "one_node_at_a_time", "data-2");
  auto client = api.connect();
  const auto path = "/v1/operations/" + created.operation_id;
  EXPECT_EQ(client->request("POST", path + "/override", R"({"rule":"keeps_last_started_copy"})").problem_field(),
            "why");
  const auto done = client->request(
      "POST", path + "/override", R"({"rule":"keeps_last_started_copy","node":"data-1","why":"it is in a snapshot"})");
  ASSERT_EQ(done.status, 202U) << done.body;
  ASSERT_EQ(client->request("POST", path + "/force", R"({"node":"data-2","why":"now"})").status, 202U);
  EXPECT_EQ(client->request("POST", path + "/force", R"({"rule":"x","why":"now"})").problem_rule(), "known_field");
  const auto overrides = client->request("GET", path).json().at("overrides").as_array();
  ASSERT_EQ(overrides.size(), 2U);
  EXPECT_EQ(overrides[1].at("rule").as_string(), "one_node_at_a_time");
  const auto audit = client->request("GET", "/v1/audit?action=override").json().at("items").as_array();
  ASSERT_EQ(audit.size(), 2U);
  EXPECT_EQ(audit[1].at("reason").as_string(), "it is in a snapshot");

  auto operator_ = api.connect(api.make_token(model::TOKEN_ROLE_OPERATOR, "shop"));
  EXPECT_EQ(operator_->request("POST", path + "/force", R"({"why":"now"})").status, 403U);
}

}  // namespace
}  // namespace esaas::api
