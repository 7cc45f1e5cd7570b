// Secrets that a published change leaves without a reference, and no others.

#include "reconcilers/loop/dropped_secrets.h"

#include <gmock/gmock.h>

namespace esaas::loop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

void refer(model::ProxyAccess& access, const std::string& id, std::uint32_t version) {
  model::ProxyUser& user = *access.add_users();
  user.set_secret_id(id);
  user.set_secret_version(version);
}

std::shared_ptr<const state::Cluster> cluster_with(const std::string& id, std::uint32_t version) {
  state::Cluster cluster;
  refer(*cluster.mutable_spec()->mutable_access(), id, version);
  return std::make_shared<const state::Cluster>(std::move(cluster));
}

std::shared_ptr<const state::Operation> operation_with(const std::string& id, std::uint32_t version) {
  state::Operation operation;
  refer(*operation.mutable_request()->mutable_proxies()->mutable_access(), id, version);
  return std::make_shared<const state::Operation>(std::move(operation));
}

std::shared_ptr<const state::Fleet> head_with_sink(std::uint32_t version) {
  state::Fleet head;
  if (version == 0) return std::make_shared<const state::Fleet>(head);
  model::WebhookSink& webhook = *head.add_sinks()->mutable_sink()->mutable_webhook();
  webhook.set_secret_id("sink/alerts");
  webhook.set_secret_version(version);
  return std::make_shared<const state::Fleet>(head);
}

class DroppedSecrets : public ::testing::Test {
 protected:
  DroppedSecrets() {
    published_.on_replaced([this](const PublishedState::Change& replaced) {
      for (const auto& one : dropped_secrets(replaced, published_)) dropped_.insert(one);
    });
    published_.publish(
        {.seq = 1, .clusters = {{"search", cluster_with("proxy/search/anna", 1)}}, .operations = {}, .head = nullptr});
  }

  PublishedState published_;
  store::SecretReferences dropped_;
};

TEST_F(DroppedSecrets, OfADeletedCluster) {
  EXPECT_THAT(dropped_, IsEmpty());
  published_.publish({.seq = 2, .clusters = {{"search", nullptr}}, .operations = {}, .head = nullptr});
  EXPECT_THAT(dropped_, ElementsAre(Pair("proxy/search/anna", 1U)));
}

TEST_F(DroppedSecrets, OfAPasswordThatANewerOneReplacesAndNotTheNewerOne) {
  published_.publish(
      {.seq = 2, .clusters = {}, .operations = {{"op-2", operation_with("proxy/search/anna", 2)}}, .head = nullptr});
  EXPECT_THAT(dropped_, IsEmpty()) << "the operation waits";
  published_.publish({.seq = 3,
                      .clusters = {{"search", cluster_with("proxy/search/anna", 2)}},
                      .operations = {{"op-2", nullptr}},
                      .head = nullptr});
  EXPECT_THAT(dropped_, ElementsAre(Pair("proxy/search/anna", 1U)));
}

TEST_F(DroppedSecrets, OfAnOperationThatCameToNothing) {
  published_.publish(
      {.seq = 2, .clusters = {}, .operations = {{"op-2", operation_with("proxy/search/bert", 1)}}, .head = nullptr});
  published_.publish({.seq = 3, .clusters = {}, .operations = {{"op-2", nullptr}}, .head = nullptr});
  EXPECT_THAT(dropped_, ElementsAre(Pair("proxy/search/bert", 1U)));
}

TEST_F(DroppedSecrets, NotWhatAnOperationThatWaitsStillRefersTo) {
  published_.publish(
      {.seq = 2, .clusters = {}, .operations = {{"op-3", operation_with("proxy/search/anna", 1)}}, .head = nullptr});
  published_.publish(
      {.seq = 3, .clusters = {{"search", cluster_with("proxy/search/anna", 2)}}, .operations = {}, .head = nullptr});
  EXPECT_THAT(dropped_, IsEmpty());
}

TEST_F(DroppedSecrets, OfASinkThatSignsWithAnotherOneOrIsGone) {
  published_.publish({.seq = 2, .clusters = {}, .operations = {}, .head = head_with_sink(1)});
  published_.publish({.seq = 3, .clusters = {}, .operations = {}, .head = head_with_sink(1)});
  EXPECT_THAT(dropped_, IsEmpty());
  published_.publish({.seq = 4, .clusters = {}, .operations = {}, .head = head_with_sink(2)});
  EXPECT_THAT(dropped_, ElementsAre(Pair("sink/alerts", 1U)));
  published_.publish({.seq = 5, .clusters = {}, .operations = {}, .head = head_with_sink(0)});
  EXPECT_THAT(dropped_, ElementsAre(Pair("sink/alerts", 1U), Pair("sink/alerts", 2U)));
}

TEST_F(DroppedSecrets, OfAKafkaUserWhosePasswordIsAnotherOne) {
  const auto head_with_user = [](std::uint32_t version) {
    state::Fleet head;
    model::KafkaSink& kafka = *head.add_sinks()->mutable_sink()->mutable_kafka();
    kafka.set_secret_id("sink/topic");
    kafka.set_secret_version(version);
    return std::make_shared<const state::Fleet>(head);
  };
  published_.publish({.seq = 2, .clusters = {}, .operations = {}, .head = head_with_user(1)});
  EXPECT_THAT(dropped_, IsEmpty());
  published_.publish({.seq = 3, .clusters = {}, .operations = {}, .head = head_with_user(2)});
  EXPECT_THAT(dropped_, ElementsAre(Pair("sink/topic", 1U)));
}

}  // namespace
}  // namespace esaas::loop
