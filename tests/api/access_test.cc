// Calls every route as every role, as another tenant, and without a token. The route table itself is walked: a route
// that is added is tested without anybody remembering it, and one that no rule here foresees fails.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include <map>
#include <set>

#include "api/auth/token.h"
#include "api/routes/route_table.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

using model::TOKEN_ROLE_ADMIN;
using model::TOKEN_ROLE_BILLING;
using model::TOKEN_ROLE_OPERATOR;
using model::TOKEN_ROLE_VIEWER;

/// Who may call what, written down a second time and by hand: V viewer, O operator, B billing, A admin, in capitals
/// with a token of one tenant too, in small letters only with one of all tenants; "open" without any.
const std::map<std::string, std::string> kExpected{
    {"GET /v1/clusters", "VOA"},
    {"POST /v1/clusters", "OA"},
    {"GET /v1/clusters/{cluster}", "VOA"},
    {"DELETE /v1/clusters/{cluster}", "OA"},
    {"POST /v1/clusters/{cluster}/scale", "OA"},
    {"POST /v1/clusters/{cluster}/resize", "OA"},
    {"POST /v1/clusters/{cluster}/suspend", "OA"},
    {"POST /v1/clusters/{cluster}/resume", "OA"},
    {"PATCH /v1/clusters/{cluster}/labels", "OA"},
    {"POST /v1/clusters/{cluster}/restart", "OA"},
    {"POST /v1/clusters/{cluster}/upgrade", "OA"},
    {"POST /v1/clusters/{cluster}/configure", "OA"},
    {"PUT /v1/clusters/{cluster}/settings", "OA"},
    {"PUT /v1/clusters/{cluster}/replicas", "OA"},
    {"POST /v1/clusters/{cluster}/indices/open", "OA"},
    {"POST /v1/clusters/{cluster}/indices/close", "OA"},
    {"POST /v1/clusters/{cluster}/plugins", "OA"},
    {"DELETE /v1/clusters/{cluster}/plugins/{plugin}", "OA"},
    {"GET /v1/clusters/{cluster}/repositories", "VOA"},
    {"POST /v1/clusters/{cluster}/repositories", "OA"},
    {"GET /v1/clusters/{cluster}/snapshots", "VOA"},
    {"POST /v1/clusters/{cluster}/snapshots", "OA"},
    {"DELETE /v1/clusters/{cluster}/snapshots/{repository}/{snapshot}", "OA"},
    {"POST /v1/clusters/{cluster}/snapshots/{repository}/{snapshot}/restore", "OA"},
    {"PUT /v1/clusters/{cluster}/policies", "OA"},
    {"GET /v1/clusters/{cluster}/endpoints", "VOA"},
    {"PUT /v1/clusters/{cluster}/proxies", "OA"},
    {"POST /v1/clusters/{cluster}/kibana", "OA"},
    {"DELETE /v1/clusters/{cluster}/kibana", "OA"},
    {"GET /v1/clusters/{cluster}/why", "VOA"},
    {"GET /v1/clusters/{cluster}/nodes/{node}/why", "VOA"},
    {"GET /v1/clusters/{cluster}/nodes", "VOA"},
    {"GET /v1/clusters/{cluster}/holds", "VOA"},
    {"GET /v1/nodes", "VOA"},
    {"GET /v1/price-lists", "VOBA"},
    {"POST /v1/price-lists", "ba"},
    {"GET /v1/rates", "VOBA"},
    {"GET /v1/bills", "VOBA"},
    {"GET /v1/invoices", "VOBA"},
    {"POST /v1/invoices", "ba"},
    {"GET /v1/invoices/{invoice}", "VOBA"},
    {"GET /v1/tenants/{tenant}/budget", "VOBA"},
    {"PUT /v1/tenants/{tenant}/budget", "ba"},
    {"DELETE /v1/tenants/{tenant}/budget", "ba"},
    {"GET /v1/ledger", "VOA"},
    {"GET /v1/operations", "VOA"},
    {"POST /v1/operations", "OA"},
    {"POST /v1/operations/batch", "OA"},
    {"GET /v1/operations/{operation}", "VOA"},
    {"POST /v1/operations/{operation}/cancel", "OA"},
    {"POST /v1/operations/{operation}/pause", "OA"},
    {"POST /v1/operations/{operation}/continue", "OA"},
    {"POST /v1/operations/{operation}/override", "A"},
    {"POST /v1/operations/{operation}/force", "A"},
    {"POST /v1/operations/{operation}/undo", "OA"},
    {"GET /v1/operations/{operation}/why", "VOA"},
    {"GET /v1/audit", "VOBA"},
    {"GET /v1/trace/{operation}", "VOA"},
    {"GET /v1/usage", "VOBA"},
    {"GET /v1/exports/usage", "VOBA"},
    {"GET /v1/diff", "VOA"},
    {"GET /v1/events/{event}/trace", "VOA"},
    {"GET /v1/events", "VOA"},
    {"GET /v1/events/{event}/proof", "VOA"},
    {"GET /v1/backups", "voa"},
    {"POST /v1/backups", "a"},
    {"GET /v1/digests", "voa"},
    {"POST /v1/digests", "a"},
    {"GET /v1/digests/{digest}", "voa"},
    {"GET /v1/sinks", "A"},
    {"GET /v1/sinks/{sink}", "A"},
    {"PUT /v1/sinks/{sink}", "a"},
    {"DELETE /v1/sinks/{sink}", "A"},
    {"GET /v1/tenants", "VOA"},
    {"POST /v1/tenants", "a"},
    {"GET /v1/tenants/{tenant}/quota", "VOA"},
    {"PUT /v1/tenants/{tenant}/quota", "a"},
    {"GET /v1/tenants/{tenant}/policies", "VOA"},
    {"PUT /v1/tenants/{tenant}/policies", "A"},
    {"GET /v1/tokens", "A"},
    {"POST /v1/tokens", "A"},
    {"DELETE /v1/tokens/{token}", "A"},
    {"GET /healthz", "open"},
    {"GET /readyz", "open"},
    {"GET /metrics", "voa"},
};

