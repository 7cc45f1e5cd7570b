#include "reconcilers/rules/offer_rules.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/reconcilers/scene.h"

namespace esaas::test {
namespace {

using reconcile::Offer;
using reconcile::PlacementAsk;

Offer good_offer() {
  Offer offer;
  offer.id = "offer-1";
  offer.agent_id = "agent-1";
  offer.hostname = "rack-a-1.example";
  offer.attributes["rack"] = "a";
  offer.unreserved = {1000, 1024, 2048};  // exactly what World::group asks for
  offer.ports = {{31000, 31001}};
  return offer;
}

struct Case {
  const char* name;
  std::function<void(Offer&, model::NodeGroup&)> change;
  const char* refused_by;  ///< empty: it suits
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

void constrain(model::NodeGroup& group, const char* attribute, model::ConstraintOperator operator_, const char* value) {
  auto& constraint = *group.add_constraints();
  constraint.set_attribute(attribute);
  constraint.set_operator_(operator_);
  constraint.set_value(value);
}

constexpr auto kLike = model::CONSTRAINT_OPERATOR_LIKE;
constexpr auto kUnlike = model::CONSTRAINT_OPERATOR_UNLIKE;

class OfferRules : public testing::TestWithParam<Case> {};

TEST_P(OfferRules, RefuseByTheirNames) {
  model::NodeGroup group = World::group("data", 3);
  Offer offer = good_offer();
  GetParam().change(offer, group);
  const std::vector<std::string_view> in_use{"agent-7"};
  const PlacementAsk ask(group.resources(), &group, in_use);
  EXPECT_EQ(ask.refusal_of(offer).value_or(""), GetParam().refused_by);
}

INSTANTIATE_TEST_SUITE_P(
    Table, OfferRules,
    testing::Values(
        Case{"exactly_enough", [](Offer&, model::NodeGroup&) {}, ""},
        Case{"agent_in_use", [](Offer& offer, model::NodeGroup&) { offer.agent_id = "agent-7"; },
             "agent_already_has_a_node_of_this_cluster"},
        Case{"cpus", [](Offer& offer, model::NodeGroup&) { offer.unreserved.cpus_milli = 999; }, "lacks_cpus"},
        Case{"mem", [](Offer& offer, model::NodeGroup&) { offer.unreserved.mem_mib = 1023; }, "lacks_mem"},
        Case{"disk", [](Offer& offer, model::NodeGroup&) { offer.unreserved.disk_mib = 0; }, "lacks_disk"},
        Case{"one_port", [](Offer& offer, model::NodeGroup&) { offer.ports = {{31000, 31000}}; }, "lacks_ports"},
        Case{"no_port", [](Offer& offer, model::NodeGroup&) { offer.ports.clear(); }, "lacks_ports"},
        Case{"two_ranges", [](Offer& offer, model::NodeGroup&) { offer.ports = {{9, 9}, {7, 7}}; }, ""},
        Case{"like", [](Offer&, model::NodeGroup& group) { constrain(group, "rack", kLike, "a|b"); }, ""},
        Case{"not_like", [](Offer&, model::NodeGroup& group) { constrain(group, "rack", kLike, "b"); },
             "constraint_rack"},
        Case{"whole_match",
             [](Offer& offer, model::NodeGroup& group) {
               offer.attributes["rack"] = "ab";
               constrain(group, "rack", kLike, "a");
             },
             "constraint_rack"},
        Case{"like_without_the_attribute",
             [](Offer&, model::NodeGroup& group) { constrain(group, "zone", kLike, ".*"); }, "constraint_zone"},
        Case{"unlike", [](Offer&, model::NodeGroup& group) { constrain(group, "rack", kUnlike, "a"); },
             "constraint_rack"},
        Case{"unlike_without_the_attribute",
             [](Offer&, model::NodeGroup& group) { constrain(group, "zone", kUnlike, ".*"); }, ""},
        Case{"hostname", [](Offer&, model::NodeGroup& group) { constrain(group, "hostname", kLike, "rack-a-.*"); }, ""},
        Case{"broken_pattern", [](Offer&, model::NodeGroup& group) { constrain(group, "rack", kUnlike, "("); },
             "constraint_rack"}),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

TEST(TwoPorts, AreTheLowestTwo) {
  Offer offer = good_offer();
  offer.ports = {{200, 300}, {100, 100}};
  EXPECT_EQ(reconcile::two_ports(offer), (std::pair<std::uint32_t, std::uint32_t>{100, 200}));
  offer.ports = {{65535, 65535}, {4294967295U, 4294967295U}};
  EXPECT_TRUE(reconcile::two_ports(offer).has_value());
}

TEST(Placement, TakesTheTightestAgentThenTheLowestId) {
  World world(4);
  world.agents[2].free.mem_mib = 2000;
  world.create({World::group("data", 1)});
  ASSERT_TRUE(world.settle());
  EXPECT_EQ(world.node("data-0").place().agent_id(), "agent-2");
  World even(4);
  even.create({World::group("data", 2)});
  ASSERT_TRUE(even.settle(100));
  EXPECT_EQ(even.node("data-0").place().agent_id(), "agent-0");
  EXPECT_EQ(even.node("data-1").place().agent_id(), "agent-1");
}

TEST(Placement, CountsWhyOffersWereRefused) {
  World world(4);
  world.agents[3].free.mem_mib = 1;
  world.create({World::group("data", 4)});
  EXPECT_FALSE(world.settle(10));
  for (const auto& hold : world.cluster().holds()) {
    EXPECT_TRUE(hold.rule() != "waits_for_offer" || hold.node() == "data-3");
  }
  const auto plan = world.plan();
  const auto hold = std::ranges::find(plan.holds, "waits_for_offer", &reconcile::Hold::rule);
  ASSERT_NE(hold, plan.holds.end());
  std::map<std::string, std::string> basis;
  for (const auto& figure : hold->basis) basis[figure.name()] = figure.value();
  EXPECT_EQ(basis["offers"], "4");
  EXPECT_EQ(basis["agent_already_has_a_node_of_this_cluster"], "3");
  EXPECT_EQ(basis["lacks_mem"], "1");
}

TEST(Placement, WaitsForTheBackOff) {
  Scene scene = Scene::at_rest(3);
  scene.cluster.mutable_spec()->mutable_node_groups(0)->set_count(4);
  auto& node = *scene.cluster.add_nodes();
  node.set_name("data-3");
  node.set_group("data");
  *node.mutable_resources() = scene.cluster.nodes(0).resources();
  node.set_not_before_at_us(to_us(scene.now) + 1);
  EXPECT_FALSE(scene.plans("place_node"));
  EXPECT_TRUE(scene.holds("waits_after_failure", "data-3"));
  EXPECT_FALSE(reconcile::wants_offers(scene.cluster, scene.now));
  scene.now += std::chrono::microseconds{1};
  EXPECT_TRUE(scene.plans("place_node"));
  EXPECT_TRUE(reconcile::wants_offers(scene.cluster, scene.now));
}

}  // namespace
}  // namespace esaas::test
