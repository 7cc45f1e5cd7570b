// Sinks over HTTP. Nothing is delivered here: how far a sink is, is as the log says.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

constexpr const char* kWebhook =
    R"({"webhook":{"url":"http://127.0.0.1:9/in","secret":"planted-secret-42"},"from_seq":1})";

class SinkRoutes : public ::testing::Test {
 protected:
  TestResponse put(const std::string& name, const std::string& body) {
    return client_->request("PUT", "/v1/sinks/" + name, body);
  }

  TestApi api_;
  std::unique_ptr<TestClient> client_ = api_.connect();
};

TEST_F(SinkRoutes, ConfigureShowAndRemove) {
  const auto configured = put("alerts", kWebhook);
  ASSERT_EQ(configured.status, 202U) << configured.body;
  EXPECT_EQ(configured.headers.at("location"), "/v1/sinks/alerts");
  api_.add_noise(3);
  const auto shown = client_->request("GET", "/v1/sinks/alerts").json();
  EXPECT_EQ(shown.at("name").as_string(), "alerts");
  EXPECT_EQ(shown.at("webhook").at("url").as_string(), "http://127.0.0.1:9/in");
  EXPECT_TRUE(shown.at("webhook").at("signed").as_bool());
  EXPECT_EQ(shown.at("through_seq").as_int64(), 0);
  EXPECT_EQ(shown.at("lag_events").as_int64(), static_cast<std::int64_t>(api_.front.log.last_seq()));
  EXPECT_FALSE(shown.contains("stalled"));
  EXPECT_EQ(client_->request("GET", "/v1/sinks").json().at("items").as_array().size(), 1U);
  EXPECT_EQ(client_->request("DELETE", "/v1/sinks/alerts").status, 202U);
  EXPECT_EQ(client_->request("GET", "/v1/sinks/alerts").status, 404U);
  EXPECT_EQ(client_->request("DELETE", "/v1/sinks/alerts").status, 404U);
}

TEST_F(SinkRoutes, ASecretIsKeptAndShownNowhere) {
  put("alerts", kWebhook);
  EXPECT_EQ(api_.secrets.get("sink/alerts", 1).value_or(""), "planted-secret-42");
  for (const char* target : {"/v1/sinks", "/v1/sinks/alerts", "/v1/audit"}) {
    EXPECT_EQ(client_->request("GET", target).body.find("planted"), std::string::npos) << target;
  }
  const auto cursor = api_.front.log.read(1);
  while (const event::Event* event = *(*cursor)->next()) {
    EXPECT_EQ(event->SerializeAsString().find("planted"), std::string::npos);
  }
  EXPECT_EQ(client_->request("GET", "/v1/sinks").body.find("secret"), std::string::npos);
}

