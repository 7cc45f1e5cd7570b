// A place that grows where it is, from the offer to the launch on all of it, with a controller that is killed between
// any two steps.
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using Operation = wire::Offer::Operation;

constexpr const char* kRole = "es-shop";

class GrowthTest : public ControllerFixture {
 protected:
  /// "search" has one data node that has joined, of 512 MiB memory and disk, and shall have twice of both.
  void SetUp() override {
    place_search();
    report(wire::TASK_RUNNING);
    settle();
    answer();
    state::FleetState state = controller_->state();
    auto& group = *state.clusters.at("search").mutable_spec()->mutable_node_groups(0);
    group.clear_roles();
    group.add_roles(model::NODE_ROLE_DATA);  // as if its masters were elsewhere: the node can be missed
    group.mutable_resources()->set_mem_mib(1024);
    group.mutable_resources()->set_disk_mib(1024);
    restart(std::move(state));
    answer();
  }

  void restart(state::FleetState state) {
    ports_.calls.clear();
    begin(std::move(state));
    subscribe();
  }
  /// Killed, and started again on what the log says.
  void restart() { restart(controller_->state()); }

  void answer() {
    now_ += std::chrono::seconds{1};
    reconcile::Observation observation;
    observation.observed_at = now_;
    observation.health.set_status(model::HEALTH_STATUS_GREEN);
    observation.nodes = {search_node().name()};
    observation.persistent_settings.emplace();
    controller_->observed("search", observation, now_);
    settle();
  }

  void operation(const std::string& id, wire::OperationState state) {
    Event event;
    event.set_type(Event::UPDATE_OPERATION_STATUS);
    auto& status = *event.mutable_update_operation_status()->mutable_status();
    status.mutable_operation_id()->set_value(id);
    status.set_state(state);
    status.set_message(state == wire::OPERATION_FINISHED ? "" : "cannot be grown");
    status.mutable_uuid()->set_value("u");
    status.mutable_agent_id()->set_value("agent-1");
    give(event);
  }

  /// Of agent-1: what is reserved of the place (its task has stopped), the volume of that size, and disk beside it.
  void offer_place(const std::string& id, double mem, double volume, double beside) {
    const model::Place& place = search_node().place();
    const mesos::Reservation reservation{
        .role = kRole,
        .principal = "esaas",
        .labels = {{"cluster", "search"}, {"node", search_node().name()}, {"place", place.volume_id()}}};
    Event event;
    event.set_type(Event::OFFERS);
    auto& offer = *event.mutable_offers()->add_offers();
    offer.mutable_id()->set_value(id);
    offer.mutable_agent_id()->set_value("agent-1");
    offer.mutable_framework_id()->set_value("fw-1");
    offer.set_hostname("127.0.0.11");
    offer.mutable_allocation_info()->set_role(kRole);
    const auto reserved = [&](wire::Resource resource) { return mesos::reserved(std::move(resource), reservation); };
    *offer.add_resources() = reserved(mesos::scalar_resource("cpus", 1, kRole));
    *offer.add_resources() = reserved(mesos::scalar_resource("mem", mem, kRole));
    *offer.add_resources() = reserved(mesos::port_resource(place.http_port(), place.transport_port(), kRole));
    *offer.add_resources() = mesos::persistent_volume(reserved(mesos::scalar_resource("disk", volume, kRole)),
                                                      place.volume_id(), "esaas", "data");
    if (beside > 0) *offer.add_resources() = reserved(mesos::scalar_resource("disk", beside, kRole));
    give(event);
  }

  /// The only operation of the newest ACCEPT; its id stays in `asked_`.
  [[nodiscard]] Operation newest() {
    const auto accepts = ports_.calls_of(Call::ACCEPT);
    if (accepts.empty() || accepts.back().accept().operations_size() != 1) return {};
    asked_ = accepts.back().accept().operations(0).id().value();
    return accepts.back().accept().operations(0);
  }
  [[nodiscard]] bool asks_about(const std::string& id) const {
    for (const Call& call : ports_.calls_of(Call::RECONCILE_OPERATIONS)) {
      for (const auto& one : call.reconcile_operations().operations()) {
        if (one.operation_id().value() == id) return true;
      }
    }
    return false;
  }

