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

TEST(OfferView, LeavesOutRevocableResources) {
  auto offer = base();
  auto& cpus = *offer.add_resources();
  cpus = mesos::scalar_resource("cpus", 8, "es-shop");
  cpus.mutable_revocable();
  EXPECT_EQ(to_view(offer, "esaas").unreserved.cpus_milli, 1500);
}

}  // namespace
}  // namespace esaas::loop
