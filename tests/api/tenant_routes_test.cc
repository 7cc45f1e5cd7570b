#include <gtest/gtest.h>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

const std::string kQuota = "/v1/tenants/shop/quota";

/// Puts the newest intent of tenant shop in force, or says that the master refused it.
void answer(TestApi& api, const std::string& refusal = {}) {
  event::Event event;
  event.set_tenant("shop");
  const auto quota = api.front.tenant("shop")->quota_intended();
  if (refusal.empty()) {
    event.mutable_tenant_quota_applied()->set_name("shop");
    *event.mutable_tenant_quota_applied()->mutable_quota() = quota;
  } else {
    event.mutable_tenant_quota_refused()->set_name("shop");
    *event.mutable_tenant_quota_refused()->mutable_quota() = quota;
    event.mutable_tenant_quota_refused()->set_why(refusal);
  }
  api.front.append(std::move(event));
}

TEST(TenantRoutes, AQuotaIsAcceptedShownAsIntendedAndThenInForce) {
  TestApi api;
  auto client = api.connect();
  const auto put = client->request(
      "PUT", kQuota, R"({"guarantee":{"mem_mib":1024},"limit":{"cpus_milli":9000,"mem_mib":65536},"reason":"agreed"})");
  ASSERT_EQ(put.status, 202U) << put.body;
  EXPECT_EQ(put.headers.at("location"), kQuota);
  auto shown = client->request("GET", kQuota).json();
  EXPECT_EQ(shown.at("role").as_string(), "es-shop");
  EXPECT_EQ(shown.at("intended").at("limit").at("cpus_milli").to_number<int>(), 9000);
  EXPECT_TRUE(shown.at("quota").at("limit").as_object().empty());
  answer(api);
  shown = client->request("GET", kQuota).json();
  EXPECT_FALSE(shown.contains("intended"));
  EXPECT_EQ(shown.at("quota").at("guarantee").at("mem_mib").to_number<int>(), 1024);
  EXPECT_FALSE(shown.at("quota").at("limit").as_object().contains("disk_mib"));
  const auto audit = client->request("GET", "/v1/audit?action=set_quota");
  EXPECT_NE(audit.body.find("agreed"), std::string::npos) << audit.body;
}

TEST(TenantRoutes, WhatIsWantedReservedUsedAndLeftIsShown) {
  TestApi api;
  api.create_cluster("search");
  auto client = api.connect();
  ASSERT_EQ(client->request("PUT", kQuota, R"({"limit":{"cpus_milli":100000}})").status, 202U);
  const auto shown = client->request("GET", kQuota).json();
  const auto wanted = shown.at("wanted").at("cpus_milli").to_number<int>();
  EXPECT_GT(wanted, 0);
  EXPECT_EQ(shown.at("reserved").at("cpus_milli").to_number<int>(), 0) << "nothing is placed yet";
  EXPECT_EQ(shown.at("used").at("mem_mib").to_number<int>(), 0);
  EXPECT_EQ(shown.at("left").at("cpus_milli").to_number<int>(), 100000 - wanted);
  EXPECT_FALSE(shown.at("left").as_object().contains("mem_mib")) << "it is not limited";
}

TEST(TenantRoutes, TheMastersRefusalIsShown) {
  TestApi api;
  auto client = api.connect();
  ASSERT_EQ(client->request("PUT", kQuota, R"({"guarantee":{"cpus_milli":1000000}})").status, 202U);
  answer(api, "total quota guarantees exceed cluster capacity");
  const auto shown = client->request("GET", kQuota).json();
  EXPECT_EQ(shown.at("refused").as_string(), "total quota guarantees exceed cluster capacity");
  EXPECT_FALSE(shown.contains("intended"));
}

TEST(TenantRoutes, WhatSomebodyElseSetOnTheMasterIsShownUntilOursIsInForce) {
  TestApi api;
  auto client = api.connect();
  ASSERT_EQ(client->request("PUT", kQuota, R"({"limit":{"cpus_milli":9000}})").status, 202U);
  answer(api);
  EXPECT_FALSE(client->request("GET", kQuota).json().contains("found"));
  event::Event event;
  event.set_tenant("shop");
  auto& found = *event.mutable_tenant_quota_found();
  found.set_name("shop");
  *found.mutable_expected() = api.front.tenant("shop")->quota();
  found.mutable_found()->mutable_limit()->set_cpus_milli(1500);
  api.front.append(event);
  const auto shown = client->request("GET", kQuota).json();
  EXPECT_EQ(shown.at("found").at("limit").at("cpus_milli").to_number<int>(), 1500);
  EXPECT_EQ(shown.at("quota").at("limit").at("cpus_milli").to_number<int>(), 9000);
  *found.mutable_found() = found.expected();
  api.front.append(event);
  EXPECT_FALSE(client->request("GET", kQuota).json().contains("found"));
}

