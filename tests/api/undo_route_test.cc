// What was done is taken back from the log: what was before, and who has touched it since.
#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "tests/api/test_api.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

class Undo : public testing::Test {
 protected:
  Undo() {
    const auto created = api.create_cluster("search");
    api.finish("search", created.operation_id, model::OPERATION_STATUS_SUCCEEDED);
    created_ = created.operation_id;
  }

  /// Submits and ends it well; its id.
  std::string done(const std::string& method, const std::string& path, const std::string& body) {
    const auto id = begun(method, path, body);
    api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
    return id;
  }
  std::string begun(const std::string& method, const std::string& path, const std::string& body) {
    const auto accepted = client->request(method, "/v1/clusters/search" + path, body);
    EXPECT_EQ(accepted.status, 202U) << path << accepted.body;
    return std::string(accepted.json().at("operation_id").as_string());
  }

  /// As the reconciler of requests would log it.
  void ask(const std::string& operation, const std::vector<std::vector<std::string>>& changes, bool accepted = true,
           unsigned status = 400) {
    event::Event intended;
    intended.set_cluster("search");
    intended.set_tenant("shop");
    intended.set_operation_id(operation);
    auto& payload = *intended.mutable_elasticsearch_request_intended();
    payload.set_purpose("test");
    for (const auto& one : changes) {
      auto& change = *payload.add_changes();
      change.set_scope(one[0]);
      change.set_key(one[1]);
      change.set_before(one[2]);
      change.set_unset_before(one[2].empty());
      change.set_after(one[3]);
      change.set_unset_after(one[3].empty());
    }
    api.front.append(intended);
    event::Event answered;
    answered.set_cluster("search");
    answered.set_tenant("shop");
    answered.set_operation_id(operation);
    answered.mutable_elasticsearch_request_answered()->set_request_seq(api.front.log.last_seq());
    answered.mutable_elasticsearch_request_answered()->set_accepted(accepted);
    answered.mutable_elasticsearch_request_answered()->set_status(accepted ? 200 : status);
    api.front.append(answered);
  }

  TestResponse undo(const std::string& id, const std::string& body = {}, const std::string& query = {}) {
    return client->request("POST", "/v1/operations/" + id + "/undo" + query, body);
  }

  /// The first request of a dry run.
  std::string inverse(const std::string& id, const std::string& body = {}) {
    const auto answer = undo(id, body, "?dry_run=true");
    EXPECT_EQ(answer.status, 200U) << answer.body;
    if (answer.status != 200U) return answer.body;
    auto request = answer.json().at("requests").at(0).as_object();
    EXPECT_EQ(request.at("undoes").as_string(), id);
    request.erase("undoes");
    return json::serialize(request);
  }

  TestApi api;
  std::unique_ptr<TestClient> client = api.connect();
  std::string created_;
};

TEST_F(Undo, AScaleGoesBackToTheCountBefore) {
  const auto id = done("POST", "/scale", R"({"group":"data","count":5})");
  EXPECT_EQ(inverse(id), R"({"scale":{"group":"data","count":3}})");
  const auto preview = undo(id, "", "?dry_run=true").json();
  EXPECT_EQ(preview.at("changes").at(0).as_string(), "The count of group data becomes 3 again.");
  EXPECT_FALSE(preview.at("consequences").as_array().empty());
  const auto answer = undo(id);
  ASSERT_EQ(answer.status, 202U) << answer.body;
  EXPECT_EQ(api.front.cluster("search")->spec().node_groups(0).count(), 3U);
  const auto undoing = client->request("GET", answer.headers.at("location")).json();
  EXPECT_EQ(undoing.at("undoes").as_string(), id);
  EXPECT_NE(client->request("GET", "/v1/audit?cluster=search").body.find("undo of " + id), std::string::npos);
}

TEST_F(Undo, AResizeWithACountGoesBackInOneOperation) {
  const auto id = done("POST", "/resize", R"({"group":"data","resources":{"mem_mib":2048},"count":5})");
  const auto before = api.front.cluster("search")->spec().node_groups(0);
  ASSERT_EQ(before.resources().mem_mib(), 2048U);
  ASSERT_EQ(undo(id).status, 202U);
  const auto after = api.front.cluster("search")->spec().node_groups(0);
  EXPECT_NE(after.resources().mem_mib(), 2048U);
  EXPECT_EQ(after.count(), 3U);
}

