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

}  // namespace
}  // namespace esaas::es
