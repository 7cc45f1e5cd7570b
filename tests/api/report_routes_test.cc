#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include "api/routes/fleet_gauges.h"
#include "api/routes/usage_text.h"
#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

TEST(AuditRoute, FiltersAndPages) {
  TestApi api;
  auto client = api.connect();
  ASSERT_EQ(client->request("POST", "/v1/clusters", create_body("search"), {{"X-Reason", "autumn sale"}}).status, 202U);
  ASSERT_EQ(client->request("POST", "/v1/clusters/search/suspend", R"({"reason":"over"})").status, 202U);
  api.create_cluster("other-one", "other");
  const auto all = client->request("GET", "/v1/audit?cluster=search").json();
  ASSERT_EQ(all.at("items").as_array().size(), 2U);
  EXPECT_EQ(all.at("items").at(0).at("action").as_string(), "suspend");
  EXPECT_EQ(all.at("items").at(1).at("url").as_string(), "/v1/clusters");
  EXPECT_EQ(all.at("items").at(1).at("request").at("create").at("name").as_string(), "search");
  const auto text = client->request("GET", "/v1/audit?text=autumn").json();
  ASSERT_EQ(text.at("items").as_array().size(), 1U);
  EXPECT_EQ(text.at("items").at(0).at("reason").as_string(), "autumn sale");
  const auto page = client->request("GET", "/v1/audit?cluster=search&limit=1&order=oldest").json();
  ASSERT_EQ(page.at("items").as_array().size(), 1U);
  EXPECT_EQ(page.at("items").at(0).at("action").as_string(), "create");
  const std::string cursor(page.at("next_cursor").as_string());
  const auto next = client->request("GET", "/v1/audit?cluster=search&limit=1&order=oldest&cursor=" + cursor).json();
  EXPECT_EQ(next.at("items").at(0).at("action").as_string(), "suspend");
  EXPECT_EQ(client->request("GET", "/v1/audit?to=2016-10-01").json().at("items").as_array().size(), 0U);
}

TEST(AuditRoute, TakesEveryActionAndOutcomeAndNamesThemWhenItIsNone) {
  TestApi api;
  auto client = api.connect();
  for (const char* action : {"create", "scale", "resize", "delete", "suspend", "resume", "label", "pause", "continue",
                             "cancel", "create_tenant", "issue_token", "revoke_token"}) {
    EXPECT_EQ(client->request("GET", std::string("/v1/audit?action=") + action).status, 200U) << action;
  }
  for (const char* outcome : {"queued", "running", "succeeded", "failed", "cancelled", "done"}) {
    EXPECT_EQ(client->request("GET", std::string("/v1/audit?outcome=") + outcome).status, 200U) << outcome;
  }
  EXPECT_NE(client->request("GET", "/v1/audit?action=zz").body.find("create, scale, resize"), std::string::npos);
  EXPECT_NE(client->request("GET", "/v1/audit?outcome=zz").body.find("queued, running"), std::string::npos);
}