std::string name_of(const Route& route) {
  return std::string(http::name_of(route.verb)) + " " + std::string(route.path);
}

bool expected_allowed(const Route& route, model::TokenRole role, bool all_tenants) {
  const auto& letters = kExpected.at(name_of(route));
  if (letters == "open") return true;
  const std::map<model::TokenRole, char> letter{
      {TOKEN_ROLE_VIEWER, 'V'}, {TOKEN_ROLE_OPERATOR, 'O'}, {TOKEN_ROLE_BILLING, 'B'}, {TOKEN_ROLE_ADMIN, 'A'}};
  const char capital = letter.at(role);
  return letters.find(capital) != std::string::npos ||
         (all_tenants && letters.find(static_cast<char>(std::tolower(capital))) != std::string::npos);
}

/// The path with what exists in place of its parameters.
std::string fill_in(std::string path, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const auto at = path.find(name);
    if (at != std::string::npos) path.replace(at, name.size(), value);
  }
  EXPECT_EQ(path.find('{'), std::string::npos) << path;
  return path;
}

struct Fixture {
  TestApi api;
  std::map<std::string, std::string> values;

  Fixture() {
    api.front.books.emplace();
    api.front.observation.emplace();
    const auto created = api.create_cluster("search");
    api.make_token(TOKEN_ROLE_VIEWER, "shop");
    api.add_nodes("search", 1);
    command::ConfigureSink sink;
    sink.sink.set_name("alerts");
    sink.sink.set_tenant("shop");
    sink.sink.mutable_webhook()->set_url("http://127.0.0.1:9/shop");
    api.front.must(sink);
    values = {{"{node}", "data-0"},
              {"{event}", std::to_string(created.seq)},
              {"{digest}", "1"},
              {"{invoice}", "inv-1"},
              {"{plugin}", "icu"},
              {"{repository}", "backup"},
              {"{sink}", "alerts"},
              {"{snapshot}", "monday"},
              {"{tenant}", "shop"},
              {"{cluster}", "search"},
              {"{operation}", created.operation_id},
              {"{token}", api.last_token_id}};
  }

  /// Only the status counts: streams are not read on.
  TestResponse call(const Route& route, const std::string& token) {
    auto client = api.connect(token);
    std::string text = std::string(http::name_of(route.verb)) + " " + fill_in(std::string(route.path), values) +
                       " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
    if (!token.empty()) text += "Authorization: Bearer " + token + "\r\n";
    client->send(text + "\r\n");
    auto response = client->read_head();
    if (response.headers.contains("content-length")) response.body = client->read_until("\x01");
    return response;
  }
};

TEST(Access, EveryRouteIsForeseen) {
  std::set<std::string> names;
  for (const auto& route : all_routes()) {
    EXPECT_TRUE(kExpected.contains(name_of(route))) << name_of(route) << " has no expectation";
    EXPECT_TRUE(names.insert(name_of(route)).second) << name_of(route) << " is there twice";
  }
  for (const auto& [name, roles] : kExpected) EXPECT_TRUE(names.contains(name)) << name << " is gone";
}

