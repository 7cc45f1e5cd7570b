// How much data a change moves: the figures, and what is said when they are not known.

#include "reconcilers/data_moved.h"

#include <gmock/gmock.h>

namespace esaas::reconcile {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kGib = 1024U * 1024U * 1024U;

/// Three data nodes that keep 1, 2 and 3 GiB of index "logs" (two shards, each with one replica, 6 GiB in all).
struct Scene {
  state::Cluster cluster;
  Observation seen;

  Scene() {
    cluster.set_name("search");
    model::NodeGroup& group = *cluster.mutable_spec()->add_node_groups();
    group.set_name("data");
    group.add_roles(model::NODE_ROLE_MASTER);
    group.add_roles(model::NODE_ROLE_DATA);
    group.set_count(3);
    group.mutable_resources()->set_mem_mib(1024);
    seen.health.set_status(model::HEALTH_STATUS_GREEN);
    seen.health.set_data_nodes(3);
    seen.asked.stores = true;
    for (std::uint64_t i = 0; i < 3; ++i) {
      state::Node& node = *cluster.add_nodes();
      node.set_name("data-" + std::to_string(i));
      node.set_group("data");
      *node.mutable_resources() = group.resources();
      node.set_place_status(state::PLACE_STATUS_RESERVED);
      node.mutable_place()->set_volume_id("v" + std::to_string(i));
      node.set_ever_joined(true);
      seen.stores.push_back({.node = node.name(), .indices = {{"logs", (i + 1) * kGib}}});
    }
    seen.indices.push_back({.name = "logs", .shards = 2, .replicas = 1, .auto_expand_replicas = {}});
    for (const auto& [shard, primary, node] :
         {std::tuple{0U, true, "data-0"}, {0U, false, "data-1"}, {1U, true, "data-2"}, {1U, false, "data-2"}}) {
      seen.shards.push_back({"logs", shard, primary, ShardState::kStarted, node, ""});
    }
  }

