#include "reconcilers/effects/elasticsearch/requests.h"

#include <gtest/gtest.h>

namespace esaas::es {
namespace {

TEST(SettingsBody, HoldsAllExcludedNodes) {
  event::ExclusionsIntended intent;
  intent.add_nodes("data-1");
  intent.add_nodes("data-3");
  EXPECT_EQ(exclusions_body(intent), R"({"transient":{"cluster.routing.allocation.exclude._name":"data-1,data-3"}})");
}

TEST(SettingsBody, LiftsTheExclusionWithAnEmptyValue) {
  EXPECT_EQ(exclusions_body({}), R"({"transient":{"cluster.routing.allocation.exclude._name":""}})");
}

TEST(SettingsBody, SetsTheQuorumForGood) {
  event::MinimumMasterNodesIntended intent;
  intent.set_value(3);
  EXPECT_EQ(minimum_master_nodes_body(intent), R"({"persistent":{"discovery.zen.minimum_master_nodes":3}})");
}

TEST(SettingsBody, SaysHowManyCopiesAnIndexWaitsFor) {
  EXPECT_EQ(initial_shards_body("all"), R"({"index":{"recovery":{"initial_shards":"all"}}})");
}

event::Event allocation(const std::string& enable) {
  event::Event event;
  event.mutable_allocation_intended()->set_enable(enable);
  return event;
}

TEST(SettingRequest, HoldsAllocationAndTakesItAway) {
  const SettingRequest held = setting_request(allocation("primaries"), "2.3.3");
  EXPECT_EQ(held.method, "PUT");
  EXPECT_EQ(held.path, "/_cluster/settings?master_timeout=2s&timeout=2s");
  EXPECT_EQ(held.body, R"({"transient":{"cluster.routing.allocation.enable":"primaries"}})");
  EXPECT_EQ(setting_request(allocation(""), "5.6.16").body,
            R"({"transient":{"cluster.routing.allocation.enable":null}})");
  EXPECT_EQ(setting_request(allocation(""), "2.3.3").body,
            R"({"transient":{"cluster.routing.allocation.enable":"all"}})");
}

TEST(SettingRequest, TakesVotesAsTheVersionDoes) {
  event::Event event;
  event.mutable_voting_exclusions_intended()->add_nodes("data-1");
  event.mutable_voting_exclusions_intended()->add_nodes("data-2");
  EXPECT_EQ(setting_request(event, "7.17.28").path,
            "/_cluster/voting_config_exclusions?timeout=2s&node_names=data-1,data-2");
  EXPECT_EQ(setting_request(event, "7.2.0").path, "/_cluster/voting_config_exclusions/data-1,data-2?timeout=2s");
  event.mutable_voting_exclusions_intended()->clear_nodes();
  event.mutable_voting_exclusions_intended()->add_nodes("#QLRcULwrSSqjFnPOH54bmQ");
  event.mutable_voting_exclusions_intended()->add_nodes("#nIqwjjrnTJudv6VN_0jGbQ");
  EXPECT_EQ(setting_request(event, "7.17.28").path,
            "/_cluster/voting_config_exclusions?timeout=2s&node_ids=QLRcULwrSSqjFnPOH54bmQ,nIqwjjrnTJudv6VN_0jGbQ");
  event.mutable_voting_exclusions_intended()->clear_nodes();
  EXPECT_EQ(setting_request(event, "7.17.28").method, "DELETE");
  EXPECT_EQ(setting_request(event, "7.17.28").path, "/_cluster/voting_config_exclusions?wait_for_removal=false");
}

TEST(SnapshotBody, NamesIndicesOrMeansAll) {
  EXPECT_EQ(snapshot_body({"a", "b"}, false), R"({"indices":"a,b","include_global_state":false})");
  EXPECT_EQ(snapshot_body({}, true), R"({"include_global_state":true})");
  EXPECT_EQ(repository_body("/mnt/b"), R"({"type":"fs","settings":{"location":"/mnt/b"}})");
}

}  // namespace
}  // namespace esaas::es