TEST(Access, EveryRouteAsEveryRole) {
  Fixture fixture;
  for (const auto role : {TOKEN_ROLE_VIEWER, TOKEN_ROLE_OPERATOR, TOKEN_ROLE_BILLING, TOKEN_ROLE_ADMIN}) {
    for (const bool all_tenants : {true, false}) {
      const auto token = fixture.api.make_token(role, all_tenants ? "" : "shop");
      for (const auto& route : all_routes()) {
        // The token that a route may revoke is needed once more.
        const auto status = fixture.call(route, token).status;
        const bool allowed = expected_allowed(route, role, all_tenants);
        EXPECT_EQ(status == 403, !allowed) << name_of(route) << " as " << auth::name_of(role) << " got " << status;
        EXPECT_NE(status, 401U) << name_of(route);
        EXPECT_NE(status, 0U) << name_of(route);
        EXPECT_LT(status, 500U) << name_of(route);
      }
    }
  }
}

TEST(Access, NoTokenOrABadOneIsRefusedEverywhere) {
  Fixture fixture;
  const auto expired = fixture.api.make_token(TOKEN_ROLE_ADMIN, "", kTestNow);
  const auto revoked = fixture.api.make_token(TOKEN_ROLE_ADMIN, "");
  fixture.api.front.must(command::RevokeToken{fixture.api.last_token_id});
  for (const auto& token : {std::string(), std::string("nonsense"), auth::make_token().token, expired, revoked}) {
    for (const auto& route : all_routes()) {
      const auto response = fixture.call(route, token);
      if (route.access.open) {
        EXPECT_EQ(response.status, 200U) << name_of(route);
        continue;
      }
      EXPECT_EQ(response.status, 401U) << name_of(route);
      EXPECT_TRUE(response.headers.contains("www-authenticate"));
    }
  }
}

/// What the route would take: the thing is looked for only when the body is right in itself.
std::string good_body(const Route& route) {
  const std::map<std::string, std::string> bodies{
      {"/scale", R"({"group":"data","count":4})"},
      {"/resize", R"({"group":"data","resources":{"mem_mib":1024}})"},
      {"/labels", R"({"labels":[{"key":"a","value":"b"}]})"},
      {"/upgrade", R"({"version":"2.4.6"})"},
      {"/configure", R"({"group":"data","settings":[{"key":"a.b","value":"1"}]})"},
      {"/settings", R"({"transient":[{"key":"a.b","value":"1"}]})"},
      {"/replicas", R"({"replicas":1})"},
      {"/indices/open", R"({"indices":["a"]})"},
      {"/indices/close", R"({"indices":["a"]})"},
      {"/plugins", R"({"plugin":{"name":"icu"}})"},
      {"/repositories", R"({"repository":"backup","location":"/srv"})"},
      {"/snapshots", R"({"repository":"backup","snapshot":"monday"})"},
      {"/proxies", R"({"count":1})"},
      {"/override", R"({"rule":"one_node_at_a_time","why":"x"})"},
      {"/force", R"({"why":"x"})"},
  };
  if (route.verb == http::Verb::kGet) return {};
  for (const auto& [end, body] : bodies) {
    if (route.path.ends_with(end)) return body;
  }
  if (route.verb == http::Verb::kDelete && route.path == "/v1/clusters/{cluster}") return R"({"confirm":"search"})";
  return {};
}

TEST(Access, AnotherTenantsThingsAreNotThere) {
  Fixture fixture;
  const auto seq = fixture.api.front.log.last_seq();
  const auto stranger = fixture.api.make_token(TOKEN_ROLE_ADMIN, "other");
  for (const auto& route : all_routes()) {
    if (route.path.find('{') == std::string_view::npos) continue;
    auto client = fixture.api.connect(stranger);
    const std::string body = good_body(route);
    const auto path = fill_in(std::string(route.path), fixture.values);
    // What only callers of all tenants may ask says so before it looks.
    const auto expected = route.access.all_tenants ? 403U : 404U;
    EXPECT_EQ(client->request(http::name_of(route.verb), path, body).status, expected) << name_of(route);
  }
  // Nothing but the stranger's own token was appended.
  EXPECT_EQ(fixture.api.front.log.last_seq(), seq + 1);
}

TEST(Access, AnotherTenantsThingsAreInNoList) {
  Fixture fixture;
  const auto stranger = fixture.api.make_token(TOKEN_ROLE_ADMIN, "other");
  const auto own_id = fixture.api.last_token_id;
  auto client = fixture.api.connect(stranger);
  for (const auto& route : all_routes()) {
    if (route.verb != http::Verb::kGet || route.access.open || route.access.all_tenants || route.path == "/v1/events" ||
        route.path.find('{') != std::string_view::npos) {
      continue;
    }
    if (route.path == "/v1/diff") continue;  // has to be told from when on: past_routes_test
    for (const auto* query : {"", "?tenant=shop"}) {
      const bool takes_tenant =
          route.path != "/v1/tenants" && route.path != "/v1/tokens" && route.path != "/v1/price-lists";
      if (*query != '\0' && !takes_tenant) continue;
      const auto response = client->request("GET", std::string(route.path) + query);
      ASSERT_EQ(response.status, 200U) << name_of(route) << response.body;
      EXPECT_EQ(response.body.find("search"), std::string::npos) << name_of(route) << response.body;
      EXPECT_EQ(response.body.find("shop"), std::string::npos) << name_of(route) << response.body;
    }
  }
  const auto tokens = client->request("GET", "/v1/tokens").json().at("items").as_array();
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].at("token_id").as_string(), own_id);
}