TEST_F(Undo, ConfigurationGivesBackValuesAndTakesAwayWhatWasNotThere) {
  done("POST", "/configure", R"({"group":"data","settings":[{"key":"a.a","value":"1"},{"key":"c.c","value":"7"}]})");
  const auto id = done(
      "POST", "/configure",
      R"({"group":"data","settings":[{"key":"a.a","value":"2"},{"key":"b.b","value":"3"},{"key":"c.c","unset":true}]})");
  EXPECT_EQ(inverse(id), R"({"configure":{"group":"data","settings":[{"key":"a.a","value":"1","unset":false},)"
                         R"({"key":"b.b","value":"","unset":true},{"key":"c.c","value":"7","unset":false}]}})");
}

TEST_F(Undo, APluginIsRemovedAndOneThatWasRemovedIsInstalledAsItWas) {
  const auto installed = done("POST", "/plugins", R"({"plugin":{"name":"icu","uri":"file:///icu.zip"}})");
  EXPECT_EQ(inverse(installed), R"({"remove_plugin":{"name":"icu"}})");
  const auto removed = done("DELETE", "/plugins/icu", "");
  EXPECT_EQ(inverse(removed), R"({"install_plugin":{"plugin":{"name":"icu","uri":"file:///icu.zip","sha256":""}}})");
  const auto answer = undo(installed);
  EXPECT_EQ(answer.problem_rule(), "touched_later");
  EXPECT_NE(answer.body.find(removed), std::string::npos) << answer.body;
}

TEST_F(Undo, APluginThatCouldNotBeInstalledLeavesNothingToTakeBack) {
  const auto id = begun("POST", "/plugins", R"({"plugin":{"name":"ik"}})");
  event::Event back;
  back.set_cluster("search");
  back.set_tenant("shop");
  back.set_operation_id(id);
  back.mutable_plugins_changed()->add_before()->set_name("ik");
  back.mutable_plugins_changed()->set_why("Elasticsearch knows no plugin ik.");
  api.front.append(back);
  api.finish("search", id, model::OPERATION_STATUS_FAILED);
  EXPECT_EQ(undo(id).problem_rule(), "changed_something");
}

TEST_F(Undo, SettingsComeBackFromWhatElasticsearchHadBefore) {
  const auto id = begun(
      "PUT", "/settings",
      R"({"persistent":[{"key":"a","value":"2"}],"transient":[{"key":"b","value":"3"},{"key":"c","unset":true}]})");
  EXPECT_EQ(undo(id).problem_rule(), "operation_is_over");
  ask(id, {{"persistent", "a", "1", "2"}, {"transient", "b", "", "3"}, {"transient", "c", "9", ""}});
  api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
  EXPECT_EQ(inverse(id),
            R"({"settings":{"persistent":[{"key":"a","value":"1","unset":false}],)"
            R"("transient":[{"key":"b","value":"","unset":true},{"key":"c","value":"9","unset":false}]}})");
}

TEST_F(Undo, WhatElasticsearchRefusedHasChangedNothing) {
  const auto id = begun("PUT", "/settings", R"({"transient":[{"key":"a","value":"2"}]})");
  ask(id, {{"transient", "a", "1", "2"}}, false);
  api.finish("search", id, model::OPERATION_STATUS_FAILED);
  EXPECT_EQ(undo(id).problem_rule(), "changed_something");
}

TEST_F(Undo, WhatElasticsearchTookInPartComesBack) {
  const auto id = begun("PUT", "/settings", R"({"transient":[{"key":"a.a","value":"2"},{"key":"b.b","value":"3"}]})");
  ask(id, {{"transient", "a.a", "1", "2"}, {"transient", "b.b", "", "3"}}, false, 200);
  api.finish("search", id, model::OPERATION_STATUS_FAILED);
  const std::string back = inverse(id);
  EXPECT_NE(back.find(R"({"key":"a.a","value":"1","unset":false})"), std::string::npos) << back;
}

TEST_F(Undo, ReplicasComeBackIndexByIndex) {
  const auto id = begun("PUT", "/replicas", R"({"replicas":2})");
  ask(id, {{"a", "index.number_of_replicas", "1", "2"}, {"b", "index.number_of_replicas", "0", "2"}});
  ask(id, {{"c", "index.number_of_replicas", "1", "2"}});
  api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
  EXPECT_EQ(undo(id).problem_rule(), "confirm_names_the_cluster") << "b had none";
  const auto preview = undo(id, R"({"confirm":"search"})", "?dry_run=true").json();
  ASSERT_EQ(preview.at("requests").as_array().size(), 2U);
  EXPECT_EQ(json::serialize(preview.at("requests").at(1).at("replicas").at("indices")), R"(["a","c"])");
  const auto answer = undo(id, R"({"confirm":"search"})");
  ASSERT_EQ(answer.status, 202U) << answer.body;
  const auto operations = answer.json().at("operations").as_array();
  ASSERT_EQ(operations.size(), 2U);
  const auto second = client->request("GET", "/v1/operations/" + std::string(operations[1].as_string())).json();
  EXPECT_EQ(second.at("status").as_string(), "queued");
  EXPECT_EQ(second.at("waits_for"), operations[0]);
  EXPECT_EQ(undo(id, R"({"confirm":"search"})").problem_rule(), "taken_back_once");
}

TEST_F(Undo, ALaterReplicasOperationIsNamedByIndexOrPattern) {
  const auto id = begun("PUT", "/replicas", R"({"replicas":2,"indices":["a"]})");
  ask(id, {{"a", "index.number_of_replicas", "1", "2"}});
  api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
  const auto other = begun("PUT", "/replicas", R"({"replicas":1,"indices":["b"]})");
  EXPECT_EQ(inverse(id), R"({"replicas":{"replicas":1,"indices":["a"],"confirm":""}})") << "another index";
  const auto later = begun("PUT", "/replicas", R"({"replicas":3,"indices":["a*"]})");
  const auto answer = undo(id);
  EXPECT_EQ(answer.problem_rule(), "touched_later") << "it waits behind " << other;
  EXPECT_NE(answer.body.find(later), std::string::npos) << answer.body;
}

TEST_F(Undo, WhatAPolicyTouchedSinceIsSaid) {
  const auto id = begun("PUT", "/replicas", R"({"replicas":1,"indices":["a"]})");
  ask(id, {{"a", "index.number_of_replicas", "0", "1"}});
  api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
  ask("", {{"a", "index.number_of_replicas", "1", "2"}});
  const auto answer = undo(id, R"({"confirm":"search"})");
  EXPECT_EQ(answer.problem_rule(), "touched_later");
  EXPECT_NE(answer.body.find("for a policy"), std::string::npos) << answer.body;
}

TEST_F(Undo, PoliciesAndLabelsComeBack) {
  done("PUT", "/policies", R"({"policies":{"replicas_min":1}})");
  const auto id = done("PUT", "/policies", R"({"policies":{"shards_per_node_max":100,"correct":true}})");
  ASSERT_EQ(undo(id).status, 202U);
  EXPECT_EQ(api.front.cluster("search")->spec().policies().replicas_min(), 1U);
  EXPECT_FALSE(api.front.cluster("search")->spec().policies().correct());

  begun("PATCH", "/labels", R"({"labels":[{"key":"team","value":"red"}]})");
  const auto labelled =
      begun("PATCH", "/labels", R"({"labels":[{"key":"team","value":"blue"},{"key":"site","value":"n"}]})");
  ASSERT_EQ(undo(labelled).status, 202U);
  ASSERT_EQ(api.front.cluster("search")->labels_size(), 1);
  EXPECT_EQ(api.front.cluster("search")->labels(0).value(), "red");
}

TEST_F(Undo, ProxiesThatWereAddedAreTakenAway) {
  const auto id = [this] {
    const auto accepted = client->request(
        "POST", "/v1/operations",
        R"({"cluster":"search","request":{"proxies":{"count":2,"access":{"allowed":["10.0.0.0/8"]}}}})");
    EXPECT_EQ(accepted.status, 202U) << accepted.body;
    return std::string(accepted.json().at("operation_id").as_string());
  }();
  api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
  ASSERT_EQ(undo(id).status, 202U);
  EXPECT_EQ(api.front.cluster("search")->spec().node_groups(1).count(), 0U);
  EXPECT_EQ(api.front.cluster("search")->spec().access().allowed_size(), 0);
}

TEST_F(Undo, OfWhoMayComeInKeepsPasswordsAsTheyAre) {
  const auto proxies = [this](const std::string& users) {
    const auto accepted =
        client->request("POST", "/v1/operations",
                        R"({"cluster":"search","request":{"proxies":{"count":1,"access":{"users":[)" + users + "]}}}}");
    EXPECT_EQ(accepted.status, 202U) << accepted.body;
    const std::string id(accepted.json().at("operation_id").as_string());
    api.finish("search", id, model::OPERATION_STATUS_SUCCEEDED);
    return id;
  };
  const std::string ann = R"({"name":"ann","secret_id":"proxy/search/1","secret_version":)";
  const std::string bob = R"({"name":"bob","secret_id":"proxy/search/2","secret_version":1})";
  proxies(ann + "1}");
  const auto password = proxies(ann + "2}");
  EXPECT_NE(undo(password).body.find("only passwords were changed"), std::string::npos);
  const auto added = proxies(ann + "3}," + bob);
  ASSERT_EQ(undo(added, "", "?dry_run=true").status, 200U);
  const auto removed = proxies(ann + "3}");
  EXPECT_NE(undo(removed).body.find("the password of bob was erased"), std::string::npos);
  const auto again = proxies(ann + "4}," + bob);
  ASSERT_EQ(undo(again).status, 202U);
  const auto access = api.front.cluster("search")->spec().access();
  ASSERT_EQ(access.users_size(), 1);
  EXPECT_EQ(access.users(0).secret_version(), 4U);
}

TEST_F(Undo, TakesThePlaceOfWhatIsStillRunning) {
  const auto id = begun("POST", "/configure", R"({"group":"data","settings":[{"key":"a.b","value":"wrong"}]})");
  const auto answer = undo(id);
  ASSERT_EQ(answer.status, 202U) << answer.body;
  EXPECT_EQ(client->request("GET", "/v1/operations/" + id).json().at("status").as_string(), "cancelled");
  EXPECT_EQ(api.front.cluster("search")->active_operation(), answer.json().at("operation_id").as_string());
  EXPECT_EQ(api.front.cluster("search")->spec().node_groups(0).settings_size(), 0);
}

TEST_F(Undo, IsDoneOnceAndCanItselfBeUndone) {
  const auto id = done("POST", "/scale", R"({"group":"data","count":5})");
  const auto first = undo(id);
  const std::string undoing(first.json().at("operation_id").as_string());
  api.finish("search", undoing, model::OPERATION_STATUS_SUCCEEDED);
  const auto again = undo(id);
  EXPECT_EQ(again.problem_rule(), "taken_back_once");
  EXPECT_NE(again.body.find(undoing), std::string::npos);
  EXPECT_EQ(inverse(undoing), R"({"scale":{"group":"data","count":5}})");
}

TEST_F(Undo, ARepeatedKeyGivesTheFirstAnswer) {
  const auto id = done("POST", "/scale", R"({"group":"data","count":5})");
  const TestClient::Headers key{{"Idempotency-Key", "once"}};
  const auto path = "/v1/operations/" + id + "/undo";
  const auto first = client->request("POST", path, "", key);
  ASSERT_EQ(first.status, 202U) << first.body;
  EXPECT_EQ(first.json().at("operations").as_array().size(), 1U);
  const auto again = client->request("POST", path, "", key);
  ASSERT_EQ(again.status, 202U) << again.body;
  EXPECT_EQ(again.json().at("operation_id"), first.json().at("operation_id"));
  EXPECT_TRUE(again.headers.contains("idempotency-replayed"));
  EXPECT_EQ(client->request("POST", path, R"({"reason":"x"})", key).status, 409U) << "another body";
}

TEST_F(Undo, OfSomethingElseIsNamed) {
  const auto restart = done("POST", "/restart", "{}");
  const auto answer = undo(restart);
  EXPECT_EQ(answer.problem_rule(), "has_an_inverse");
  EXPECT_NE(answer.body.find("restart has no inverse"), std::string::npos) << answer.body;
  EXPECT_EQ(undo(created_).problem_rule(), "has_an_inverse");
  EXPECT_EQ(undo("op-99999").status, 404U);
  begun("POST", "/scale", R"({"group":"data","count":5})");
  const auto queued = begun("POST", "/scale", R"({"group":"data","count":6})");
  EXPECT_EQ(undo(queued).problem_rule(), "operation_has_begun");
}

TEST_F(Undo, AWriterBetweenIsNotLost) {
  const auto id = done("POST", "/scale", R"({"group":"data","count":5})");
  const TestClient::Headers old{{"If-Match", "\"1\""}};
  EXPECT_EQ(client->request("POST", "/v1/operations/" + id + "/undo", "", old).problem_rule(), "revision_matches");
}

}  // namespace
}  // namespace esaas::api