struct BadQuota {
  const char* name;
  const char* body;
  const char* field;
};
class TenantRoutesBadQuota : public testing::TestWithParam<BadQuota> {};

TEST_P(TenantRoutesBadQuota, IsRefusedByName) {
  TestApi api;
  const auto answer = api.connect()->request("PUT", kQuota, GetParam().body);
  EXPECT_EQ(answer.status, 400U) << answer.body;
  EXPECT_EQ(answer.problem_field(), GetParam().field) << answer.body;
}

INSTANTIATE_TEST_SUITE_P(All, TenantRoutesBadQuota,
                         testing::Values(BadQuota{"Empty", "{}", "limit"},
                                         BadQuota{"OnlyAReason", R"({"reason":"x"})", "limit"},
                                         BadQuota{"GuaranteeAboveLimit",
                                                  R"({"guarantee":{"cpus_milli":2},"limit":{"cpus_milli":1}})",
                                                  "guarantee.cpus_milli"},
                                         BadQuota{"Negative", R"({"limit":{"cpus_milli":-1}})", "limit.cpus_milli"},
                                         BadQuota{"Fraction", R"({"limit":{"cpus_milli":1.5}})", "limit.cpus_milli"},
                                         BadQuota{"UnknownResource", R"({"limit":{"gpus":1}})", "limit.gpus"},
                                         BadQuota{"Absurd", R"({"limit":{"mem_mib":1000000000001}})", "limit.mem_mib"}),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST(TenantRoutes, ALimitBelowWhatIsWantedIsAConflict) {
  TestApi api;
  api.create_cluster("search");
  const auto answer = api.connect()->request("PUT", kQuota, R"({"limit":{"cpus_milli":1}})");
  EXPECT_EQ(answer.status, 409U);
  EXPECT_NE(answer.body.find("limit_covers_what_is_wanted"), std::string::npos) << answer.body;
}

TEST(TenantRoutes, ACreateBeyondTheLimitIsAConflictThatSaysByHowMuchAlsoInADryRun) {
  TestApi api;
  auto client = api.connect();
  ASSERT_EQ(client->request("PUT", kQuota, R"({"limit":{"cpus_milli":1}})").status, 202U);
  for (const char* path : {"/v1/clusters", "/v1/clusters?dry_run=true"}) {
    const auto answer = client->request("POST", path, create_body("search"));
    EXPECT_EQ(answer.status, 409U) << answer.body;
    EXPECT_NE(answer.body.find("tenant_quota"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("cpus_milli by "), std::string::npos) << answer.body;
    EXPECT_FALSE(answer.headers.contains("retry-after")) << "to try again is of no use";
  }
}

TEST(TenantRoutes, ADryRunChangesNothingAndAKeyIsHonoured) {
  TestApi api;
  auto client = api.connect();
  const auto seq = api.front.log.last_seq();
  const auto preview = client->request("PUT", kQuota + "?dry_run=true", R"({"limit":{"cpus_milli":9000}})");
  EXPECT_EQ(preview.status, 200U);
  EXPECT_NE(preview.body.find("tenant_quota_intended"), std::string::npos) << preview.body;
  EXPECT_EQ(api.front.log.last_seq(), seq);
  const auto first = client->request("PUT", kQuota, R"({"limit":{"cpus_milli":9000}})", {{"Idempotency-Key", "k"}});
  const auto again = client->request("PUT", kQuota, R"({"limit":{"cpus_milli":9000}})", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(first.status, 202U);
  EXPECT_EQ(again.json().at("seq"), first.json().at("seq"));
  EXPECT_EQ(again.headers.at("idempotency-replayed"), "true");
}

TEST(TenantRoutes, AnotherTenantsQuotaIsNotToBeFound) {
  TestApi api;
  auto client = api.connect(api.make_token(model::TOKEN_ROLE_VIEWER, "other"));
  EXPECT_EQ(client->request("GET", kQuota).status, 404U);
  EXPECT_EQ(client->request("GET", "/v1/tenants/other/quota").status, 200U);
  EXPECT_EQ(api.connect()->request("GET", "/v1/tenants/nobody/quota").status, 404U);
  EXPECT_EQ(api.connect()->request("PUT", "/v1/tenants/nobody/quota", R"({"limit":{}})").status, 404U);
}

}  // namespace
}  // namespace esaas::api
