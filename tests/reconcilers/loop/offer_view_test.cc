#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/resources.h"
#include "reconcilers/loop/offer_pool.h"

namespace esaas::loop {
namespace {

mesos::wire::Offer base() {
  mesos::wire::Offer offer;
  offer.mutable_id()->set_value("o1");
  offer.mutable_agent_id()->set_value("a1");
  offer.set_hostname("127.0.0.11");
  offer.mutable_allocation_info()->set_role("es-shop");
  *offer.add_resources() = mesos::scalar_resource("cpus", 1.5, "es-shop");
  *offer.add_resources() = mesos::scalar_resource("mem", 2048, "es-shop");
  *offer.add_resources() = mesos::port_resource(31000, 31009, "es-shop");
  return offer;
}

mesos::wire::Resource reserved_disk(const std::string& principal) {
  const mesos::Reservation reservation{.role = "es-shop",
                                       .principal = principal,
                                       .labels = {{"cluster", "search"}, {"node", "data-0"}, {"place", "v1"}}};
  return mesos::reserved(mesos::scalar_resource("disk", 512, "es-shop"), reservation);
}

TEST(OfferView, CountsWhatIsFree) {
  const auto view = to_view(base(), "esaas");
  EXPECT_EQ(view.unreserved.cpus_milli, 1500);
  EXPECT_EQ(view.unreserved.mem_mib, 2048);
  ASSERT_EQ(view.ports.size(), 1U);
  EXPECT_EQ(view.ports[0].end, 31009U);
  EXPECT_TRUE(view.reserved.empty());
}

TEST(OfferView, ShowsAReservationByItsLabelsAndItsVolume) {
  auto offer = base();
  *offer.add_resources() = mesos::persistent_volume(reserved_disk("esaas"), "v1", "esaas", "data");
  const auto view = to_view(offer, "esaas");
  ASSERT_EQ(view.reserved.size(), 1U);
  EXPECT_EQ(view.reserved[0].cluster, "search");
  EXPECT_EQ(view.reserved[0].node, "data-0");
  EXPECT_EQ(view.reserved[0].quantities.disk_mib, 512);
  EXPECT_TRUE(view.reserved[0].has_volume);
  EXPECT_EQ(view.unreserved.disk_mib, 0);
}

TEST(OfferView, LeavesOutWhatAnotherPrincipalReserved) {
  auto offer = base();
  *offer.add_resources() = reserved_disk("somebody");
  EXPECT_TRUE(to_view(offer, "esaas").reserved.empty());
  EXPECT_EQ(to_view(offer, "esaas").unreserved.disk_mib, 0);
}

mesos::wire::Resource revocable(mesos::wire::Resource resource) {
  resource.mutable_revocable();
  return resource;
}

TEST(OfferView, KeepsRevocableResourcesApart) {
  auto offer = base();
  *offer.add_resources() = revocable(mesos::scalar_resource("cpus", 8, "es-shop"));
  *offer.add_resources() = revocable(mesos::scalar_resource("mem", 100, "es-shop"));
  const auto view = to_view(offer, "esaas");
  EXPECT_EQ(view.unreserved.cpus_milli, 1500);
  EXPECT_EQ(view.unreserved.mem_mib, 2048);
  EXPECT_EQ(view.revocable.cpus_milli, 8000);
  EXPECT_EQ(view.revocable.mem_mib, 100);
}

TEST(OfferView, TakesNothingElseThatIsRevocable) {
  auto offer = base();
  *offer.add_resources() = revocable(mesos::port_resource(32000, 32009, "es-shop"));
  *offer.add_resources() = revocable(reserved_disk("esaas"));
  auto& mount = *offer.add_resources();
  mount = revocable(mesos::scalar_resource("disk", 4096, "es-shop"));
  mount.mutable_disk()->mutable_source()->set_type(mesos::wire::Resource::DiskInfo::Source::MOUNT);
  mount.mutable_disk()->mutable_source()->mutable_mount()->set_root("/mnt/a");
  const auto view = to_view(offer, "esaas");
  ASSERT_EQ(view.ports.size(), 1U);
  EXPECT_EQ(view.ports[0].begin, 31000U);
  EXPECT_TRUE(view.reserved.empty());
  EXPECT_TRUE(view.disks.empty());
  EXPECT_EQ(view.revocable.disk_mib, 0);
}

/// As a master 1.11 writes an offer of an agent with a fixed resource estimator that lends 2 cpus.
TEST(OfferView, ReadsARevocableOfferAsItIsOnTheWire) {
  mesos::wire::Offer offer;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
      id { value: "1c5d-O7" } framework_id { value: "1c5d-0000" } agent_id { value: "1c5d-S0" } hostname: "10.0.0.7"
      resources { name: "ports" type: RANGES ranges { range { begin: 31000 end: 31999 } }
                  allocation_info { role: "es-shop" } }
      resources { name: "disk" type: SCALAR scalar { value: 40960 } allocation_info { role: "es-shop" } }
      resources { name: "cpus" type: SCALAR scalar { value: 0.5 } allocation_info { role: "es-shop" } }
      resources { name: "mem" type: SCALAR scalar { value: 1024 } allocation_info { role: "es-shop" } }
      resources { name: "cpus" type: SCALAR scalar { value: 2 } revocable {} allocation_info { role: "es-shop" } }
      allocation_info { role: "es-shop" })",
                                                            &offer));
  mesos::wire::Offer read;  // through the bytes, as it comes
  ASSERT_TRUE(read.ParseFromString(offer.SerializeAsString()));
  const auto view = to_view(read, "esaas");
  EXPECT_EQ(view.unreserved.cpus_milli, 500);
  EXPECT_EQ(view.unreserved.mem_mib, 1024);
  EXPECT_EQ(view.unreserved.disk_mib, 40960);
  EXPECT_EQ(view.revocable.cpus_milli, 2000);
  EXPECT_EQ(view.revocable.mem_mib, 0);
}