  [[nodiscard]] DataMoved of(const model::Request& request) const {
    EXPECT_TRUE(moves_what_nodes_keep(request));
    return data_moved(cluster, request, &seen, "").value();
  }
};

model::Request scale(std::uint32_t count) {
  model::Request request;
  request.mutable_scale()->set_group("data");
  request.mutable_scale()->set_count(count);
  return request;
}

model::Request resize(std::uint32_t mem_mib) {
  model::Request request;
  request.mutable_resize()->set_group("data");
  request.mutable_resize()->mutable_resources()->set_mem_mib(mem_mib);
  return request;
}

TEST(DataMoved, ScaleInMovesWhatTheNodesKeepThatLeave) {
  const DataMoved moved = Scene().of(scale(1));
  EXPECT_EQ(moved.least, 5 * kGib) << "data-2 and data-1 leave";
  EXPECT_EQ(moved.most, 5 * kGib);
  EXPECT_FALSE(moved.estimated);
  EXPECT_THAT(sentence_of(moved), HasSubstr("5 GiB move from node to node."));
}

TEST(DataMoved, ScaleOutIsAnEstimateByEqualShares) {
  const DataMoved moved = Scene().of(scale(4));
  EXPECT_EQ(moved.most, 6 * kGib / 4);
  EXPECT_TRUE(moved.estimated);
  EXPECT_THAT(sentence_of(moved), HasSubstr("About 1.5 GiB move"));
  EXPECT_THAT(sentence_of(moved), HasSubstr("each of 4 data nodes comes to hold an equal share"));
}

TEST(DataMoved, NewNodesWithoutDataGetNone) {
  Scene scene;
  model::NodeGroup& masters = *scene.cluster.mutable_spec()->add_node_groups();
  masters.set_name("masters");
  masters.add_roles(model::NODE_ROLE_MASTER);
  model::Request request = scale(3);
  request.mutable_scale()->set_group("masters");
  EXPECT_EQ(scene.of(request).most, 0U);
}

TEST(DataMoved, ALargerSizeMayGrowInPlaceAndASmallerOneMoves) {
  const DataMoved larger = Scene().of(resize(2048));
  EXPECT_EQ(larger.least, 0U);
  EXPECT_EQ(larger.most, 6 * kGib);
  EXPECT_THAT(sentence_of(larger), HasSubstr("Between 0 bytes and 6 GiB move"));
  const DataMoved smaller = Scene().of(resize(512));
  EXPECT_EQ(smaller.least, 6 * kGib);
  EXPECT_EQ(smaller.most, 6 * kGib);
}

TEST(DataMoved, ANodeWhosePlaceCouldNotGrowIsReplacedForSure) {
  Scene scene;
  scene.cluster.mutable_nodes(0)->mutable_growth_refused()->set_mem_mib(2048);
  EXPECT_EQ(scene.of(resize(2048)).least, 1 * kGib);
}

TEST(DataMoved, SizeAndCountAtOnceCountEachNodeOnce) {
  model::Request request = resize(512);
  request.mutable_resize()->set_count(1);
  EXPECT_EQ(Scene().of(request).least, 6 * kGib) << "two leave, the third is replaced";
  request.mutable_resize()->set_count(6);
  EXPECT_EQ(Scene().of(request).least, 9 * kGib) << "all are replaced, and three new ones get a half";
}

TEST(DataMoved, ReplicasAreCopiedOrDropped) {
  model::Request request;
  request.mutable_replicas()->set_replicas(2);
  const DataMoved more = Scene().of(request);
  EXPECT_EQ(more.most, 3 * kGib) << "two more copies where four are 6 GiB";
  EXPECT_EQ(more.dropped, 0U);
  EXPECT_TRUE(more.estimated);
  request.mutable_replicas()->set_replicas(7);
  EXPECT_EQ(Scene().of(request).most, 3 * kGib) << "there is no node for more";
  request.mutable_replicas()->set_replicas(0);
  const DataMoved fewer = Scene().of(request);
  EXPECT_EQ(fewer.most, 0U);
  EXPECT_EQ(fewer.dropped, 3 * kGib);
  EXPECT_THAT(sentence_of(fewer), HasSubstr("About 3 GiB are dropped."));
  request.mutable_replicas()->add_indices("other-*");
  EXPECT_EQ(Scene().of(request).dropped, 0U);
}

TEST(DataMoved, ReplicasThatFollowTheNodesAreLeftAlone) {
  Scene scene;
  scene.seen.indices.front().auto_expand_replicas = "0-1";
  model::Request request;
  request.mutable_replicas()->set_replicas(2);
  EXPECT_EQ(scene.of(request).most, 0U);
}

TEST(DataMoved, ADeleteDropsAll) {
  model::Request request;
  request.mutable_delete_();
  EXPECT_EQ(Scene().of(request).dropped, 6 * kGib);
}

TEST(DataMoved, RestartsMoveNothingAndNeedNoAnswer) {
  model::Request request;
  for (const auto make :
       {+[](model::Request& one) { one.mutable_restart(); }, +[](model::Request& one) { one.mutable_upgrade(); },
        +[](model::Request& one) { one.mutable_configure(); },
        +[](model::Request& one) { one.mutable_install_plugin(); },
        +[](model::Request& one) { one.mutable_suspend(); }}) {
    make(request);
    EXPECT_FALSE(moves_what_nodes_keep(request));
    const auto moved = data_moved(Scene().cluster, request, nullptr, "");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->most, 0U);
    EXPECT_EQ(moved->unknown, "");
    EXPECT_THAT(sentence_of(*moved), HasSubstr("No data moves from node to node. Each node comes back with its own"));
  }
  request.mutable_label();
  EXPECT_FALSE(data_moved(Scene().cluster, request, nullptr, ""));
}

TEST(DataMoved, SilenceIsUnknownAndSaysWhy) {
  Scene scene;
  const auto moved = data_moved(scene.cluster, scale(2), nullptr, "no node of cluster search answers");
  ASSERT_TRUE(moved);
  EXPECT_EQ(sentence_of(*moved), "How much data moves is not known: no node of cluster search answers.");
  scene.seen.asked.stores = false;
  EXPECT_THAT(scene.of(scale(2)).unknown, HasSubstr("did not say how much they keep"));
  scene.seen.asked.stores = true;
  scene.seen.stores.pop_back();
  EXPECT_THAT(scene.of(scale(2)).unknown, HasSubstr("node data-2 did not say"));
  EXPECT_THAT(scene.of(scale(4)).unknown, HasSubstr("node data-2 did not say"));
}

TEST(DataMoved, BytesHaveTheirUnits) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1), "1 byte");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(1024), "1 KiB");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(40 * kGib), "40 GiB");
  EXPECT_EQ(bytes_text(UINT64_MAX), "16384 PiB");
}

}  // namespace
}  // namespace esaas::reconcile
