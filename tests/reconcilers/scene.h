#pragma once
// Scene: a cluster at rest and one observation of it, as plain values that a test changes before it
// asks a reconciler or a rule. Made by the World, so that it is a state that really occurs.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "tests/reconcilers/world.h"

namespace esaas::test {

struct Scene {
  state::Cluster cluster;
  reconcile::Observation observation;
  std::vector<reconcile::Offer> offers = {};
  std::vector<reconcile::LedgerLine> ledger = {};
  state::Operation operation = {};
  reconcile::Settings settings = {};
  Time now;
  mutable std::shared_ptr<reconcile::OfferSet> offer_set = {};  ///< of `offers`, for the last `input`

  /// A group "data" of that many nodes, all of them masters too, green and at rest.
  static Scene at_rest(std::uint32_t nodes) {
    World world(static_cast<int>(nodes) + 2);
    world.create({World::group("data", nodes)});
    ESAAS_ASSERT(world.settle(), world.show());
    Scene scene{.cluster = world.cluster(), .observation = world.observe_now(), .now = world.now};
    scene.settings = world.settings;
    scene.offers = world.offers();
    return scene;
  }

  state::Node& node(std::string_view name) { return *state::find_node(cluster, name); }

  /// An operation is in `input` when it has an id.
  [[nodiscard]] reconcile::Input input() const {
    offer_set = std::make_shared<reconcile::OfferSet>(offers);
    return {.cluster = cluster,
            .operation = operation.id().empty() ? nullptr : &operation,
            .observation = &observation,
            .offers = *offer_set,
            .ledger = ledger,
            .settings = settings,
            .now = now,
            .next_seq = 1000};
  }

  [[nodiscard]] reconcile::Plan plan() const { return reconcile::reconcile(input()); }
  [[nodiscard]] bool plans(std::string_view action) const {
    const auto made = plan();
    return std::ranges::find(made.actions, action, &reconcile::Action::name) != made.actions.end();
  }
  [[nodiscard]] bool holds(std::string_view rule, std::string_view node_name) const {
    const auto made = plan();
    return std::ranges::any_of(made.holds,
                               [&](const auto& hold) { return hold.rule == rule && hold.node == node_name; });
  }
};

}  // namespace esaas::test
