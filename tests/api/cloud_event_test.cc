#include "api/serve/cloud_event.h"

#include <gtest/gtest.h>

#include "api/routes/present.h"
#include "api/serve/sinks.h"
#include "store/log/memory_event_log.h"

namespace esaas::api {
namespace {

event::Event node_joined() {
  event::Event event;
  event.set_seq(70'000);
  event.set_time_at_us(1'476'014'400'000'000);
  event.set_tenant("shop");
  event.set_cluster("search");
  event.set_prev_hash(std::string(32, '\x5a'));
  event.mutable_node_joined()->set_node("data-0");
  return event;
}

TEST(CloudEvent, HasWhatTheStandardAsksForAndTheEvent) {
  const auto object = as_cloud_event(node_joined(), "urn:esaas:log:1");
  EXPECT_EQ(object.at("specversion").as_string(), "1.0");
  EXPECT_EQ(object.at("id").as_string(), "70000-5a5a5a5a5a5a5a5a");
  EXPECT_EQ(object.at("source").as_string(), "urn:esaas:log:1");
  EXPECT_EQ(object.at("type").as_string(), "esaas.node_joined");
  EXPECT_EQ(object.at("subject").as_string(), "shop/search");
  EXPECT_EQ(object.at("time").as_string(), "2016-10-09T12:00:00.000000Z");
  EXPECT_EQ(object.at("sequence").as_string(), "00000000000000070000");
  EXPECT_EQ(object.at("datacontenttype").as_string(), "application/json");
  EXPECT_EQ(object.at("data").as_object(), present(node_joined()));
}

TEST(CloudEvent, ASubjectIsNeverEmpty) {
  auto event = node_joined();
  event.clear_cluster();
  EXPECT_EQ(as_cloud_event(event, "urn:x").at("subject").as_string(), "shop");
  event.clear_tenant();
  EXPECT_FALSE(as_cloud_event(event, "urn:x").contains("subject"));
}

TEST(CloudEvent, TheSameSeqOfAnotherHistoryHasAnotherId) {
  auto other = node_joined();
  other.set_prev_hash(std::string(32, '\x33'));
  EXPECT_NE(as_cloud_event(other, "urn:x").at("id"), as_cloud_event(node_joined(), "urn:x").at("id"));
}

TEST(SinkRendering, IsOfTheFormatThatTheSinkTakes) {
  store::MemoryEventLog log;
  event::Event first;
  first.set_seq(1);
  first.mutable_tenant_created()->set_name("shop");
  ASSERT_TRUE(log.append({{first}, {}}));
  model::Sink sink;
  sink.mutable_webhook()->set_url("http://127.0.0.1:9/");
  const auto plain = render_for(sink, node_joined(), log);
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->starts_with(R"({"kind":"node_joined")")) << *plain;
  sink.mutable_webhook()->set_format("cloudevents-batch");
  const auto wrapped = render_for(sink, node_joined(), log);
  ASSERT_TRUE(wrapped);
  EXPECT_NE(wrapped->find(R"("source":"urn:esaas:log:)"), std::string::npos) << *wrapped;
  sink.mutable_kafka();
  EXPECT_EQ(*render_for(sink, node_joined(), log), *plain) << "Kafka has its own way";
}

}  // namespace
}  // namespace esaas::api