TEST(Access, ATenantsAdministratorStaysWithinTheTenant) {
  Fixture fixture;
  auto client = fixture.api.connect(fixture.api.make_token(TOKEN_ROLE_ADMIN, "other"));
  EXPECT_EQ(client->request("POST", "/v1/clusters", create_body("mine", "shop")).status, 403U);
  EXPECT_EQ(client->request("POST", "/v1/tokens", R"({"role":"admin","tenant":"shop"})").status, 403U);
  const auto own = client->request("POST", "/v1/tokens", R"({"role":"admin"})");
  ASSERT_EQ(own.status, 201U) << own.body;
  EXPECT_EQ(own.json().at("tenant").as_string(), "other");
  // Without a tenant in the body a cluster is the caller's.
  const auto created = client->request("POST", "/v1/clusters", create_body("mine", ""));
  EXPECT_EQ(created.status, 202U) << created.body;
  EXPECT_EQ(fixture.api.front.cluster("mine")->tenant(), "other");
}

TEST(Access, AnIssuedTokenWorksUntilItIsRevoked) {
  TestApi api;
  auto admin = api.connect();
  const auto issued = admin->request("POST", "/v1/tokens", R"({"role":"viewer","tenant":"shop","description":"ci"})");
  ASSERT_EQ(issued.status, 201U) << issued.body;
  const std::string token(issued.json().at("token").as_string());
  const std::string id(issued.json().at("token_id").as_string());
  EXPECT_EQ(issued.headers.at("location"), "/v1/tokens/" + id);
  auto viewer = api.connect(token);
  EXPECT_EQ(viewer->request("GET", "/v1/clusters").status, 200U);
  const auto list = admin->request("GET", "/v1/tokens").body;
  EXPECT_NE(list.find(id), std::string::npos);
  EXPECT_EQ(list.find(token), std::string::npos);
  EXPECT_EQ(list.find("\"hash\""), std::string::npos);
  EXPECT_EQ(admin->request("DELETE", "/v1/tokens/" + id).status, 200U);
  EXPECT_EQ(viewer->request("GET", "/v1/clusters").status, 401U);
}

TEST(Access, TheUseOfANewTokenIsInTheAuditWithItsRequest) {
  TestApi api;
  api.front.notes_token_uses = true;
  auto client = api.connect(api.make_token(model::TOKEN_ROLE_VIEWER, "shop"));
  for (int i = 0; i < 3; ++i) client->request("GET", "/v1/clusters?limit=1");
  client->request("POST", "/v1/tenants", R"({"name":"games"})");  // it may not
  const auto audit = api.connect()->request("GET", "/v1/audit?action=use_token&user=" + api.last_token_id).json();
  ASSERT_EQ(audit.at("count").as_int64(), 1) << "once for the address";
  const auto& entry = audit.at("items").at(0);
  EXPECT_EQ(entry.at("method").as_string(), "GET");
  EXPECT_EQ(entry.at("url").as_string(), "/v1/clusters?limit=1");
  EXPECT_EQ(entry.at("address").as_string(), "127.0.0.1");
}

TEST(Access, WhatIsDoneToTenantsAndTokensIsInTheAuditWithItsRequest) {
  TestApi api;
  auto client = api.connect();
  ASSERT_LT(client->request("POST", "/v1/tenants", R"({"name":"games"})").status, 300U);
  const auto audit = client->request("GET", "/v1/audit?action=create_tenant&text=games").json();
  ASSERT_EQ(audit.at("count").as_int64(), 1);
  EXPECT_EQ(audit.at("items").at(0).at("method").as_string(), "POST");
  EXPECT_EQ(audit.at("items").at(0).at("url").as_string(), "/v1/tenants");
}

TEST(Access, TheTokenOfAReplayedRequestIsNotShownAgain) {
  TestApi api;
  auto admin = api.connect();
  const TestClient::Headers key{{"Idempotency-Key", "once"}};
  ASSERT_EQ(admin->request("POST", "/v1/tokens", R"({"role":"viewer"})", key).status, 201U);
  const auto again = admin->request("POST", "/v1/tokens", R"({"role":"viewer"})", key);
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(again.problem_rule(), "token_is_shown_once");
}

}  // namespace
}  // namespace esaas::api
