#include "reconcilers/rules/offer_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::Offer;
using testing::ElementsAreArray;

/// A node that looks for a place, and an offer that has exactly what it needs.
struct Ask {
  model::Resources resources = World::group("data", 3).resources();
  std::string disk_type;
  std::string region;
  bool any_region = false;
  bool preemptible = false;
  Time now = from_us(1'000'000'000'000'000);
  bool agent_in_use = false;
  Offer offer;

  Ask() {
    offer.id = "offer-1";
    offer.agent_id = "agent-1";
    offer.hostname = "127.0.0.1";
    offer.unreserved = {1000, 1024, 2048};  // exactly what World::group asks for
    offer.ports = {{31000, 31001}};
  }
  void add_disk(const char* type, const char* profile, std::int64_t mib) {
    reconcile::OfferedDisk& disk = offer.disks.emplace_back();
    disk.source.set_type(type);
    disk.source.set_root("/disks/" + std::to_string(offer.disks.size()));
    disk.source.set_profile(profile);
    disk.mib = mib;
  }
  [[nodiscard]] reconcile::OfferSubject subject() const {
    return {resources, disk_type, region, any_region, preemptible, now, agent_in_use, offer};
  }
  [[nodiscard]] std::vector<std::string> refused_by() const {
    std::vector<std::string> names;
    const auto refusals = refusals_of(subject());
    for (std::size_t i = 0; i < reconcile::kOfferRules.size(); ++i) {
      if (refusals.test(i)) names.emplace_back(reconcile::kOfferRules[i].name);
    }
    return names;
  }
};

struct Case {
  const char* name;
  std::function<void(Ask&)> change;
  std::vector<std::string> refused_by;  ///< empty: it suits
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class OfferRules : public testing::TestWithParam<Case> {};

TEST_P(OfferRules, RefuseByTheirNames) {
  Ask ask;
  GetParam().change(ask);
  EXPECT_THAT(ask.refused_by(), ElementsAreArray(GetParam().refused_by));
}

INSTANTIATE_TEST_SUITE_P(
    Table, OfferRules,
    testing::Values(
        Case{"exactly_enough", [](Ask&) {}, {}},
        Case{"agent_in_use",
             [](Ask& ask) {
               ask.agent_in_use = true;
               ask.offer.unreserved.cpus_milli = 0;  // nothing else matters there
             },
             {"agent_already_has_a_node_of_this_cluster"}},
        Case{"cpus", [](Ask& ask) { ask.offer.unreserved.cpus_milli = 999; }, {"lacks_cpus"}},
        Case{"mem", [](Ask& ask) { ask.offer.unreserved.mem_mib = 1023; }, {"lacks_mem"}},
        Case{"disk", [](Ask& ask) { ask.offer.unreserved.disk_mib = 0; }, {"lacks_disk"}},
        Case{"one_port", [](Ask& ask) { ask.offer.ports = {{31000, 31000}}; }, {"lacks_ports"}},
        Case{"one_port_twice", [](Ask& ask) { ask.offer.ports = {{9, 9}, {9, 9}}; }, {"lacks_ports"}},
        Case{"no_port", [](Ask& ask) { ask.offer.ports.clear(); }, {"lacks_ports"}},
        Case{"backward_ports", [](Ask& ask) { ask.offer.ports = {{9, 7}}; }, {"lacks_ports"}},
        Case{"two_ranges", [](Ask& ask) { ask.offer.ports = {{9, 9}, {7, 7}}; }, {}},
        Case{"everything",
             [](Ask& ask) {
               ask.offer.unreserved = {};
               ask.offer.ports.clear();
               ask.offer.is_remote = true;
             },
             {"lacks_cpus", "lacks_mem", "lacks_disk", "lacks_ports", "agent_in_another_region"}},
        Case{"maintenance_within_a_day",
             [](Ask& ask) { ask.offer.unavailability = {ask.now + std::chrono::hours{24}, {}}; },
             {"agent_under_maintenance"}},
        Case{"maintenance_that_goes_on",
             [](Ask& ask) { ask.offer.unavailability = {ask.now - std::chrono::hours{1}, std::chrono::hours{2}}; },
             {"agent_under_maintenance"}},
        Case{"maintenance_later",
             [](Ask& ask) { ask.offer.unavailability = {ask.now + std::chrono::hours{25}, {}}; },
             {}},
        Case{"maintenance_that_is_over",
             [](Ask& ask) { ask.offer.unavailability = {ask.now - std::chrono::hours{2}, std::chrono::hours{2}}; },
             {}},
        Case{"remote", [](Ask& ask) { ask.offer.is_remote = true; }, {"agent_in_another_region"}},
        Case{"other_region_than_the_first",
             [](Ask& ask) {
               ask.offer.region = "east";
               ask.region = "west";
             },
             {"agent_in_another_region"}},
        Case{"remote_like_the_first",
             [](Ask& ask) {
               ask.offer.region = ask.region = "west";
               ask.offer.is_remote = true;
             },
             {}},
        Case{"remote_by_constraint",
             [](Ask& ask) {
               ask.offer.region = "east";
               ask.region = "west";
               ask.any_region = true;
             },
             {}},
        Case{"revocable_cpus_are_not_for_all",
             [](Ask& ask) {
               ask.offer.unreserved.cpus_milli = 0;
               ask.offer.revocable.cpus_milli = 1000;
             },
             {"lacks_cpus"}},
        Case{"revocable_cpus",
             [](Ask& ask) {
               ask.preemptible = true;
               ask.offer.unreserved.cpus_milli = 0;
               ask.offer.revocable.cpus_milli = 1000;
             },
             {}},
        Case{"revocable_mem_and_other_cpus",
             [](Ask& ask) {
               ask.preemptible = true;
               ask.offer.unreserved.mem_mib = 0;
               ask.offer.revocable = {.cpus_milli = 999, .mem_mib = 1024, .disk_mib = 0};
             },
             {}},
        Case{"two_kinds_do_not_add_up",
             [](Ask& ask) {
               ask.preemptible = true;
               ask.offer.unreserved.cpus_milli = 999;
               ask.offer.revocable.cpus_milli = 999;
             },
             {"lacks_cpus"}},
        Case{"a_sandbox_is_not_revocable",
             [](Ask& ask) {
               ask.preemptible = true;
               ask.offer.unreserved.disk_mib = 0;
               ask.offer.revocable.disk_mib = 9999;
             },
             {"lacks_disk"}},
        Case{"root_disk_is_no_mount_disk", [](Ask& ask) { ask.disk_type = "mount"; }, {"lacks_disk_type"}},
        Case{"mount",
             [](Ask& ask) {
               ask.disk_type = "mount";
               ask.add_disk("mount", "", 2048);
               ask.offer.unreserved.disk_mib = 0;
             },
             {}},
        Case{"path_is_no_mount",
             [](Ask& ask) {
               ask.disk_type = "mount";
               ask.add_disk("path", "", 9999);
             },
             {"lacks_disk_type"}},
        Case{"small_mounts_do_not_add_up",
             [](Ask& ask) {
               ask.disk_type = "mount";
               ask.add_disk("mount", "", 2047);
               ask.add_disk("mount", "", 2047);
             },
             {"lacks_disk"}},
        Case{"profile",
             [](Ask& ask) {
               ask.disk_type = "ssd";
               ask.add_disk("path", "ssd", 2048);
             },
             {}},
        Case{"other_profile",
             [](Ask& ask) {
               ask.disk_type = "ssd";
               ask.add_disk("path", "hdd", 2048);
             },
             {"lacks_disk_type"}},
        Case{"root_disk_where_others_are",
             [](Ask& ask) {
               ask.offer.unreserved.disk_mib = 100;
               ask.add_disk("mount", "", 9999);
             },
             {"lacks_disk"}},
        Case{"absurd_disk",
             [](Ask& ask) {
               ask.disk_type = "mount";
               ask.add_disk("mount", "", std::int64_t{1} << 40);
             },
             {"lacks_disk"}}),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

TEST(TwoPorts, AreTheLowestTwo) {
  Offer offer;
  offer.ports = {{200, 300}, {100, 100}};
  EXPECT_EQ(reconcile::two_ports(offer), (std::pair<std::uint32_t, std::uint32_t>{100, 200}));
  offer.ports = {{65535, 65535}, {4294967295U, 4294967295U}};
  EXPECT_TRUE(reconcile::two_ports(offer).has_value());
}

}  // namespace
}  // namespace esaas::test
