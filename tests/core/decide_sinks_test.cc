// Commands about sinks, and the URLs that they name.

#include <functional>

#include "core/model/web_url.h"
#include "tests/core/story.h"

namespace esaas::test {
namespace {

class DecideSinks : public testing::Test {
 protected:
  DecideSinks() { story_.given_search(); }

  static command::ConfigureSink webhook(const std::string& url = "https://alerts.example/in") {
    command::ConfigureSink configure;
    configure.sink.set_name("alerts");
    configure.sink.mutable_webhook()->set_url(url);
    return configure;
  }
  static command::ConfigureSink kafka(const std::string& brokers, const std::string& topic) {
    command::ConfigureSink configure;
    configure.sink.set_name("alerts");
    configure.sink.mutable_kafka()->set_brokers(brokers);
    configure.sink.mutable_kafka()->set_topic(topic);
    return configure;
  }
  static command::ConfigureSink secure_kafka() {
    auto configure = kafka("kafka:9093", "events");
    model::KafkaSink& sink = *configure.sink.mutable_kafka();
    sink.set_security_protocol("sasl_ssl");
    sink.set_ca_certificates("certificates");
    sink.set_sasl_mechanism("SCRAM-SHA-512");
    sink.set_sasl_username("esaas");
    sink.set_secret_id("sink/alerts");
    sink.set_secret_version(1);
    return configure;
  }
  const state::SinkState& sink() const { return story_.state.head.sinks(0); }
  command::ReportSink report(std::uint64_t through_seq, const std::string& stalled = {}) const {
    return {
        .name = "alerts", .configured_seq = sink().configured_seq(), .through_seq = through_seq, .stalled = stalled};
  }

