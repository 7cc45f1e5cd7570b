// What goes to Mesos for a place on a disk with a source of its own: the very disk that was offered.
#include "reconcilers/loop/mesos_intents.h"

#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/resources.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using Operation = wire::Offer::Operation;
using Source = wire::Resource::DiskInfo::Source;

const WireIdentity kIdentity{.principal = "esaas", .task_user = "nobody"};

/// With metadata, which the model does not keep, and a size that is no whole MiB.
wire::Resource offered_disk(Source::Type type) {
  wire::Resource disk = mesos::scalar_resource("disk", 4096.25, "es-shop");
  Source& source = *disk.mutable_disk()->mutable_source();
  source.set_type(type);
  if (type == Source::MOUNT) {
    source.mutable_mount()->set_root("/mnt/a");
  } else {
    source.mutable_path()->set_root("/mnt/a");
  }
  source.set_profile("ssd");
  *source.mutable_metadata() = mesos::labels({{"serial", "7"}});
  return disk;
}

PooledOffer pooled(std::vector<wire::Resource> resources) {
  PooledOffer offer;
  offer.wire.mutable_id()->set_value("o1");
  offer.wire.mutable_allocation_info()->set_role("es-shop");
  for (auto& one : resources) *offer.wire.add_resources() = std::move(one);
  offer.view = to_view(offer.wire, "esaas");
  return offer;
}

model::Place place_on(const char* type, std::uint32_t disk_mib) {
  model::Place place;
  place.set_agent_id("a1");
  place.set_http_port(31000);
  place.set_transport_port(31001);
  place.set_volume_id("v1");
  place.mutable_resources()->set_cpus_milli(500);
  place.mutable_resources()->set_mem_mib(512);
  place.mutable_resources()->set_disk_mib(disk_mib);
  place.mutable_disk_source()->set_type(type);
  place.mutable_disk_source()->set_root("/mnt/a");
  place.mutable_disk_source()->set_profile("ssd");
  return place;
}

std::vector<event::Event> placing(const model::Place& place) {
  std::vector<event::Event> events(2);
  auto& intent = *events[0].mutable_place_intended();
  intent.set_node("data-0");
  *intent.mutable_place() = place;
  intent.set_reserve_operation("r1");
  intent.set_create_operation("c1");
  events[1].mutable_task_launch_intended()->set_node("data-0");
  events[1].mutable_task_launch_intended()->set_task_id("t1");
  return events;
}

const wire::Resource& disk_among(const google::protobuf::RepeatedPtrField<wire::Resource>& resources) {
  for (const auto& one : resources) {
    if (one.name() == "disk") return one;
  }
  static const wire::Resource none;
  return none;
}

/// Reserved disk as it was offered: the reservation taken off again.
wire::Resource plain(wire::Resource disk) {
  disk.clear_reservations();
  disk.mutable_disk()->clear_persistence();
  disk.mutable_disk()->clear_volume();
  return disk;
}

TEST(MesosIntents, AMountDiskIsReservedAsItWasOffered) {
  const PooledOffer offer = pooled({offered_disk(Source::MOUNT)});
  const model::Place place = place_on("mount", 4096);
  const auto call = accept_call("search", place, placing(place), offer, kIdentity);
  ASSERT_TRUE(call.has_value());
  ASSERT_EQ(call->accept().operations_size(), 3);
  const auto& reserved = disk_among(call->accept().operations(0).reserve().resources());
  EXPECT_EQ(plain(reserved).SerializeAsString(), offer.wire.resources(0).SerializeAsString());
  const auto& volume = call->accept().operations(1).create().volumes(0);
  EXPECT_EQ(volume.disk().persistence().id(), "v1");
  EXPECT_EQ(plain(volume).SerializeAsString(), offer.wire.resources(0).SerializeAsString());
  const auto& task = call->accept().operations(2).launch().task_infos(0);
  EXPECT_EQ(disk_among(task.resources()).SerializeAsString(), volume.SerializeAsString());
}

