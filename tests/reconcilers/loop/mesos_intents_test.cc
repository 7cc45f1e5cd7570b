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

/// A place on the root disk, 500 milli-CPU, 512 MiB memory and 1000 MiB disk, as it is shown when it is free.
std::vector<wire::Resource> free_place(const model::Place& place) {
  const auto made = accept_call("search", place, placing(place), pooled({}), kIdentity);
  std::vector<wire::Resource> shown;
  for (const auto& one : made->accept().operations(2).launch().task_infos(0).resources()) shown.push_back(one);
  return shown;
}

model::Place root_place() {
  model::Place place = place_on("", 1000);
  place.clear_disk_source();
  return place;
}

event::Event growth_to(std::uint32_t cpus, std::uint32_t mem, std::uint32_t disk) {
  event::Event event;
  auto& intent = *event.mutable_place_growth_intended();
  intent.set_node("data-0");
  intent.set_volume_id("v1");
  *intent.mutable_before() = root_place().resources();
  intent.mutable_after()->set_cpus_milli(cpus);
  intent.mutable_after()->set_mem_mib(mem);
  intent.mutable_after()->set_disk_mib(disk);
  intent.set_reserve_operation("r2");
  return event;
}

TEST(MesosIntents, AGrowthReservesOnlyTheDifferenceUnderThePlacesLabels) {
  const auto call = accept_call("search", root_place(), {growth_to(500, 768, 1500)}, pooled({}), kIdentity);
  ASSERT_EQ(call->accept().operations_size(), 1);
  const Operation& operation = call->accept().operations(0);
  EXPECT_EQ(operation.id().value(), "r2");
  ASSERT_EQ(operation.reserve().resources_size(), 2);
  const auto& mem = operation.reserve().resources(0);
  EXPECT_EQ(mem.name(), "mem");
  EXPECT_EQ(mem.scalar().value(), 256);
  EXPECT_EQ(mem.reservations(0).SerializeAsString(), free_place(root_place())[1].reservations(0).SerializeAsString());
  EXPECT_EQ(disk_among(operation.reserve().resources()).scalar().value(), 500);
  EXPECT_FALSE(disk_among(operation.reserve().resources()).has_disk());
}

TEST(MesosIntents, AGrowthOnAPathDiskReservesOfThatDisk) {
  const model::Place place = place_on("path", 1000);
  const PooledOffer offer = pooled({offered_disk(Source::PATH)});
  const auto call = accept_call("search", place, {growth_to(500, 512, 1500)}, offer, kIdentity);
  ASSERT_EQ(call->accept().operations(0).reserve().resources_size(), 1);
  const auto& disk = call->accept().operations(0).reserve().resources(0);
  EXPECT_EQ(disk.scalar().value(), 500);
  EXPECT_EQ(disk.disk().SerializeAsString(), offer.wire.resources(0).disk().SerializeAsString());
}

TEST(MesosIntents, AVolumeGrowsByWhatIsReservedBesideIt) {
  std::vector<wire::Resource> shown = free_place(root_place());
  const wire::Resource volume = shown.back();
  wire::Resource addition =
      disk_among(accept_call("search", root_place(), {growth_to(500, 512, 1500)}, pooled({}), kIdentity)
                     ->accept()
                     .operations(0)
                     .reserve()
                     .resources());
  shown.push_back(addition);
  event::Event event;
  event.mutable_volume_growth_intended()->set_volume_id("v1");
  event.mutable_volume_growth_intended()->set_grow_operation("g1");
  const auto call = accept_call("search", root_place(), {event}, pooled(shown), kIdentity);
  ASSERT_EQ(call->accept().operations_size(), 1);
  const Operation& operation = call->accept().operations(0);
  EXPECT_EQ(operation.type(), Operation::GROW_VOLUME);
  EXPECT_EQ(operation.id().value(), "g1");
  EXPECT_EQ(operation.grow_volume().volume().SerializeAsString(), volume.SerializeAsString());
  EXPECT_EQ(operation.grow_volume().addition().SerializeAsString(), addition.SerializeAsString());
  shown.pop_back();
  EXPECT_FALSE(accept_call("search", root_place(), {event}, pooled(shown), kIdentity)) << "there is nothing to grow by";
}

TEST(MesosIntents, GivingAGrowthBackLeavesThePlaceAsItWas) {
  const auto growth = accept_call("search", root_place(), {growth_to(700, 768, 1500)}, pooled({}), kIdentity);
  std::vector<wire::Resource> added;
  for (const auto& one : growth->accept().operations(0).reserve().resources()) added.push_back(one);
  event::Event event;
  event.mutable_place_growth_release_intended()->set_volume_id("v1");
  event.mutable_place_growth_release_intended()->set_unreserve_operation("u1");
  // While the task runs, the offer shows the addition alone; later it is one with the place, but for the volume.
  std::vector<wire::Resource> merged = free_place(root_place());
  merged[0].mutable_scalar()->set_value(0.7);
  merged[1].mutable_scalar()->set_value(768);
  merged.push_back(added.back());
  for (const auto& shown : {added, merged}) {
    const auto call = accept_call("search", root_place(), {event}, pooled(shown), kIdentity);
    ASSERT_EQ(call->accept().operations_size(), 1);
    const auto& given_back = call->accept().operations(0).unreserve().resources();
    ASSERT_EQ(given_back.size(), 3);
    EXPECT_EQ(given_back[0].scalar().value(), 0.2);
    EXPECT_EQ(given_back[1].scalar().value(), 256);
    EXPECT_EQ(given_back[2].scalar().value(), 500);
  }
}

TEST(MesosIntents, TheRootDiskHasNoSource) {
  model::Place place = place_on("mount", 100);
  place.clear_disk_source();
  const auto call = accept_call("search", place, placing(place), pooled({offered_disk(Source::MOUNT)}), kIdentity);
  EXPECT_FALSE(disk_among(call->accept().operations(0).reserve().resources()).has_disk());
}

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

}  // namespace
}  // namespace esaas::loop