  Story story_;
};

TEST_F(DecideSinks, ANewOneBeginsWithWhatHappensNext) {
  const auto next_seq = story_.state.seq() + 1;
  EXPECT_EQ(story_.accept(webhook()), std::vector<std::string>{"sink_configured"});
  EXPECT_EQ(sink().sink().from_seq(), next_seq);
  EXPECT_EQ(sink().through_seq(), next_seq - 1);
}

TEST_F(DecideSinks, OneThatIsThereGoesOnUnlessItIsToBeginElsewhere) {
  auto all = webhook();
  all.sink.set_from_seq(1);
  story_.accept(all);
  story_.accept(report(4));
  story_.accept(kafka("kafka:9092", "events"));
  EXPECT_EQ(sink().through_seq(), 4U);
  EXPECT_EQ(sink().sink().from_seq(), 1U);
  auto elsewhere = webhook();
  elsewhere.sink.set_from_seq(3);
  story_.accept(elsewhere);
  EXPECT_EQ(sink().through_seq(), 2U);
}

TEST_F(DecideSinks, WhatIsWrongIsNamed) {
  auto late = webhook();
  late.sink.set_from_seq(story_.state.seq() + 2);
  auto nobodys = webhook();
  nobodys.sink.set_tenant("nobody");
  auto nameless = webhook();
  nameless.sink.set_name("No Label");
  std::string long_host(8'000, 'k');
  command::ConfigureSink nowhere;
  nowhere.sink.set_name("alerts");
  const std::vector<std::pair<command::ConfigureSink, std::string>> bad{
      {late, "from_seq"},
      {nobodys, "tenant"},
      {nameless, "name"},
      {nowhere, "webhook"},
      {webhook(""), "webhook.url"},
      {webhook("ftp://example/"), "webhook.url"},
      {webhook("http://user:password@example/"), "webhook.url"},
      {webhook("http://example/" + std::string(2'000, 'x')), "webhook.url"},
      {kafka("", "events"), "kafka.brokers"},
      {kafka("kafka", "events"), "kafka.brokers"},
      {kafka("kafka:0", "events"), "kafka.brokers"},
      {kafka("kafka:9092,", "events"), "kafka.brokers"},
      {kafka("kafka:9092, other:9092", "events"), "kafka.brokers"},
      {kafka(long_host.append(":9092"), "events"), "kafka.brokers"},
      {kafka("kafka:9092", ""), "kafka.topic"},
      {kafka("kafka:9092", "a topic"), "kafka.topic"},
      {kafka("kafka:9092", ".."), "kafka.topic"}};
  for (const auto& [command, field] : bad) {
    EXPECT_EQ(story_.refusal(command).field, field) << command.sink.DebugString();
  }
  EXPECT_TRUE(story_.when(kafka("kafka-1.example:9092,[::1]:9093", "es.events_1-2")));
}

TEST_F(DecideSinks, AWebhooksFormatIsKnown) {
  for (const char* format : {"", "cloudevents", "cloudevents-batch"}) {
    auto known = webhook();
    known.sink.mutable_webhook()->set_format(format);
    EXPECT_TRUE(story_.when(known)) << format;
  }
  auto unknown = webhook();
  unknown.sink.mutable_webhook()->set_format("xml");
  EXPECT_EQ(story_.refusal(unknown).field, "webhook.format");
}

TEST_F(DecideSinks, WhatIsWrongWithKafkasSecurityIsNamed) {
  const auto with = [](const std::function<void(model::KafkaSink&)>& change) {
    auto configure = secure_kafka();
    change(*configure.sink.mutable_kafka());
    return configure;
  };
  using Sink = model::KafkaSink;
  const std::vector<std::pair<command::ConfigureSink, std::string>> bad{
      {with([](Sink& kafka) { kafka.set_security_protocol("tls"); }), "kafka.security_protocol"},
      {with([](Sink& kafka) { kafka.set_security_protocol("ssl"); }), "kafka.sasl_mechanism"},
      {with([](Sink& kafka) { kafka.set_security_protocol(""); }), "kafka.ca_certificates"},
      {with([](Sink& kafka) { kafka.set_security_protocol("sasl_plaintext"); }), "kafka.ca_certificates"},
      {with([](Sink& kafka) { kafka.set_ca_certificates(std::string(20'000, 'x')); }), "kafka.ca_certificates"},
      {with([](Sink& kafka) { kafka.set_sasl_mechanism("GSSAPI"); }), "kafka.sasl_mechanism"},
      {with([](Sink& kafka) { kafka.clear_sasl_mechanism(); }), "kafka.sasl_mechanism"},
      {with([](Sink& kafka) { kafka.clear_sasl_username(); }), "kafka.sasl_username"},
      {with([](Sink& kafka) { kafka.set_sasl_username("two\nlines"); }), "kafka.sasl_username"},
      {with([](Sink& kafka) { kafka.clear_secret_id(); }), "kafka.sasl_password"},
      {with([](Sink& kafka) {
         kafka.set_security_protocol("ssl");
         kafka.clear_sasl_mechanism();
       }),
       "kafka.sasl_username"},
      {with([](Sink& kafka) {
         kafka.set_security_protocol("ssl");
         kafka.clear_sasl_mechanism();
         kafka.clear_sasl_username();
       }),
       "kafka.sasl_password"}};
  for (const auto& [command, field] : bad) {
    EXPECT_EQ(story_.refusal(command).field, field) << command.sink.ShortDebugString();
  }
  EXPECT_TRUE(story_.when(secure_kafka()));
  auto trusting = kafka("kafka:9092", "events");
  trusting.sink.mutable_kafka()->set_security_protocol("ssl");
  EXPECT_TRUE(story_.when(trusting)) << "whom the machine trusts";
}

TEST_F(DecideSinks, APasswordGoesOnlyTheWayThatItWasGivenFor) {
  story_.accept(secure_kafka());
  auto another_topic = secure_kafka();
  another_topic.sink.mutable_kafka()->set_topic("others");
  EXPECT_TRUE(story_.when(another_topic));
  for (const auto& [field, value] :
       {std::pair{"brokers", "elsewhere:9092"}, {"security_protocol", "sasl_plaintext"}, {"sasl_mechanism", "PLAIN"}}) {
    auto other_way = secure_kafka();
    model::KafkaSink& kafka = *other_way.sink.mutable_kafka();
    kafka.clear_ca_certificates();
    kafka.GetReflection()->SetString(&kafka, kafka.GetDescriptor()->FindFieldByName(field), value);
    const auto refused = story_.refusal(other_way);
    EXPECT_EQ(refused.field, "kafka.sasl_password") << field;
    EXPECT_EQ(refused.rule, "password_again") << field;
    kafka.set_secret_version(2);
    EXPECT_TRUE(story_.when(other_way)) << field << ": it was given again";
  }
}

TEST_F(DecideSinks, ATenantsAdministratorHasThoseOfTheTenantOnly) {
  auto of_all = webhook();
  auto own = webhook();
  own.sink.set_tenant("shop");
  story_.caller.tenant = "shop";
  EXPECT_EQ(story_.refusal(of_all).code, ErrorCode::kPermissionDenied);
  story_.accept(own);
  story_.caller.tenant = "other";
  const command::RemoveSink remove{.name = "alerts", .method = {}, .url = {}, .reason = {}};
  EXPECT_EQ(story_.refusal(remove).code, ErrorCode::kNotFound);
  auto others = webhook();
  others.sink.set_tenant("other");
  EXPECT_EQ(story_.refusal(others).code, ErrorCode::kNotFound) << "the name is another tenant's";
  story_.caller.tenant = "shop";
  EXPECT_EQ(story_.accept(remove), std::vector<std::string>{"sink_removed"});
  EXPECT_EQ(story_.refusal(remove).code, ErrorCode::kNotFound);
}

TEST_F(DecideSinks, PositionsOnlyGoOnAndAreOfTheSinkAsItIs) {
  story_.accept(webhook());
  const auto through_seq = sink().through_seq();
  EXPECT_EQ(story_.refusal(report(through_seq)).rule, "changes_something");
  EXPECT_EQ(story_.refusal(report(story_.state.seq() + 1)).rule, "within_the_log");
  auto old = report(story_.state.seq());
  story_.accept(webhook("https://elsewhere.example/"));
  EXPECT_EQ(story_.refusal(old).rule, "same_configuration");
  EXPECT_EQ(story_.accept(report(story_.state.seq())), std::vector<std::string>{"sink_advanced"});
}

TEST_F(DecideSinks, AStallIsToldOfOnceAndEndsWithAnAdvance) {
  story_.accept(webhook());
  EXPECT_EQ(story_.accept(report(0, "it answers 503")), std::vector<std::string>{"sink_stalled"});
  EXPECT_EQ(sink().stalled(), "it answers 503");
  EXPECT_EQ(story_.refusal(report(0, "it answers 504")).rule, "told_once");
  story_.accept(report(sink().through_seq()));
  EXPECT_EQ(sink().stalled(), "");
}

TEST_F(DecideSinks, ThereIsABoundOfThem) {
  for (int i = 0; i < 32; ++i) {
    auto one = webhook();
    one.sink.set_name("sink-" + std::to_string(i));
    story_.accept(one);
  }
  EXPECT_EQ(story_.refusal(webhook()).code, ErrorCode::kResourceExhausted);
}

TEST(WebUrl, IsTakenApart) {
  const auto plain = model::parse_web_url("http://example");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "example");
  EXPECT_EQ(plain->port, 80U);
  EXPECT_EQ(plain->target, "/");
  const auto secure = model::parse_web_url("https://[::1]/in?x=1");
  ASSERT_TRUE(secure);
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(secure->host, "::1");
  EXPECT_EQ(secure->port, 443U);
  EXPECT_EQ(secure->target, "/in?x=1");
  EXPECT_EQ(model::parse_web_url("http://example:8080?x")->target, "/?x");
  EXPECT_EQ(model::parse_web_url("http://example:8080/")->port, 8080U);
  for (const char* bad : {"", "example", "http://", "http://:80/", "http://example:/", "http://example:65536/",
                          "http://example:80x/", "http://[::1/", "http://[::1]x80/", "http://a b/", "http://a/#b"}) {
    EXPECT_FALSE(model::parse_web_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace esaas::test
