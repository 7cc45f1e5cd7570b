// What a cluster, an operation and a node say of themselves.
#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

class Why : public testing::Test {
 protected:
  Why() {
    const auto created = api.create_cluster("search");
    api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
    api.add_nodes("search", 3);
  }

  std::string scale() {
    const auto accepted = client->request("POST", "/v1/clusters/search/scale", R"({"group":"data","count":2})",
                                          {{"X-Reason", "fewer are enough"}});
    return std::string(accepted.json().at("operation_id").as_string());
  }

  void hold(const std::string& rule, const std::string& node, const std::string& why, const std::string& figure) {
    event::Event event;
    event.set_cluster("search");
    event.set_tenant("shop");
    auto& began = *event.mutable_hold_began();
    began.set_rule(rule);
    began.set_node(node);
    began.set_why(why);
    began.set_next_check_at_us(to_us(kTestNow + std::chrono::seconds{10}));
    auto& basis = *began.add_basis();
    basis.set_name(figure);
    basis.set_value("7");
    api.front.append(std::move(event));
  }

  json::object why(const std::string& path) {
    const auto answer = client->request("GET", path + "/why");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    return answer.json();
  }

  TestApi api;
  std::unique_ptr<TestClient> client = api.connect();
};

TEST_F(Why, OfAClusterNamesWhoWantsWhatAndWhichRuleHolds) {
  const auto id = scale();
  hold("drain_waits_for_shards", "data-2", "Copies of shards are still moving away from the node.",
       "copies_on_the_node");
  const auto answer = why("/v1/clusters/search");
  const std::string sentence(answer.at("answer").as_string());
  EXPECT_NE(sentence.find("data-2: Copies of shards are still moving away"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("since 2016-10-09T12:00:00"), std::string::npos) << sentence;
  const auto& wanted = answer.at("wanted").at(0).as_object();
  EXPECT_EQ(wanted.at("operation").as_string(), id);
  EXPECT_EQ(wanted.at("reason").as_string(), "fewer are enough");
  EXPECT_FALSE(wanted.at("by").as_string().empty());
  const auto& held = answer.at("held").at(0).as_object();
  EXPECT_EQ(held.at("rule").as_string(), "drain_waits_for_shards");
  EXPECT_EQ(held.at("rule_is_there_because").as_string(), "A node leaves only when it is empty.");
  EXPECT_EQ(held.at("basis").at(0).at("value").as_string(), "7");
  EXPECT_EQ(std::string(answer.at("next").at(0).at("at").as_string()).substr(0, 19), "2016-10-09T12:00:10");
  EXPECT_FALSE(answer.at("lately").as_array().empty());
}

TEST_F(Why, OfAnIdleClusterSaysWhatWasLast) {
  const auto answer = why("/v1/clusters/search");
  EXPECT_TRUE(answer.at("answer").as_string().starts_with("It is as it was asked for, and nothing is held."));
  EXPECT_NE(json::serialize(answer.at("wanted")).find("(create) succeeded"), std::string::npos);
  EXPECT_TRUE(answer.at("held").as_array().empty());
}

TEST_F(Why, OfAnOperationThatRunsWaitsOrIsOver) {
  const auto id = scale();
  hold("policy_replicas_min", "", "An index has too few replicas.", "indices");
  EXPECT_EQ(why("/v1/operations/" + id).at("held").as_array().size(), 0U) << "that is not the operation's";
  hold("keeps_quorum_of_masters", "data-2", "Too few masters would be left.", "other_masters");
  const auto running = why("/v1/operations/" + id);
  ASSERT_EQ(running.at("held").as_array().size(), 1U);
  EXPECT_NE(running.at("answer").as_string().find("keeps_quorum_of_masters"), std::string_view::npos);

  const auto queued =
      client->request("POST", "/v1/clusters/search/scale", R"({"group":"data","count":4})").json().at("operation_id");
  const auto waiting = why("/v1/operations/" + std::string(queued.as_string()));
  EXPECT_EQ(waiting.at("answer").as_string(), "It has not begun: " + id + " is before it.");

  client->request("POST", "/v1/operations/" + id + "/pause");
  EXPECT_NE(why("/v1/operations/" + id).at("answer").as_string().find("paused"), std::string_view::npos);
  api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
  EXPECT_NE(why("/v1/operations/" + id).at("answer").as_string().find("It is over: " + id), std::string_view::npos);
  EXPECT_EQ(client->request("GET", "/v1/operations/op-99999/why").status, 404U);
}

TEST_F(Why, OfANodeTellsItsTaskItsHoldsAndWhatHappenedLately) {
  hold("waits_for_offer", "data-1", "No offer has room for the node.", "offers");
  hold("waits_for_offer", "data-0", "No offer has room for the node.", "offers");
  const auto answer = why("/v1/clusters/search/nodes/data-1");
  EXPECT_EQ(answer.at("subject").as_string(), "node data-1 of cluster search");
  EXPECT_EQ(answer.at("held").as_array().size(), 1U) << "the other node's are not its own";
  EXPECT_NE(json::serialize(answer.at("doing")).find("It has no place yet."), std::string::npos);
  for (const auto& one : answer.at("lately").as_array()) {
    EXPECT_NE(one.at("text").as_string().find("data-1"), std::string_view::npos) << one.at("text").as_string();
  }
  EXPECT_EQ(client->request("GET", "/v1/clusters/search/nodes/data-9/why").status, 404U);
}

TEST_F(Why, AsTextForATerminal) {
  const auto id = scale();
  hold("drain_waits_for_shards", "data-2", "Copies of shards are still moving away from the node.",
       "copies_on_the_node");
  const auto answer = client->request("GET", "/v1/clusters/search/why?format=text");
  ASSERT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.headers.at("content-type").starts_with("text/plain"));
  EXPECT_NE(answer.body.find("wanted\n  scale is under way. (" + id + " by "), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("because: fewer are enough"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("figures: copies_on_the_node=7"), std::string::npos) << answer.body;
}

}  // namespace
}  // namespace esaas::api
