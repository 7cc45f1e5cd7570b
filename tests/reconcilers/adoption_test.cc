#include "reconcilers/adoption.h"

#include <gtest/gtest.h>

namespace esaas::reconcile {
namespace {

/// Cluster "search" of tenant "shop" with the node "data-0", added by event 10, which lacks a place; and the place of
/// that name and of its size on agent A.
class AdoptionTest : public ::testing::Test {
 protected:
  AdoptionTest() {
    state::Cluster cluster;
    cluster.set_name("search");
    cluster.set_tenant("shop");
    cluster.set_phase(state::CLUSTER_PHASE_RUNNING);
    state::Node& node = *cluster.add_nodes();
    node.set_name("data-0");
    node.set_added_seq(10);
    node.mutable_resources()->set_cpus_milli(1000);
    node.mutable_resources()->set_mem_mib(2048);
    node.mutable_resources()->set_disk_mib(4096);
    state_.clusters.emplace("search", std::move(cluster));
    agent_.agent_id = "A";
    agent_.hostname = "host-a";
    agent_.attributes = {{"rack", "r1"}, {"a", "b"}};
    agent_.zone = "z1";
  }

  state::Cluster& cluster() { return state_.clusters.at("search"); }
  state::Node& node() { return *cluster().mutable_nodes(0); }
  [[nodiscard]] std::optional<model::Place> place() const {
    return place_of(agent_, part_, is_mount_ ? &kMount : nullptr);
  }
  [[nodiscard]] bool is_lacked() const {
    const auto found = place();
    return found && node_that_lacks(state_, part_, *found) != nullptr;
  }
  [[nodiscard]] TaskOwner owner(const std::string& task, const std::string& agent = "A") const {
    return owner_of_task(state_, *model::parse_id(task), agent);
  }
  /// The node has that volume, on agent A.
  void reserve(const std::string& volume) {
    node().set_place_status(state::PLACE_STATUS_RESERVED);
    node().mutable_place()->set_volume_id(volume);
    node().mutable_place()->set_agent_id("A");
  }