  /// Up to where the volume was asked to grow.
  void grow_volume() {
    offer("o2");
    const Operation reserve = newest();
    operation(reserve.id().value(), wire::OPERATION_FINISHED);
    report(wire::TASK_KILLED);
    settle();
    offer_place("o3", 1024, 512, 512);
  }

  std::string asked_;
};

TEST_F(GrowthTest, GoesOnFromWhereverTheControllerWasKilled) {
  const std::string volume = search_node().place().volume_id();
  offer("o2");
  ASSERT_EQ(newest().type(), Operation::RESERVE);
  EXPECT_EQ(newest().reserve().resources_size(), 2) << "memory and disk";
  restart();
  EXPECT_TRUE(asks_about(asked_));
  offer("o3");
  EXPECT_TRUE(ports_.calls_of(Call::ACCEPT).empty()) << "asked for twice";
  operation(asked_, wire::OPERATION_FINISHED);
  EXPECT_EQ(search_node().growth().status(), state::GROWTH_STATUS_RESERVED);
  EXPECT_TRUE(ports_.calls_of(Call::KILL).empty()) << "nothing is stopped while the health is unknown";
  answer();
  ASSERT_EQ(ports_.calls_of(Call::KILL).size(), 1U);
  restart();
  report(wire::TASK_KILLED);
  settle();
  restart();
  offer_place("o4", 1024, 512, 512);
  ASSERT_EQ(newest().type(), Operation::GROW_VOLUME);
  EXPECT_EQ(newest().grow_volume().addition().scalar().value(), 512);
  restart();
  EXPECT_TRUE(asks_about(asked_));
  operation(asked_, wire::OPERATION_FINISHED);
  EXPECT_FALSE(search_node().has_growth());
  restart();
  offer_place("o5", 1024, 1024, 0);
  const Operation launch = newest();
  ASSERT_EQ(launch.type(), Operation::LAUNCH);
  double disk = 0;
  for (const auto& resource : launch.launch().task_infos(0).resources()) {
    if (resource.disk().persistence().id() == volume) disk = resource.scalar().value();
  }
  EXPECT_EQ(disk, 1024);
  EXPECT_EQ(search_node().place().volume_id(), volume);
  EXPECT_EQ(search_node().failures(), 0U);
}

TEST_F(GrowthTest, ARefusedVolumeIsGivenBackAndTheNodeStartsAsItWas) {
  grow_volume();
  ASSERT_EQ(newest().type(), Operation::GROW_VOLUME);
  operation(asked_, wire::OPERATION_ERROR);
  EXPECT_EQ(search_node().growth().status(), state::GROWTH_STATUS_REFUSED);
  offer_place("o4", 1024, 512, 512);
  const Operation unreserve = newest();
  ASSERT_EQ(unreserve.type(), Operation::UNRESERVE);
  ASSERT_EQ(unreserve.unreserve().resources_size(), 2);
  EXPECT_EQ(unreserve.unreserve().resources(0).scalar().value(), 512);
  EXPECT_EQ(unreserve.unreserve().resources(1).scalar().value(), 512);
  restart();
  EXPECT_TRUE(asks_about(asked_));
  operation(asked_, wire::OPERATION_FINISHED);
  EXPECT_EQ(search_node().growth_refusal(), "cannot be grown");
  offer_place("o5", 512, 512, 0);
  EXPECT_EQ(newest().type(), Operation::LAUNCH);
}

TEST_F(GrowthTest, AReservationThatFailsEndsTheGrowthAndTheTaskRunsOn) {
  offer("o2");
  ASSERT_EQ(newest().type(), Operation::RESERVE);
  operation(asked_, wire::OPERATION_DROPPED);
  EXPECT_FALSE(search_node().has_growth());
  EXPECT_EQ(search_node().growth_refusal(), asked_ + " ended as DROPPED: cannot be grown");
  EXPECT_EQ(search_node().task().state(), model::TASK_STATE_RUNNING);
  EXPECT_TRUE(ports_.calls_of(Call::KILL).empty());
}

}  // namespace
}  // namespace esaas::loop
