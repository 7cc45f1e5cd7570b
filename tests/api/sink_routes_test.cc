// Sinks over HTTP. Nothing is delivered here: how far a sink is, is as the log says.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <map>

#include "api/routes/turn.h"
#include "tests/api/test_api.h"
#include "tests/reconcilers/http_client/certificates.h"

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

TEST_F(SinkRoutes, OfOneSinkOneChangeIsOnItsWayAtATime) {
  ASSERT_EQ(put("alerts", kWebhook).status, 202U);
  {
    const auto turn = take_turn(api_.front.log, "sinks/alerts");
    ASSERT_TRUE(turn);
    const auto refused = put("alerts", R"({"webhook":{"url":"http://127.0.0.1:9/","secret":"another-secret-43"}})");
    EXPECT_EQ(refused.status, 409U);
    EXPECT_EQ(refused.problem_rule(), "changed_meanwhile");
    EXPECT_EQ(api_.secrets.size(), 1U);
    EXPECT_EQ(client_->request("DELETE", "/v1/sinks/alerts").problem_rule(), "changed_meanwhile");
    EXPECT_EQ(put("others", kWebhook).status, 202U);
  }
  EXPECT_EQ(put("alerts", kWebhook).status, 202U);
  EXPECT_EQ(client_->request("DELETE", "/v1/sinks/alerts").status, 202U);
}

class KafkaSinkRoutes : public SinkRoutes {
 protected:
  /// A sink with the user esaas; `members` are of kafka, and win.
  TestResponse put_kafka(const std::map<std::string, std::string>& members) {
    boost::json::object kafka{{"brokers", "kafka:9093"},           {"topic", "events"},
                              {"security_protocol", "sasl_ssl"},   {"ca_certificates", certificate_},
                              {"sasl_mechanism", "SCRAM-SHA-512"}, {"sasl_username", "esaas"}};
    for (const auto& [name, value] : members) kafka[name] = value;
    return put("topic", boost::json::serialize(boost::json::object{{"kafka", kafka}}));
  }
  model::KafkaSink kafka() {
    const auto head = api_.front.head();
    return head->sinks(0).sink().kafka();
  }

  const std::string certificate_ = esaas::testing::make_identity("IP:127.0.0.1").certificate;
};

TEST_F(KafkaSinkRoutes, APasswordIsKeptAndShownNowhere) {
  ASSERT_EQ(put_kafka({{"sasl_password", "planted"}}).status, 202U);
  EXPECT_EQ(api_.secrets.get("sink/topic", 1).value_or(""), "planted");
  EXPECT_EQ(kafka().ca_certificates(), certificate_);
  const auto shown = client_->request("GET", "/v1/sinks/topic").json().at("kafka").as_object();
  EXPECT_TRUE(shown.at("has_password").as_bool());
  EXPECT_EQ(shown.at("sasl_username").as_string(), "esaas");
  for (const char* target : {"/v1/sinks", "/v1/sinks/topic", "/v1/audit", "/v1/diff?from=1"}) {
    const std::string body = client_->request("GET", target).body;
    EXPECT_EQ(body.find("planted"), std::string::npos) << target;
  }
  EXPECT_EQ(client_->request("GET", "/v1/sinks").body.find("secret"), std::string::npos);
  EXPECT_EQ(client_->request("GET", "/v1/diff?from=1").body.find("secret_"), std::string::npos);
  const auto cursor = api_.front.log.read(1);
  while (const event::Event* event = *(*cursor)->next()) {
    EXPECT_EQ(event->SerializeAsString().find("planted"), std::string::npos);
  }
}

TEST_F(KafkaSinkRoutes, APasswordStaysUntilAnotherOneIsGivenOrTheWayIsAnotherOne) {
  const auto missing = put_kafka({});
  EXPECT_EQ(missing.status, 400U);
  EXPECT_EQ(missing.problem_field(), "kafka.sasl_password");
  put_kafka({{"sasl_password", "planted"}});
  put_kafka({{"sasl_password", "planted"}});
  EXPECT_EQ(kafka().secret_version(), 1U) << "the same request changes nothing";
  ASSERT_EQ(put_kafka({{"topic", "others"}}).status, 202U);
  EXPECT_EQ(kafka().secret_version(), 1U);
  const auto elsewhere = put_kafka({{"brokers", "elsewhere:9093"}});
  EXPECT_EQ(elsewhere.problem_rule(), "password_again") << elsewhere.body;
  ASSERT_EQ(put_kafka({{"brokers", "elsewhere:9093"}, {"sasl_password", "planted"}}).status, 202U);
  EXPECT_EQ(kafka().secret_version(), 2U);
  put_kafka({{"brokers", "elsewhere:9093"}, {"sasl_password", "another"}});
  EXPECT_EQ(api_.secrets.get("sink/topic", kafka().secret_version()).value_or(""), "another");
  EXPECT_EQ(put("topic", R"({"kafka":{"brokers":"elsewhere:9093","topic":"events"}})").status, 202U);
  EXPECT_EQ(kafka().secret_id(), "") << "who gives up the user gives up the password";
  EXPECT_FALSE(client_->request("GET", "/v1/sinks/topic").json().at("kafka").at("has_password").as_bool());
}

TEST_F(KafkaSinkRoutes, WhatIsRefusedKeepsNoPasswordAndIsNamed) {
  const std::vector<std::pair<std::map<std::string, std::string>, std::string>> bad{
      {{{"sasl_mechanism", "MD5"}}, "kafka.sasl_mechanism"},
      {{{"security_protocol", "ssl"}}, "kafka.sasl_mechanism"},
      {{{"sasl_password", "two\nlines"}}, "kafka.sasl_password"},
      {{{"secret_id", "sink/other"}}, "kafka.secret_id"},
      {{{"ca_certificates", "none"}}, "kafka.ca_certificates"},
      {{{"ca_certificates", certificate_.substr(0, certificate_.size() / 2)}}, "kafka.ca_certificates"},
      {{{"ca_certificates", certificate_ + esaas::testing::make_identity("IP:127.0.0.1").key}},
       "kafka.ca_certificates"}};
  for (auto [members, field] : bad) {
    members.emplace("sasl_password", "planted");
    const auto refused = put_kafka(members);
    EXPECT_EQ(refused.status, 400U) << field;
    EXPECT_EQ(refused.problem_field(), field) << refused.body;
    EXPECT_EQ(refused.body.find("planted"), std::string::npos);
    EXPECT_EQ(api_.secrets.size(), 0U) << field;
  }
  std::string many;
  while (many.size() < 17'000) many += certificate_;
  EXPECT_EQ(put_kafka({{"sasl_password", "planted"}, {"ca_certificates", many}}).problem_rule(), "length");
}

TEST_F(KafkaSinkRoutes, OfCertificatesNothingElseIsKept) {
  put_kafka(
      {{"sasl_password", "planted"}, {"ca_certificates", "our authority\n" + certificate_ + "\n" + certificate_}});
  EXPECT_EQ(kafka().ca_certificates(), certificate_ + certificate_);
}

TEST_F(KafkaSinkRoutes, APasswordThatGoesAsItIsIsWarnedOf) {
  const auto plain =
      put("topic", R"({"kafka":{"brokers":"kafka:9093","topic":"events","sasl_password":"planted",)"
                   R"("security_protocol":"sasl_plaintext","sasl_mechanism":"PLAIN","sasl_username":"u"}})");
  ASSERT_EQ(plain.status, 202U) << plain.body;
  EXPECT_NE(plain.json().at("warnings").as_array()[0].as_string().find("sasl_ssl"), std::string::npos);
  EXPECT_FALSE(put_kafka({{"sasl_password", "planted"}}).json().contains("warnings"));
}

}  // namespace
}  // namespace esaas::api
