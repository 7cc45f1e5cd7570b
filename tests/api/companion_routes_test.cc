// Proxies, their users, Kibana, and the addresses that clients are told.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include "core/state/fleet_state.h"
#include "reconcilers/effects/haproxy/runtime.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

constexpr const char* kPassword = "planted-5d41402abc";

std::string with_users(const std::string& users) { return R"({"count":2,"access":{"users":[)" + users + "]}}"; }

class CompanionRoutesTest : public ::testing::Test {
 protected:
  /// The cluster's creation is over, so that operations begin at once.
  CompanionRoutesTest() { finish(api_.create_cluster("search").operation_id); }

  void finish(const std::string& operation) { api_.finish("search", operation, model::OPERATION_STATUS_SUCCEEDED); }
  /// Accepted, and over.
  void change(std::string_view verb, const std::string& path, std::string_view body) {
    const auto answer = client_->request(verb, "/v1/clusters/search" + path, body);
    ASSERT_EQ(answer.status, 202U) << answer.body;
    finish(std::string(answer.json().at("operation_id").as_string()));
  }
  [[nodiscard]] model::ProxyAccess access() const { return api_.front.cluster("search")->spec().access(); }
  /// All that the log holds, as bytes.
  [[nodiscard]] std::string log() {
    std::string bytes;
    for (std::uint64_t seq = 1; seq <= api_.front.log.last_seq(); ++seq) {
      bytes += api_.front.log.stored_bytes(seq);
    }
    return bytes;
  }

  TestApi api_;
  std::unique_ptr<TestClient> client_ = api_.connect();
};

TEST_F(CompanionRoutesTest, APasswordIsInTheSecretStoreAndInNothingElse) {
  change("PUT", "/proxies", with_users(R"({"name":"anna","password":")" + std::string(kPassword) + R"("})"));
  ASSERT_EQ(access().users_size(), 1);
  const model::ProxyUser user = access().users(0);
  EXPECT_EQ(*api_.secrets.get(user.secret_id(), user.secret_version()), haproxy::digest_of("anna", kPassword));
  EXPECT_EQ(log().find(kPassword), std::string::npos);
  EXPECT_NE(log().find(user.secret_id()), std::string::npos);
  EXPECT_EQ(client_->request("GET", "/v1/clusters/search").body.find(kPassword), std::string::npos);
}

TEST_F(CompanionRoutesTest, WhoIsNamedWithoutAPasswordKeepsHis) {
  change("PUT", "/proxies", with_users(R"({"name":"anna","password":"first-one"})"));
  const model::ProxyUser before = access().users(0);
  change("PUT", "/proxies", with_users(R"({"name":"anna"},{"name":"bert","password":"bertbert"})"));
  ASSERT_EQ(access().users_size(), 2);
  EXPECT_EQ(access().users(0).SerializeAsString(), before.SerializeAsString());
  change("PUT", "/proxies", with_users(R"({"name":"anna","password":"second-one"})"));
  EXPECT_EQ(access().users(0).secret_id(), before.secret_id());
  EXPECT_EQ(access().users(0).secret_version(), before.secret_version() + 1);
}

TEST_F(CompanionRoutesTest, WhatIsNoPasswordIsRefusedByItsField) {
  const auto refused = [&](const std::string& user, const std::string& field) {
    const auto answer = client_->request("PUT", "/v1/clusters/search/proxies", with_users(user));
    EXPECT_EQ(answer.status, 400U) << answer.body;
    EXPECT_EQ(answer.problem_field(), field);
  };
  refused(R"({"name":"anna"})", "access.users[0].password");
  refused(R"({"name":"anna","password":"short"})", "access.users[0].password");
  refused(R"({"name":"anna","password":7})", "access.users[0].password");
  refused(R"({"name":"anna","password":"zwölfzwölf"})", "access.users[0].password");
  refused(R"({"name":"anna","secret_id":"proxy/search/1","secret_version":1})", "access.users[0].secret_id");
  EXPECT_EQ(api_.secrets.size(), 0U);
}

