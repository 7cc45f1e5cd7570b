// Reads as of a moment of the past, what differs between two, and why an event happened.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>

#include "api/routes/present.h"
#include "api/routes/route_table.h"
#include "core/base/proto_json.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

class PastRoutes : public ::testing::Test {
 protected:
  PastRoutes() {
    api_.create_cluster("search");
    api_.add_nodes("search", 3);
    api_.create_cluster("theirs", "other");
    api_.add_nodes("theirs", 1);
    client_ = api_.connect();
    get("/v1/tenants");  // the first use of a token is an event itself
  }

  json::value get(const std::string& target) {
    const auto response = client_->request("GET", target);
    EXPECT_EQ(response.status, 200U) << target << response.body;
    return response.json();
  }
  std::uint64_t last() const { return api_.front.log.last_seq(); }
  state::FleetState fold(std::uint64_t seq) const {
    state::FleetState state;
    for (std::uint64_t i = 1; i <= seq; ++i) state::evolve(state, *api_.front.log.read_one(i));
    return state;
  }

  TestApi api_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(PastRoutes, EveryMomentIsTheFoldOfTheEventsUpToIt) {
  for (std::uint64_t seq = 1; seq <= last(); ++seq) {
    const std::string at = "?at=" + std::to_string(seq);
    const state::FleetState then = fold(seq);
    const auto clusters = get("/v1/clusters" + at);
    EXPECT_EQ(clusters.at("seq").to_number<std::uint64_t>(), seq);
    json::array summaries;
    for (const auto& [name, cluster] : then.clusters) summaries.push_back(present_summary(cluster));
    EXPECT_EQ(clusters.at("items"), json::parse(json::serialize(summaries))) << seq;
    for (const auto& [name, cluster] : then.clusters) {
      EXPECT_EQ(get("/v1/clusters/" + name + at), json::parse(json::serialize(present(cluster)))) << seq;
      EXPECT_EQ(get("/v1/clusters/" + name + "/nodes" + at).at("items").as_array().size(),
                static_cast<std::size_t>(cluster.nodes_size()));
    }
    std::set<std::string> tenants;
    for (const auto& tenant : then.head.tenants()) tenants.insert(tenant.name());
    EXPECT_EQ(get("/v1/tenants" + at).at("items").as_array().size(), tenants.size());
    std::size_t open = 0;
    const auto operations = get("/v1/operations?status=open&at=" + std::to_string(seq));
    for (const auto& item : operations.at("items").as_array()) {
      EXPECT_TRUE(then.operations.contains(std::string(item.at("id").as_string())));
      ++open;
    }
    EXPECT_EQ(open, then.operations.size());
  }
}

TEST_F(PastRoutes, WhatIsGoneIsThereThen) {
  const std::uint64_t before = last();
  event::Event deleted;
  deleted.mutable_cluster_deleted();
  deleted.set_cluster("search");
  deleted.set_tenant("shop");
  deleted.mutable_actor()->set_kind(event::ACTOR_KIND_CONTROLLER);
  api_.front.append(std::move(deleted));
  EXPECT_EQ(client_->request("GET", "/v1/clusters/search").status, 404U);
  const auto then = client_->request("GET", "/v1/clusters/search?at=" + std::to_string(before));
  EXPECT_EQ(then.status, 200U);
  EXPECT_EQ(then.headers.at("esaas-seq"), std::to_string(before));
  const auto why = client_->request("GET", "/v1/clusters/search/why?format=text&at=" + std::to_string(before));
  EXPECT_EQ(why.status, 200U) << why.body;
}

TEST_F(PastRoutes, HistoryEndsAtTheMoment) {
  const std::uint64_t before = last();
  ASSERT_EQ(client_->request("POST", "/v1/clusters/search/suspend", R"({"reason":"over"})").status, 202U);
  EXPECT_EQ(get("/v1/audit?cluster=search").at("items").as_array().size(), 2U);
  const auto then = get("/v1/audit?cluster=search&at=" + std::to_string(before));
  EXPECT_EQ(then.at("items").as_array().size(), 1U);
  EXPECT_EQ(then.at("count").as_int64(), 1);
  const auto usage = client_->request("GET", "/v1/usage?group=interval&format=jsonl&at=" + std::to_string(before));
  EXPECT_EQ(usage.status, 200U) << "a long answer stands on the past until its end";
}

TEST_F(PastRoutes, MomentsOutsideOfTheLogAndNonsenseAreRefused) {
  const auto rule = [&](const std::string& at) {
    const auto refused = client_->request("GET", "/v1/clusters?at=" + at);
    EXPECT_EQ(refused.status, 400U) << at << refused.body;
    return refused.problem_rule();
  };
  EXPECT_EQ(rule("0"), "within_the_log");
  EXPECT_EQ(rule(std::to_string(last() + 1)), "within_the_log");
  EXPECT_EQ(rule("1999-01-01"), "within_the_log");
  EXPECT_EQ(rule("2100-01-01T00:00:00Z"), "within_the_log");
  EXPECT_EQ(rule("soon"), "seq_or_time");
  EXPECT_EQ(rule(""), "seq_or_time");
  // The route's own parameters are still looked at.
  EXPECT_EQ(client_->request("GET", "/v1/clusters?at=3&no=1").problem_rule(), "known_parameter");
  // What asks somebody, or changes something, is only of now.
  EXPECT_EQ(client_->request("GET", "/v1/ledger?at=3").problem_rule(), "known_parameter");
  EXPECT_EQ(client_->request("GET", "/metrics?at=3").problem_rule(), "known_parameter");
  EXPECT_EQ(client_->request("POST", "/v1/clusters/search/suspend?at=3", "{}").problem_rule(), "known_parameter");
}

TEST_F(PastRoutes, ATokenOfOneTenantSeesItsOwnThenToo) {
  auto theirs = api_.connect(api_.make_token(model::TOKEN_ROLE_ADMIN, "other"));
  const std::string at = "?at=" + std::to_string(last());
  EXPECT_EQ(theirs->request("GET", "/v1/clusters/search" + at).status, 404U);
  for (const auto& route : all_routes()) {
    if (!route.takes_at || route.path.find('{') != std::string_view::npos) continue;
    const auto response = theirs->request("GET", std::string(route.path) + at);
    if (route.access.all_tenants) {
      EXPECT_EQ(response.status, 403U) << route.path;
      continue;
    }
    ASSERT_EQ(response.status, 200U) << route.path << response.body;
    EXPECT_EQ(response.body.find("search"), std::string::npos) << route.path << response.body;
    EXPECT_EQ(response.body.find("shop"), std::string::npos) << route.path << response.body;
  }
  // Rights are of now: the token did not exist yet at the first event.
  EXPECT_EQ(theirs->request("GET", "/v1/clusters?at=1").status, 200U);
}

TEST_F(PastRoutes, ADiffNamesWhatChanged) {
  const std::uint64_t before = last();
  event::Event health;
  health.mutable_cluster_health_changed()->mutable_after()->set_status(model::HEALTH_STATUS_GREEN);
  health.set_cluster("search");
  health.set_tenant("shop");
  health.mutable_actor()->set_kind(event::ACTOR_KIND_ELASTICSEARCH);
  api_.front.append(std::move(health));
  const auto diff = get("/v1/diff?from=" + std::to_string(before));
  EXPECT_EQ(diff.at("to").at("seq").as_int64(), static_cast<std::int64_t>(last()));
  std::set<std::string> paths;
  for (const auto& item : diff.at("items").as_array()) {
    EXPECT_EQ(item.at("cluster").as_string(), "search");
    paths.insert(std::string(item.at("path").as_string()));
  }
  EXPECT_TRUE(paths.contains("health") || paths.contains("health.status")) << json::serialize(diff);
  EXPECT_TRUE(get("/v1/diff?from=" + std::to_string(before) + "&cluster=theirs").at("items").as_array().empty());
  EXPECT_TRUE(get("/v1/diff?from=" + std::to_string(last())).at("items").as_array().empty());
  const auto text = client_->request("GET", "/v1/diff?format=text&from=" + std::to_string(before));
  EXPECT_NE(text.body.find("cluster search\n"), std::string::npos) << text.body;
  EXPECT_EQ(client_->request("GET", "/v1/diff").problem_rule(), "required");
  EXPECT_EQ(client_->request("GET", "/v1/diff?from=1&to=99999").problem_rule(), "within_the_log");
  EXPECT_EQ(client_->request("GET", "/v1/diff?from=x").problem_rule(), "seq_or_time");
}

TEST_F(PastRoutes, ADiffShowsNobodyMoreThanListsDo) {
  const std::string target = "/v1/diff?from=1&to=" + std::to_string(last());
  auto admin = api_.connect(api_.make_token(model::TOKEN_ROLE_ADMIN, "other"));
  auto viewer = api_.connect(api_.make_token(model::TOKEN_ROLE_VIEWER, ""));
  const auto theirs = admin->request("GET", target);
  EXPECT_NE(theirs.body.find("theirs"), std::string::npos);
  EXPECT_EQ(theirs.body.find("search"), std::string::npos);
  EXPECT_EQ(theirs.body.find("shop"), std::string::npos);
  EXPECT_TRUE(admin->request("GET", target + "&tenant=shop").json().at("items").as_array().empty());
  const auto seen = viewer->request("GET", target);
  EXPECT_EQ(seen.body.find("\"token\""), std::string::npos);
  const auto all = client_->request("GET", target);
  EXPECT_NE(all.body.find("\"token\""), std::string::npos);
  EXPECT_EQ(all.body.find("\"hash\""), std::string::npos);
}

TEST_F(PastRoutes, AnEventIsTracedUpAndDown) {
  const auto all = get("/v1/audit?cluster=search").at("items").as_array();
  const std::uint64_t requested = all.back().at("seq").to_number<std::uint64_t>();
  const auto trace = get("/v1/events/" + std::to_string(requested + 1) + "/trace");
  EXPECT_EQ(trace.at("subject_seq").to_number<std::uint64_t>(), requested + 1);
  EXPECT_EQ(trace.at("roots").at(0).at("kind").as_string(), "operation_requested");
  const auto text = client_->request("GET", "/v1/events/" + std::to_string(requested + 1) + "/trace?format=text");
  EXPECT_NE(text.body.find("> "), std::string::npos) << text.body;
  for (const char* path : {"/v1/events/0/trace", "/v1/events/99999/trace", "/v1/events/x/trace"}) {
    EXPECT_EQ(client_->request("GET", path).status, 404U) << path;
  }
  EXPECT_EQ(client_->request("GET", "/v1/events/1/trace?format=xml").problem_rule(), "choice");
  // What had not happened then.
  EXPECT_EQ(client_->request("GET", "/v1/events/9/trace?at=8").status, 404U);
}

TEST_F(PastRoutes, TracesComeAsSpansOfOpenTelemetry) {
  const auto created = api_.create_cluster("third");
  const auto response = client_->request("GET", "/v1/trace/" + created.operation_id + "?format=otlp");
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  const auto spans = response.json().at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array();
  ASSERT_GE(spans.size(), 2U);
  EXPECT_EQ(spans[0].at("name").as_string(), "operation_requested");
  EXPECT_EQ(spans[1].at("parentSpanId"), spans[0].at("spanId"));
}

}  // namespace
}  // namespace esaas::api
