// The lists of snapshots and repositories: what Elasticsearch says now, with who made each from the log.

#include <gtest/gtest.h>
#include <boost/json/array.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

class SnapshotRoutes : public ::testing::Test {
 protected:
  SnapshotRoutes() {
    api_.create_cluster("search");
    reconcile::Observation& seen = api_.front.observation.emplace();
    seen.health.set_status(model::HEALTH_STATUS_GREEN);
    seen.repositories = {"backup", "broken"};
    seen.asked.snapshots = {{"backup", ""}};
    seen.snapshots = {{.repository = "backup",
                       .name = "monday",
                       .state = "SUCCESS",
                       .reason = "",
                       .started_at_us = 1'476'014'400'000'000,
                       .ended_at_us = 1'476'014'460'000'000,
                       .shards = 10,
                       .failed = 0},
                      {.repository = "backup",
                       .name = "esaas-search-20161010-120000",
                       .state = "PARTIAL",
                       .reason = "shard lost",
                       .started_at_us = 1'476'100'800'000'000,
                       .ended_at_us = 1'476'100'860'000'000,
                       .shards = 10,
                       .failed = 1},
                      {.repository = "backup",
                       .name = "by-hand",
                       .state = "IN_PROGRESS",
                       .reason = "",
                       .started_at_us = 1'476'000'000'000'000,
                       .ended_at_us = 0,
                       .shards = 0,
                       .failed = 0}};
  }

  /// A request to Elasticsearch, and its answer.
  std::uint64_t ask(const std::string& purpose, const std::string& subject, const std::string& operation, bool accepted,
                    const std::string& body = {}) {
    event::Event intent;
    intent.set_cluster("search");
    intent.set_tenant("shop");
    intent.set_operation_id(operation);
    intent.mutable_elasticsearch_request_intended()->set_purpose(purpose);
    intent.mutable_elasticsearch_request_intended()->set_subject(subject);
    intent.mutable_elasticsearch_request_intended()->set_body(body);
    api_.front.append(std::move(intent));
    const std::uint64_t seq = api_.front.log.last_seq();
    event::Event answer;
    answer.set_cluster("search");
    answer.set_tenant("shop");
    answer.set_operation_id(operation);
    answer.mutable_elasticsearch_request_answered()->set_request_seq(seq);
    answer.mutable_elasticsearch_request_answered()->set_purpose(purpose);
    answer.mutable_elasticsearch_request_answered()->set_accepted(accepted);
    api_.front.append(std::move(answer));
    return seq;
  }

  TestApi api_;
  std::unique_ptr<TestClient> client_ = api_.connect();
};

TEST_F(SnapshotRoutes, EachSnapshotIsThereWithWhoTookIt) {
  const auto taken = ask("take_snapshot", "backup/monday", "op-7", true);
  ask("take_snapshot", "backup/monday", "op-9", false);  // the name was taken
  ask("policy_take_snapshot", "backup/esaas-search-20161010-120000", "", true);
  const auto answer = client_->request("GET", "/v1/clusters/search/snapshots?repository=backup");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto items = answer.json().at("items").as_array();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].at("snapshot").as_string(), "by-hand") << "what is being taken comes first";
  EXPECT_EQ(items[0].at("state").as_string(), "in_progress");
  EXPECT_EQ(items[0].at("taken_by").at("kind").as_string(), "unknown");
  EXPECT_FALSE(items[0].as_object().contains("ended_at"));
  EXPECT_EQ(items[1].at("state").as_string(), "partial");
  EXPECT_EQ(items[1].at("reason").as_string(), "shard lost");
  EXPECT_EQ(items[1].at("failed_shards").as_int64(), 1);
  EXPECT_EQ(items[1].at("taken_by").at("kind").as_string(), "policy");
  EXPECT_EQ(items[1].at("taken_by").at("policy").as_string(), "policy_snapshots");
  EXPECT_EQ(items[2].at("repository").as_string(), "backup");
  EXPECT_EQ(items[2].at("started_at").as_string(), "2016-10-09T12:00:00.000000Z");
  EXPECT_EQ(items[2].at("ended_at").as_string(), "2016-10-09T12:01:00.000000Z");
  EXPECT_EQ(items[2].at("taken_by").at("operation_id").as_string(), "op-7");
  EXPECT_EQ(items[2].at("taken_by").at("seq").as_int64(), static_cast<std::int64_t>(taken));
}

TEST_F(SnapshotRoutes, ARepositoryThatCannotBeReadIsNamed) {
  const auto all = client_->request("GET", "/v1/clusters/search/snapshots");
  ASSERT_EQ(all.status, 200U) << all.body;
  EXPECT_EQ(all.json().at("items").as_array().size(), 3U);
  EXPECT_EQ(all.json().at("unread_repositories").as_array()[0].as_string(), "broken");
  EXPECT_EQ(client_->request("GET", "/v1/clusters/search/snapshots?repository=broken").status, 503U);
  const auto none = client_->request("GET", "/v1/clusters/search/snapshots?repository=elsewhere");
  EXPECT_EQ(none.status, 404U);
  EXPECT_EQ(none.problem_rule(), "known_repository");
}

TEST_F(SnapshotRoutes, RepositoriesSayWhereTheyAreAndWhoRegisteredThem) {
  ask("register_repository", "backup", "op-3", true, R"({"type":"fs","settings":{"location":"/shared/shop/backup"}})");
  const auto answer = client_->request("GET", "/v1/clusters/search/repositories");
  ASSERT_EQ(answer.status, 200U) << answer.body;
  const auto items = answer.json().at("items").as_array();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].at("repository").as_string(), "backup");
  EXPECT_EQ(items[0].at("location").as_string(), "/shared/shop/backup");
  EXPECT_EQ(items[0].at("registered_by").at("operation_id").as_string(), "op-3");
  EXPECT_EQ(items[1].at("registered_by").at("kind").as_string(), "unknown");
}

TEST_F(SnapshotRoutes, NothingIsShownToOthersNorMadeUpWhileNobodyAnswers) {
  auto stranger = api_.connect(api_.make_token(model::TOKEN_ROLE_VIEWER, "games"));
  EXPECT_EQ(stranger->request("GET", "/v1/clusters/search/snapshots").status, 404U);
  EXPECT_EQ(stranger->request("GET", "/v1/clusters/search/repositories").status, 404U);
  api_.front.observation.reset();
  EXPECT_EQ(client_->request("GET", "/v1/clusters/search/snapshots").status, 503U);
  EXPECT_EQ(client_->request("GET", "/v1/clusters/search/repositories").status, 503U);
}

}  // namespace
}  // namespace esaas::api