// ---- Disks with a source of their own ----

using Source = mesos::wire::Resource::DiskInfo::Source;

mesos::wire::Resource disk(Source::Type type, const std::string& root, double mib, const std::string& profile = {}) {
  mesos::wire::Resource made = mesos::scalar_resource("disk", mib, "es-shop");
  Source& source = *made.mutable_disk()->mutable_source();
  source.set_type(type);
  if (type == Source::PATH) source.mutable_path()->set_root(root);
  if (type == Source::MOUNT) source.mutable_mount()->set_root(root);
  if (!profile.empty()) source.set_profile(profile);
  return made;
}

TEST(OfferView, ShowsDisksThatHaveASource) {
  auto offer = base();
  *offer.add_resources() = mesos::scalar_resource("disk", 700, "es-shop");
  *offer.add_resources() = disk(Source::MOUNT, "/mnt/a", 2048.5, "ssd");
  *offer.add_resources() = disk(Source::MOUNT, "/mnt/b", 2048);
  *offer.add_resources() = disk(Source::PATH, "/disk", 100);
  *offer.add_resources() = disk(Source::PATH, "/disk", 50);
  *offer.add_resources() = disk(Source::RAW, "", 4096);
  *offer.add_resources() = disk(Source::BLOCK, "", 4096);
  auto& provided = *offer.add_resources();
  provided = disk(Source::MOUNT, "/csi", 4096);
  provided.mutable_provider_id()->set_value("rp-1");
  const auto view = to_view(offer, "esaas");
  EXPECT_EQ(view.unreserved.disk_mib, 700);
  ASSERT_EQ(view.disks.size(), 3U);
  EXPECT_EQ(view.disks[0].source.type(), "mount");
  EXPECT_EQ(view.disks[0].source.root(), "/mnt/a");
  EXPECT_EQ(view.disks[0].source.profile(), "ssd");
  EXPECT_EQ(view.disks[0].mib, 2048);
  EXPECT_EQ(view.disks[1].source.root(), "/mnt/b");
  EXPECT_EQ(view.disks[2].source.type(), "path");
  EXPECT_EQ(view.disks[2].mib, 150);  // one disk, in two pieces
}

TEST(OfferView, ShowsAReservationOnADiskWithASource) {
  auto offer = base();
  auto reserved = reserved_disk("esaas");
  *reserved.mutable_disk()->mutable_source() = disk(Source::MOUNT, "/mnt/a", 512).disk().source();
  *offer.add_resources() = mesos::persistent_volume(reserved, "v1", "esaas", "data");
  const auto view = to_view(offer, "esaas");
  ASSERT_EQ(view.reserved.size(), 1U);
  EXPECT_TRUE(view.reserved[0].has_volume);
  EXPECT_EQ(view.reserved[0].quantities.disk_mib, 512);
  EXPECT_TRUE(view.disks.empty());
}

// ---- Fault domains ----

mesos::wire::DomainInfo domain(const char* region, const char* zone) {
  mesos::wire::DomainInfo made;
  made.mutable_fault_domain()->mutable_region()->set_name(region);
  made.mutable_fault_domain()->mutable_zone()->set_name(zone);
  return made;
}

TEST(OfferView, ShowsTheFaultDomainOfTheAgent) {
  auto offer = base();
  *offer.mutable_domain() = domain("west", "w2");
  auto view = to_view(offer, "esaas", domain("west", "w1"));
  EXPECT_EQ(view.zone, "w2");
  EXPECT_EQ(view.region, "west");
  EXPECT_FALSE(view.is_remote);
  view = to_view(offer, "esaas", domain("east", "e1"));
  EXPECT_EQ(view.zone, "w2");
  EXPECT_TRUE(view.is_remote);
}

TEST(OfferView, AnAgentWithoutADomainIsInTheMasters) {
  const auto view = to_view(base(), "esaas", domain("east", "e1"));
  EXPECT_EQ(view.zone, "e1");
  EXPECT_EQ(view.region, "east");
  EXPECT_FALSE(view.is_remote);
  EXPECT_EQ(to_view(base(), "esaas").zone, "");
  EXPECT_FALSE(to_view(base(), "esaas").is_remote);
}

}  // namespace
}  // namespace esaas::loop
