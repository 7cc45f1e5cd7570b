// What agents bring with them besides plain resources: disks of their own, a fault domain, static reservations. The
// real master's agents are those of CMakeLists.txt here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/contract/mesos/masters.h"

namespace esaas::contract {
namespace {

using ::testing::HasSubstr;
using Source = wire::Resource::DiskInfo::Source;

constexpr double kMountMib = 64;
constexpr double kPathMib = 2048;
constexpr const char* kStaticRole = "es-static";
constexpr double kStaticCpus = 1;

embedded::DiskSpec disk(Source::Type type, const std::string& root, double mib) {
  embedded::DiskSpec spec;
  spec.source.set_type(type);
  if (type == Source::MOUNT) {
    spec.source.mutable_mount()->set_root(root);
  } else {
    spec.source.mutable_path()->set_root(root);
  }
  spec.mib = static_cast<std::int64_t>(mib);
  return spec;
}

class AgentsContract : public MasterTest {
 protected:
  [[nodiscard]] std::vector<embedded::AgentSpec> agents() const override {
    std::vector<embedded::AgentSpec> list = {embedded::testing::agent_spec(1), embedded::testing::agent_spec(2)};
    list[0].region = "r1";
    list[0].zone = "z1";
    list[0].disks = {disk(Source::MOUNT, "/mnt/fast", kMountMib), disk(Source::PATH, "/srv/large", kPathMib)};
    list[1].region = "r2";
    list[1].zone = "z2";
    return list;
  }
};

wire::Resource with_amount(wire::Resource resource, double amount) {
  resource.mutable_scalar()->set_value(amount);
  return resource;
}

/// The first resource of the offer that is wanted.
std::optional<wire::Resource> find(const wire::Offer& offer, const std::function<bool(const wire::Resource&)>& wanted) {
  for (const auto& each : offer.resources()) {
    if (wanted(each)) return each;
  }
  return std::nullopt;
}

/// A disk with a source of this type, reserved or not.
std::function<bool(const wire::Resource&)> disk_of(Source::Type type, bool is_reserved) {
  return [=](const wire::Resource& each) {
    return each.disk().has_source() && each.disk().source().type() == type &&
           (each.reservations_size() > 0) == is_reserved;
  };
}

/// Something with so many layers of reservations.
std::function<bool(const wire::Resource&)> layered(const std::string& name, int layers) {
  return [=](const wire::Resource& each) { return each.name() == name && each.reservations_size() == layers; };
}

/// An offer that has such a resource, and the resource.
std::pair<wire::Offer, wire::Resource> take(Framework& framework,
                                            const std::function<bool(const wire::Resource&)>& wanted) {
  const auto offer = framework.take_offer(0, [&](const wire::Offer& each) { return find(each, wanted).has_value(); });
  EXPECT_TRUE(offer) << "no such offer came";
  if (!offer) return {};
  return {*offer, *find(*offer, wanted)};
}

void expect_done(Framework& framework, const std::vector<std::string>& operations) {
  for (const std::string& id : operations) {
    const auto status = framework.next_operation(id);
    ASSERT_TRUE(status) << id;
    EXPECT_EQ(status->state(), wire::OPERATION_FINISHED) << id << ": " << status->message();
  }
}

void expect_refused(Framework& framework, const std::string& id, const std::string& text) {
  const auto status = framework.next_operation(id);
  ASSERT_TRUE(status) << id;
  EXPECT_EQ(status->state(), wire::OPERATION_ERROR) << id;
  EXPECT_THAT(status->message(), HasSubstr(text)) << id;
}

TEST_P(AgentsContract, MountDiskIsTakenWholeOrNotAtAll) {
  auto ours = framework();
  const auto [offer, whole] = take(*ours, disk_of(Source::MOUNT, false));
  ASSERT_EQ(whole.scalar().value(), kMountMib);
  const std::string refusal =
      "does not contain disk(allocated: " + role_ + ")[MOUNT:" + whole.disk().source().mount().root() + "]:32";
  const auto taken = reserved(whole, role_, "n1");
  ours->accept(offer, {reserve({reserved(with_amount(whole, 32), role_, "n1")}, "part"), reserve({taken}, "whole")});
  expect_refused(*ours, "part", refusal);
  expect_done(*ours, {"whole"});

  const auto [again, held] = take(*ours, disk_of(Source::MOUNT, true));
  EXPECT_EQ(held.scalar().value(), kMountMib);
  EXPECT_EQ(held.disk().source().mount().root(), whole.disk().source().mount().root());
  const auto made = volume(taken, "v1");
  ours->accept(again, {create(with_amount(made, 32), "part-volume"), create(made, "volume")});
  expect_refused(*ours, "part-volume", "[MOUNT:" + whole.disk().source().mount().root() + "]:32");
  expect_done(*ours, {"volume"});

  const auto [last, shown] = take(*ours, [](const wire::Resource& each) { return each.disk().has_persistence(); });
  EXPECT_EQ(shown.disk().persistence().id(), "v1");
  EXPECT_EQ(shown.disk().source().type(), Source::MOUNT);
  EXPECT_EQ(shown.scalar().value(), kMountMib);
  ours->accept(last, {destroy(shown, "destroy"), unreserve({taken}, "unreserve")});
  expect_done(*ours, {"destroy", "unreserve"});
  EXPECT_EQ(take(*ours, disk_of(Source::MOUNT, false)).second.scalar().value(), kMountMib);
}

TEST_P(AgentsContract, PathDiskIsDivided) {
  auto ours = framework();
  const auto [offer, whole] = take(*ours, disk_of(Source::PATH, false));
  ASSERT_EQ(whole.scalar().value(), kPathMib);
  const auto part = reserved(with_amount(whole, 100), role_, "n1");
  ours->accept(offer, {reserve({part}, "part"), create(volume(part, "v1"), "volume")});
  expect_done(*ours, {"part", "volume"});
  const auto [again, shown] = take(*ours, disk_of(Source::PATH, true));
  EXPECT_EQ(shown.scalar().value(), 100);
  EXPECT_EQ(shown.disk().persistence().id(), "v1");
  EXPECT_EQ(find(again, disk_of(Source::PATH, false))->scalar().value(), kPathMib - 100);
  ours->accept(again, {destroy(shown, "destroy"), unreserve({part}, "unreserve")});
  expect_done(*ours, {"destroy", "unreserve"});
  EXPECT_EQ(take(*ours, disk_of(Source::PATH, false)).second.scalar().value(), kPathMib);
}

std::string place_of(const wire::Offer& offer) {
  const auto& domain = offer.domain().fault_domain();
  return domain.region().name() + "/" + domain.zone().name();
}

TEST_P(AgentsContract, OffersSayWhereTheAgentIs) {
  auto ours = framework();
  std::set<std::string> seen;
  for (int count = 0; count < 2; ++count) {
    const auto offer = ours->take_offer();
    ASSERT_TRUE(offer) << "two agents are expected";
    seen.insert(place_of(*offer));
  }
  EXPECT_THAT(seen, ::testing::ElementsAre("r1/z1", "r2/z2"));
}

TEST_P(AgentsContract, OtherRegionsAreOfferedToTheRegionAwareOnly) {
  if (is_embedded()) GTEST_SKIP() << "the embedded master has no region of its own";
  Framework ours(master_, role_, encoding());
  auto& capabilities = *ours.info.mutable_capabilities();
  capabilities.erase(std::remove_if(capabilities.begin(), capabilities.end(),
                                    [](const wire::FrameworkInfo::Capability& each) {
                                      return each.type() == wire::FrameworkInfo::Capability::REGION_AWARE;
                                    }),
                     capabilities.end());
  ours.subscribe();
  const auto offer = ours.take_offer();
  ASSERT_TRUE(offer);
  EXPECT_EQ(place_of(*offer), "r1/z1");
  EXPECT_TRUE(ours.stays_without_offers(std::chrono::seconds(1)));
}

TEST_P(AgentsContract, ReservationIsRefinedForASubroleAndComesOffLayerByLayer) {
  const auto base = reserved(scalar("mem", 64, role_), role_, "base");
  {
    auto ours = framework();
    const auto offer = ours->take_offer(0.1, [](const wire::Offer& each) { return sum(each, "mem", false) > 64; });
    ASSERT_TRUE(offer);
    ours->accept(*offer, {reserve({reserved(base, role_, "again")}, "same-role"), reserve({base}, "base")});
    expect_refused(*ours, "same-role",
                   "Invalid refined reservation: role '" + role_ + "' is not a refinement of '" + role_ + "'");
    expect_done(*ours, {"base"});
  }
  const std::string below = role_ + "/n";
  auto ours = framework(below);
  auto allocated = base;
  allocated.mutable_allocation_info()->set_role(below);
  const auto refined = reserved(allocated, below, "refined");
  const auto [offer, shown] = take(*ours, layered("mem", 1));
  EXPECT_EQ(shown.reservations(0).role(), role_);
  ours->accept(offer, {reserve({refined}, "refine")});
  expect_done(*ours, {"refine"});
  const auto [again, two] = take(*ours, layered("mem", 2));
  EXPECT_EQ(two.reservations(1).role(), below);
  EXPECT_EQ(two.reservations(1).labels().labels(0).value(), "refined");
  ours->accept(again, {unreserve({refined}, "one"), unreserve({allocated}, "other")});
  expect_done(*ours, {"one", "other"});
}

/// Which is why the controller leaves static reservations alone: the role that they are for cannot label them.
TEST_P(AgentsContract, StaticReservationIsRefinedForASubroleOnlyAndComesBackAsItWas) {
  if (is_embedded()) GTEST_SKIP() << "agents of the embedded Mesos have no static reservations";
  wire::Resource fixed;
  {
    auto ours = framework(kStaticRole);
    const auto [offer, shown] = take(*ours, layered("cpus", 1));
    ASSERT_EQ(shown.scalar().value(), kStaticCpus);
    EXPECT_EQ(shown.reservations(0).type(), wire::Resource::ReservationInfo::STATIC);
    fixed = with_amount(shown, 0.5);
    ours->accept(offer, {reserve({reserved(fixed, kStaticRole, "n1")}, "same-role"), unreserve({fixed}, "fixed")});
    expect_refused(*ours, "same-role",
                   "Invalid refined reservation: role 'es-static' is not a refinement of 'es-static'");
    expect_refused(*ours, "fixed", "is not dynamically reserved");
  }
  const std::string below = std::string(kStaticRole) + "/" + role_;
  auto ours = framework(below);
  fixed.mutable_allocation_info()->set_role(below);
  const auto refined = reserved(fixed, below, "n1");
  const auto [offer, shown] = take(*ours, layered("cpus", 1));
  EXPECT_EQ(shown.scalar().value(), kStaticCpus);
  ours->accept(offer, {reserve({refined}, "refine")});
  expect_done(*ours, {"refine"});
  const auto [again, two] = take(*ours, layered("cpus", 2));
  EXPECT_EQ(two.scalar().value(), 0.5);
  EXPECT_EQ(two.reservations(0).type(), wire::Resource::ReservationInfo::STATIC);
  EXPECT_EQ(two.reservations(1).labels().labels(0).value(), "n1");
  ours->accept(again, {unreserve({refined}, "undo")});
  expect_done(*ours, {"undo"});
  EXPECT_EQ(take(*ours, layered("cpus", 1)).second.scalar().value(), kStaticCpus);
}

INSTANTIATE_TEST_SUITE_P(Masters, AgentsContract, kMasters, name_of_master);

}  // namespace
}  // namespace esaas::contract