  static const model::DiskSource kMount;
  state::FleetState state_;
  Offer agent_;
  ReservedPart part_{.cluster = "search",
                     .node = "data-0",
                     .place = "search.data-0.volume-20",
                     .role = "es-shop",
                     .quantities = {1000, 2048, 4096},
                     .ports = {{31007, 31007}, {31002, 31002}},
                     .has_volume = true,
                     .volume_mib = 4096};
  bool is_mount_ = false;
};

const model::DiskSource AdoptionTest::kMount = [] {
  model::DiskSource source;
  source.set_type("mount");
  source.set_root("/mnt/1");
  return source;
}();

TEST_F(AdoptionTest, APlaceIsRebuiltFromWhatIsReserved) {
  const auto found = place();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->agent_id(), "A");
  EXPECT_EQ(found->hostname(), "host-a");
  EXPECT_EQ(found->volume_id(), "search.data-0.volume-20");
  EXPECT_EQ(found->http_port(), 31002U);
  EXPECT_EQ(found->transport_port(), 31007U);
  EXPECT_EQ(found->resources().disk_mib(), 4096U);
  EXPECT_EQ(found->attributes(0).key(), "a") << "sorted";
  EXPECT_EQ(found->zone(), "z1");
  EXPECT_FALSE(found->has_disk_source());
  EXPECT_TRUE(is_lacked());
}

TEST_F(AdoptionTest, WithoutAVolumeOrTwoPortsItIsNone) {
  part_.has_volume = false;
  EXPECT_FALSE(place().has_value());
  part_.has_volume = true;
  part_.volume_mib = 2048;
  EXPECT_FALSE(place().has_value()) << "disk was reserved for it to grow";
  part_.volume_mib = 4096;
  for (const auto& ports : std::vector<std::vector<PortRange>>{
           {}, {{31000, 31000}}, {{31000, 31002}}, {{31000, 31001}, {31005, 31005}}, {{1, UINT32_MAX}}, {{9, 8}}}) {
    part_.ports = ports;
    EXPECT_FALSE(place().has_value()) << ports.size();
  }
}

struct Change {
  const char* name;
  void (*make)(state::FleetState&, state::Node&, ReservedPart&);
};
class NotLacked : public AdoptionTest, public ::testing::WithParamInterface<Change> {};
TEST_P(NotLacked, IsNotAdopted) {
  GetParam().make(state_, node(), part_);
  EXPECT_FALSE(is_lacked());
}
INSTANTIATE_TEST_SUITE_P(
    Adoption, NotLacked,
    ::testing::Values(
        Change{"OfNoCluster", [](auto& state, auto&, auto&) { state.clusters.clear(); }},
        Change{"OfNoNode", [](auto&, auto&, auto& part) { part.node = "data-1"; }},
        Change{"OfAnotherTenant", [](auto& state, auto&, auto&) { state.clusters.at("search").set_tenant("bank"); }},
        Change{"OfAnEarlierNodeOfThatName", [](auto&, auto&, auto& part) { part.place = "search.data-0.volume-9"; }},
        Change{"OfAnotherNodeByItsId", [](auto&, auto&, auto& part) { part.place = "search.data-1.volume-20"; }},
        Change{"WithAnIdThatIsNoneOfOurs", [](auto&, auto&, auto& part) { part.place = "volume"; }},
        Change{"OfAClusterThatIsDeleted",
               [](auto& state, auto&, auto&) { state.clusters.at("search").set_phase(state::CLUSTER_PHASE_DELETING); }},
        Change{"OfANodeThatLeaves", [](auto&, auto& node, auto&) { node.set_removing(true); }},
        Change{"OfANodeThatHasATask",
               [](auto&, auto& node, auto&) { node.mutable_task()->set_state(model::TASK_STATE_RUNNING); }},
        Change{"OfANodeThatHasAPlace",
               [](auto&, auto& node, auto&) { node.set_place_status(state::PLACE_STATUS_RESERVED); }},
        Change{"OfANodeWhosePlaceComesToBe",
               [](auto&, auto& node, auto&) {
                 node.set_place_status(state::PLACE_STATUS_INTENDED);
                 node.set_reserve_finished(true);
               }},
        Change{"WithFewerCpus", [](auto&, auto&, auto& part) { part.quantities.cpus_milli = 900; }},
        Change{"WithMoreMemory", [](auto&, auto&, auto& part) { part.quantities.mem_mib = 4096; }},
        Change{"WithMoreDisk", [](auto&, auto&, auto& part) { part.quantities.disk_mib = part.volume_mib = 8192; }},
        Change{"WhereAnotherNodeIs",
               [](auto& state, auto&, auto&) {
                 state::Node& other = *state.clusters.at("search").add_nodes();
                 other.set_name("data-1");
                 other.set_place_status(state::PLACE_STATUS_RESERVED);
                 other.mutable_place()->set_agent_id("A");
               }}),
    [](const auto& change) { return std::string(change.param.name); });

TEST_F(AdoptionTest, AnIntentOfWhichNothingCameIsNoPlace) {
  node().set_place_status(state::PLACE_STATUS_INTENDED);
  EXPECT_TRUE(is_lacked());
}

TEST_F(AdoptionTest, ASuspendedClusterHasItsDataBackToo) {
  cluster().set_phase(state::CLUSTER_PHASE_SUSPENDED);
  EXPECT_TRUE(is_lacked());
}

TEST_F(AdoptionTest, AMountDiskMayBeLarger) {
  is_mount_ = true;
  part_.quantities.disk_mib = part_.volume_mib = 99'999;
  EXPECT_TRUE(is_lacked());
  EXPECT_EQ(place()->disk_source().root(), "/mnt/1");
  part_.quantities.disk_mib = part_.volume_mib = 4095;
  EXPECT_FALSE(is_lacked());
}

TEST_F(AdoptionTest, ATaskIsItsNodesWhereTheNodesVolumeIs) {
  reserve("search.data-0.volume-20");
  EXPECT_EQ(owner("search.data-0.task-21"), TaskOwner::kNode);
  EXPECT_EQ(owner("search.data-0.task-21", "B"), TaskOwner::kNobody);
  EXPECT_EQ(owner("search.data-0.task-19"), TaskOwner::kNobody) << "it is older than the volume";
  EXPECT_EQ(owner("search.data-1.task-21"), TaskOwner::kNobody);
  EXPECT_EQ(owner("other.data-0.task-21"), TaskOwner::kNobody);
  node().mutable_task()->set_state(model::TASK_STATE_UNREACHABLE);
  EXPECT_EQ(owner("search.data-0.task-21"), TaskOwner::kNobody) << "the node's own may come back";
  node().mutable_task()->set_state(model::TASK_STATE_FAILED);
  EXPECT_EQ(owner("search.data-0.task-21"), TaskOwner::kNode);
  node().set_release_seq(30);
  EXPECT_EQ(owner("search.data-0.task-21"), TaskOwner::kNobody) << "its place is being given back";
}

TEST_F(AdoptionTest, ATaskOfANodeWithoutAPlaceWaitsForThePlace) {
  EXPECT_EQ(owner("search.data-0.task-21"), TaskOwner::kNodeWithoutPlace);
  EXPECT_EQ(owner("search.data-0.task-9"), TaskOwner::kNobody) << "an earlier node of that name";
  cluster().set_phase(state::CLUSTER_PHASE_SUSPENDED);
  EXPECT_EQ(owner("search.data-0.task-21"), TaskOwner::kNobody);
}

TEST(Policies, HaveNames) {
  for (const auto policy : {OrphanPolicy::kAdopt, OrphanPolicy::kRelease, OrphanPolicy::kKeep}) {
    EXPECT_EQ(orphan_policy_of(name_of(policy)), policy);
  }
  for (const auto policy : {UnknownTaskPolicy::kAdopt, UnknownTaskPolicy::kReport, UnknownTaskPolicy::kKill}) {
    EXPECT_EQ(unknown_task_policy_of(name_of(policy)), policy);
  }
  EXPECT_FALSE(orphan_policy_of("kill").has_value());
  EXPECT_FALSE(unknown_task_policy_of("").has_value());
}

}  // namespace
}  // namespace esaas::reconcile