TEST_F(SinkRoutes, ASecretStaysUntilItIsChangedOrTakenAway) {
  const auto signed_with = [&] {
    const auto head = api_.front.head();
    return head->sinks(0).sink().webhook().secret_version();
  };
  put("alerts", kWebhook);
  put("alerts", kWebhook);
  EXPECT_EQ(signed_with(), 1U) << "the same request changes nothing";
  EXPECT_EQ(api_.secrets.size(), 1U);
  put("alerts", R"({"webhook":{"url":"http://127.0.0.1:9/other"}})");
  EXPECT_EQ(signed_with(), 1U);
  put("alerts", R"({"webhook":{"url":"http://127.0.0.1:9/other","secret":"another-secret-43"}})");
  EXPECT_EQ(signed_with(), 2U);
  put("alerts", R"({"webhook":{"url":"http://127.0.0.1:9/other","secret":""}})");
  EXPECT_EQ(signed_with(), 0U);
  EXPECT_FALSE(client_->request("GET", "/v1/sinks/alerts").json().at("webhook").at("signed").as_bool());
}

TEST_F(SinkRoutes, WhatIsRefusedOrOnlyLookedAtKeepsNoSecret) {
  const auto refused = put("alerts", R"({"webhook":{"url":"ftp://x/","secret":"planted-secret-42"}})");
  EXPECT_EQ(refused.status, 400U);
  EXPECT_EQ(refused.problem_field(), "webhook.url");
  EXPECT_EQ(api_.secrets.size(), 0U);
  const auto dry = client_->request("PUT", "/v1/sinks/alerts?dry_run=true", kWebhook);
  EXPECT_EQ(dry.status, 200U) << dry.body;
  EXPECT_EQ(api_.secrets.size(), 0U);
  EXPECT_EQ(client_->request("GET", "/v1/sinks/alerts").status, 404U);
}

TEST_F(SinkRoutes, WrongBodiesAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {R"({})", "webhook"},
      {R"({"webhook":{"url":"http://x/","secret":"short"}})", "webhook.secret"},
      {R"({"webhook":{"url":"http://x/","secret_id":"sink/other"}})", "webhook.secret_id"},
      {R"({"webhook":{"url":"http://x/"},"kafka":{"brokers":"a:1","topic":"t"}})", "kafka"},
      {R"({"kafka":{"brokers":"a","topic":"t"}})", "kafka.brokers"},
      {R"({"kafka":{"brokers":"a:1"}})", "kafka.topic"},
      {R"({"name":"other","webhook":{"url":"http://x/"}})", "name"},
      {R"({"webhook":{"url":"http://x/"},"from_seq":1000000})", "from_seq"},
      {R"({"webhook":{"url":"http://x/"},"tenant":"nobody"})", "tenant"}};
  for (const auto& [body, field] : bad) {
    const auto refused = put("alerts", body);
    EXPECT_EQ(refused.status, 400U) << body;
    EXPECT_NE(refused.body.find(field), std::string::npos) << refused.body;
  }
}

TEST_F(SinkRoutes, ATenantsAdministratorHasOnlyThoseOfTheTenant) {
  put("everything", R"({"webhook":{"url":"http://127.0.0.1:9/"}})");
  auto theirs = api_.connect(api_.make_token(model::TOKEN_ROLE_ADMIN, "other"));
  const std::string body = R"({"webhook":{"url":"http://127.0.0.1:9/"}})";
  EXPECT_EQ(theirs->request("PUT", "/v1/sinks/mine", body).status, 403U) << "the controller reaches more than it may";
  ASSERT_EQ(put("mine", R"({"webhook":{"url":"http://127.0.0.1:9/"},"tenant":"other"})").status, 202U);
  EXPECT_EQ(theirs->request("GET", "/v1/sinks/mine").json().at("tenant").as_string(), "other");
  EXPECT_EQ(theirs->request("GET", "/v1/sinks").json().at("items").as_array().size(), 1U);
  EXPECT_EQ(theirs->request("GET", "/v1/sinks/everything").status, 404U);
  EXPECT_EQ(theirs->request("DELETE", "/v1/sinks/everything").status, 404U);
  EXPECT_EQ(client_->request("GET", "/v1/sinks").json().at("items").as_array().size(), 2U);
  EXPECT_EQ(client_->request("GET", "/v1/sinks?tenant=other").json().at("items").as_array().size(), 1U);
  EXPECT_EQ(client_->request("GET", "/v1/sinks?limit=1").json().at("next_cursor").as_string(), "everything");
  EXPECT_LT(theirs->request("DELETE", "/v1/sinks/mine").status, 300U);
}

TEST_F(SinkRoutes, AStallIsShown) {
  put("alerts", kWebhook);
  const auto configured_seq = api_.front.head()->sinks(0).configured_seq();
  api_.front.must(command::ReportSink{
      .name = "alerts", .configured_seq = configured_seq, .through_seq = 0, .stalled = "it answers 503"});
  const auto stalled = client_->request("GET", "/v1/sinks/alerts").json().at("stalled").as_object();
  EXPECT_EQ(stalled.at("why").as_string(), "it answers 503");
  EXPECT_EQ(stalled.at("since").as_string(), to_rfc3339(kTestNow));
}

TEST_F(SinkRoutes, AreInTheAudit) {
  client_->request("PUT", "/v1/sinks/alerts", kWebhook, {{"X-Reason", "on call"}});
  client_->request("DELETE", "/v1/sinks/alerts");
  EXPECT_EQ(client_->request("GET", "/v1/audit?action=configure_sink&text=call").json().at("count").as_int64(), 1);
  EXPECT_EQ(client_->request("GET", "/v1/audit?action=remove_sink").json().at("count").as_int64(), 1);
}

}  // namespace
}  // namespace esaas::api