TEST(TraceRoute, GivesATreeAndAText) {
  TestApi api;
  const auto created = api.create_cluster("search");
  auto client = api.connect();
  const auto tree = client->request("GET", "/v1/trace/" + created.operation_id);
  ASSERT_EQ(tree.status, 200U) << tree.body;
  const auto trace = tree.json();
  EXPECT_EQ(trace.at("cluster").as_string(), "search");
  const auto& root = trace.at("roots").at(0);
  EXPECT_EQ(root.at("kind").as_string(), "operation_requested");
  EXPECT_GE(root.at("children").as_array().size(), 1U);
  const auto text = client->request("GET", "/v1/trace/" + created.operation_id + "?format=text");
  EXPECT_EQ(text.headers.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_NE(text.body.find("search"), std::string::npos);
  EXPECT_EQ(client->request("GET", "/v1/trace/op-777777").status, 404U);
}

/// A node that runs from one moment to another, as events.
void run_node(TestApi& api, const std::string& cluster) {
  api.create_cluster(cluster);
  event::Event added;
  added.mutable_node_added()->set_node("data-0");
  auto& resources = *added.mutable_node_added()->mutable_resources();
  resources.set_cpus_milli(500);
  resources.set_mem_mib(512);
  resources.set_disk_mib(1024);
  event::Event launched;
  launched.mutable_task_launch_intended()->set_node("data-0");
  launched.mutable_task_launch_intended()->set_task_id(cluster + ".data-0.task-1");
  event::Event running;
  running.mutable_task_status_changed()->set_node("data-0");
  running.mutable_task_status_changed()->set_task_id(cluster + ".data-0.task-1");
  running.mutable_task_status_changed()->set_state(model::TASK_STATE_RUNNING);
  for (auto* event : {&added, &launched, &running}) {
    event->set_cluster(cluster);
    event->set_tenant(api.front.cluster(cluster)->tenant());
    event->mutable_actor()->set_kind(event::ACTOR_KIND_MESOS);
    api.front.append(std::move(*event));
  }
}

TEST(UsageRoute, GivesHoursInEveryFormat) {
  TestApi api;
  run_node(api, "search");
  auto client = api.connect();
  // Time stands still: what is open counts until now and no longer, so the sums are 0 and exact.
  const std::string range = "from=2016-10-01&to=2016-11-01";
  const auto json = client->request("GET", "/v1/usage?" + range);
  ASSERT_EQ(json.status, 200U) << json.body;
  EXPECT_EQ(json.json().at("from").as_string(), "2016-10-01T00:00:00.000000Z");
  EXPECT_TRUE(json.json().at("items").is_array());
  const auto csv = client->request("GET", "/v1/usage?format=csv&" + range);
  EXPECT_EQ(csv.headers.at("content-type"), "text/csv; charset=utf-8");
  EXPECT_TRUE(csv.body.starts_with("tenant,cluster,cpu_hours,mem_gib_hours,disk_gib_hours,node_hours,cluster_hours\r\n"));
  const auto lines = client->request("GET", "/v1/usage?format=jsonl&group=tenant&" + range);
  EXPECT_EQ(lines.headers.at("content-type"), "application/x-ndjson");
  const auto intervals = client->request("GET", "/v1/usage?format=csv&group=interval&" + range);
  EXPECT_EQ(intervals.status, 200U);
  EXPECT_TRUE(intervals.body.starts_with("tenant,cluster,node,kind"));
  EXPECT_EQ(client->request("GET", "/v1/usage?group=interval").problem_rule(), "intervals_by_line");
  EXPECT_EQ(client->request("GET", "/v1/usage?group=nation").problem_field(), "group");
}

TEST(UsageText, DecimalsAreExactAndRoundedOnce) {
  EXPECT_EQ(decimal(0, 3600), "0.000000");
  EXPECT_EQ(decimal(1, 3), "0.333333");
  EXPECT_EQ(decimal(2, 3), "0.666667");
  EXPECT_EQ(decimal(5'400, 3'600), "1.500000");
  EXPECT_EQ(decimal(9'999'999'999, 10'000'000'000), "1.000000");
  const store::UsageQuantity large = static_cast<store::UsageQuantity>(1) << 90U;
  EXPECT_EQ(decimal(large, large), "1.000000");
}

TEST(HealthRoutes, SayWhetherChangesAreTaken) {
  TestApi api;
  auto client = api.connect("");
  EXPECT_EQ(client->request("GET", "/healthz").json().at("status").as_string(), "ok");
  EXPECT_EQ(client->request("GET", "/readyz").status, 200U);
  api.front.liveness.mesos_connected = false;
  api.front.liveness.mesos_problem = "credentials_refused";
  const auto unready = client->request("GET", "/readyz");
  EXPECT_EQ(unready.status, 503U);
  EXPECT_FALSE(unready.json().at("ready").as_bool());
  EXPECT_EQ(unready.json().at("mesos_problem").as_string(), "credentials_refused");
}

TEST(MetricsRoute, CountsRequestsByRoute) {
  TestApi api;
  auto client = api.connect();
  client->request("GET", "/v1/clusters");
  client->request("GET", "/v1/clusters?bad=1");
  const auto metrics = client->request("GET", "/metrics");
  EXPECT_EQ(metrics.status, 200U);
  EXPECT_NE(metrics.body.find(R"(esaas_http_requests_total{method="GET",path="/v1/clusters",status="2xx"} 1)"),
            std::string::npos)
      << metrics.body.substr(0, 2000);
  EXPECT_NE(metrics.body.find(R"(path="/v1/clusters",status="4xx"} 1)"), std::string::npos);
  EXPECT_EQ(metrics.body.find(api.admin_token), std::string::npos);
}

TEST(FleetGauges, ShowTheLedgerAndEachTenantsQuotaAndUse) {
  TestApi api;
  api.create_cluster("search");
  Metrics metrics(std::make_shared<prometheus::Registry>());
  add_fleet_gauges(metrics, api.front);
  EXPECT_EQ(metrics.text().find("esaas_ledger_lines{"), std::string::npos) << "nothing was compared yet";
  api.front.liveness.ledger_lines = {{reconcile::LedgerStatus::kMissing, 2}};
  event::Event applied;
  applied.mutable_tenant_quota_applied()->set_name("shop");
  applied.mutable_tenant_quota_applied()->mutable_quota()->mutable_limit()->set_mem_mib(4096);
  api.front.append(applied);
  const auto text = metrics.text();
  EXPECT_NE(text.find(R"(esaas_ledger_lines{status="missing"} 2)"), std::string::npos) << text;
  const std::string shop = R"(esaas_tenant_resources{kind="limit",resource="mem_mib",tenant="shop"} 4096)";
  EXPECT_NE(text.find(shop), std::string::npos) << text;
  EXPECT_NE(text.find(R"({kind="used",resource="cpus_milli",tenant="shop"} 0)"), std::string::npos) << text;
  EXPECT_EQ(text.find(R"({kind="limit",resource="cpus_milli",tenant="shop"})"), std::string::npos) << text;
  *applied.mutable_tenant_quota_applied()->mutable_quota() = {};
  api.front.append(applied);
  EXPECT_EQ(metrics.text().find(shop), std::string::npos) << "what is no longer limited is no longer shown";
}

TEST(TenantRoutes, CreateAndList) {
  TestApi api;
  auto client = api.connect();
  EXPECT_EQ(client->request("POST", "/v1/tenants", R"({"name":"bank"})").status, 201U);
  EXPECT_EQ(client->request("POST", "/v1/tenants", R"({"name":"bank"})").status, 409U);
  EXPECT_EQ(client->request("POST", "/v1/tenants", R"({"name":"Not A Name"})").problem_field(), "name");
  EXPECT_EQ(client->request("POST", "/v1/tenants?dry_run=true", R"({"name":"farm"})").status, 200U);
  const auto names = client->request("GET", "/v1/tenants?limit=2").json();
  EXPECT_EQ(names.at("items").at(0).at("name").as_string(), "bank");
  EXPECT_EQ(names.at("next_cursor").as_string(), "other");
}

}  // namespace
}  // namespace esaas::api