TEST_F(CompanionRoutesTest, ADryRunKeepsNoPassword) {
  const auto answer = client_->request("PUT", "/v1/clusters/search/proxies?dry_run=true",
                                       with_users(R"({"name":"anna","password":"annaanna"})"));
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(answer.body.find("annaanna"), std::string::npos);
  EXPECT_EQ(api_.secrets.size(), 0U);
}

TEST_F(CompanionRoutesTest, EndpointsAreTheProxiesInTheirOrder) {
  EXPECT_EQ(client_->request("GET", "/v1/clusters/search/endpoints").json().at("items").as_array().size(), 0U);
  change("PUT", "/proxies", R"({"count":2})");
  for (int i = 0; i < 2; ++i) {
    event::Event added;
    added.set_cluster("search");
    added.mutable_node_added()->set_node("proxy-" + std::to_string(i));
    added.mutable_node_added()->set_group("proxy");
    api_.front.append(added);
    event::Event placed;
    placed.set_cluster("search");
    placed.mutable_place_intended()->set_node("proxy-" + std::to_string(i));
    placed.mutable_place_intended()->mutable_place()->set_hostname("127.0.0.1" + std::to_string(i));
    placed.mutable_place_intended()->mutable_place()->set_http_port(31000);
    api_.front.append(placed);
  }
  for (const char* path : {"/v1/clusters/search", "/v1/clusters/search/endpoints"}) {
    const auto body = client_->request("GET", path).json();
    const auto& items = body.at(body.contains("items") ? "items" : "endpoints").as_array();
    ASSERT_EQ(items.size(), 2U) << path;
    EXPECT_EQ(items[0].at("url").as_string(), "http://127.0.0.10:31000");
    EXPECT_EQ(items[1].at("node").as_string(), "proxy-1");
    EXPECT_FALSE(items[0].at("serves").as_bool());
    EXPECT_FALSE(items[0].as_object().contains("kibana_url"));
  }
}

TEST_F(CompanionRoutesTest, KibanaIsInstalledOnceAndRemoved) {
  EXPECT_EQ(client_->request("DELETE", "/v1/clusters/search/kibana").status, 409U) << "there is none";
  EXPECT_EQ(client_->request("POST", "/v1/clusters/search/kibana", R"({"colour":"red"})").status, 400U);
  change("POST", "/kibana", R"({"preemptible":true})");
  EXPECT_EQ(client_->request("POST", "/v1/clusters/search/kibana", "{}").status, 409U) << "there is one";
  change("DELETE", "/kibana", "");
}

TEST_F(CompanionRoutesTest, AnotherTenantsClusterIsNotThere) {
  auto stranger = api_.connect(api_.make_token(model::TOKEN_ROLE_OPERATOR, "other"));
  EXPECT_EQ(stranger->request("GET", "/v1/clusters/search/endpoints").status, 404U);
  EXPECT_EQ(stranger->request("PUT", "/v1/clusters/search/proxies", with_users(R"({"name":"a","password":"12345678"})"))
                .status,
            404U);
  EXPECT_EQ(api_.secrets.size(), 0U);
}

TEST_F(CompanionRoutesTest, WhatIsRefusedOrAnsweredOnceMoreLeavesNoSecretBehind) {
  const std::string path = "/v1/clusters/search/proxies";
  const std::string anna = R"({"name":"anna","password":"first-one"})";
  const auto refused = client_->request("PUT", path, with_users(anna + R"(,{"name":"b:c","password":"bertbert"})"));
  EXPECT_EQ(refused.status, 400U) << refused.body;
  EXPECT_EQ(api_.secrets.size(), 0U);
  const TestClient::Headers again{{"Idempotency-Key", "k"}};
  ASSERT_EQ(client_->request("PUT", path, with_users(anna), again).status, 202U);
  EXPECT_EQ(api_.secrets.size(), 1U);
  const auto replayed = client_->request("PUT", path, with_users(anna), again);
  EXPECT_EQ(replayed.status, 202U) << replayed.body;
  EXPECT_TRUE(replayed.json().at("replayed").as_bool());
  EXPECT_EQ(api_.secrets.size(), 1U);
}

}  // namespace
}  // namespace esaas::api