TEST(MesosIntents, APathDiskIsReservedInPart) {
  const PooledOffer offer = pooled({offered_disk(Source::PATH)});
  const model::Place place = place_on("path", 1000);
  const auto call = accept_call("search", place, placing(place), offer, kIdentity);
  const auto& reserved = disk_among(call->accept().operations(0).reserve().resources());
  EXPECT_EQ(reserved.scalar().value(), 1000);
  EXPECT_EQ(reserved.disk().SerializeAsString(), offer.wire.resources(0).disk().SerializeAsString());
}

TEST(MesosIntents, ALaterLaunchTakesTheVolumeAsItIsOffered) {
  const model::Place place = place_on("mount", 4096);
  const auto made = accept_call("search", place, placing(place), pooled({offered_disk(Source::MOUNT)}), kIdentity);
  const wire::Resource volume = made->accept().operations(1).create().volumes(0);
  // Another mount disk of the agent that is free, and somebody else's volume, are not taken for it.
  wire::Resource other = offered_disk(Source::MOUNT);
  other.mutable_disk()->mutable_source()->mutable_mount()->set_root("/mnt/b");
  other.mutable_scalar()->set_value(1);
  wire::Resource foreign = volume;
  foreign.mutable_scalar()->set_value(2);
  *foreign.mutable_reservations(0)->mutable_labels() = mesos::labels({{"place", "v2"}});
  const auto launched = accept_call("search", place, {placing(place)[1]}, pooled({other, foreign, volume}), kIdentity);
  ASSERT_EQ(launched->accept().operations_size(), 1);
  const auto& task = launched->accept().operations(0).launch().task_infos(0);
  EXPECT_EQ(disk_among(task.resources()).SerializeAsString(), volume.SerializeAsString());
}

TEST(MesosIntents, GivingItBackLeavesTheSource) {
  const model::Place place = place_on("mount", 4096);
  const auto made = accept_call("search", place, placing(place), pooled({offered_disk(Source::MOUNT)}), kIdentity);
  const wire::Resource volume = made->accept().operations(1).create().volumes(0);
  event::Event release;
  release.mutable_place_release_intended()->set_volume_id("v1");
  release.mutable_place_release_intended()->set_destroy_operation("d1");
  release.mutable_place_release_intended()->set_unreserve_operation("u1");
  const auto call = accept_call("search", place, {release}, pooled({volume}), kIdentity);
  ASSERT_EQ(call->accept().operations_size(), 2);
  EXPECT_EQ(call->accept().operations(0).destroy().volumes(0).SerializeAsString(), volume.SerializeAsString());
  const auto& unreserved = call->accept().operations(1).unreserve().resources(0);
  EXPECT_EQ(unreserved.SerializeAsString(),
            disk_among(made->accept().operations(0).reserve().resources()).SerializeAsString());
}

TEST(MesosIntents, TheRootDiskHasNoSource) {
  model::Place place = place_on("mount", 100);
  place.clear_disk_source();
  const auto call = accept_call("search", place, placing(place), pooled({offered_disk(Source::MOUNT)}), kIdentity);
  EXPECT_FALSE(disk_among(call->accept().operations(0).reserve().resources()).has_disk());
}

}  // namespace
}  // namespace esaas::loop
TEST(MesosIntents, ATransientPlaceIsLaunchedOnWhatTheOfferHasFree) {
  model::Place place = place_on("", 1024);
  place.clear_disk_source();
  place.set_transient(true);
  place.mutable_revocable()->set_cpus_milli(500);
  const auto call = accept_call("search", place, placing(place), pooled({}), kIdentity);
  ASSERT_TRUE(call.has_value());
  ASSERT_EQ(call->accept().operations_size(), 1) << "neither RESERVE nor CREATE";
  const auto& task = call->accept().operations(0).launch().task_infos(0);
  ASSERT_EQ(task.resources_size(), 5);
  for (const auto& resource : task.resources()) {
    EXPECT_EQ(resource.allocation_info().role(), "es-shop");
    EXPECT_TRUE(resource.reservations().empty());
    EXPECT_FALSE(resource.has_disk());
    EXPECT_EQ(resource.has_revocable(), resource.name() == "cpus") << resource.ShortDebugString();
  }
  EXPECT_EQ(disk_among(task.resources()).scalar().value(), 1024);
}

