// A preemptible node through the whole loop: what goes to Mesos, and what follows when it is taken away.
#include <gtest/gtest.h>

#include "reconcilers/effects/mesos/resources.h"
#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;

class TransientPlacesTest : public ControllerFixture {
 protected:
  /// "search" with a node of data on agent-1, and a preemptible one that waits for an offer.
  void begin_search() {
    subscribe();
    submit(command::CreateTenant{"shop"});
    Submission submission = create("search");
    auto& group = *std::get<command::SubmitOperation>(submission.command)
                       .request.mutable_create()
                       ->mutable_spec()
                       ->add_node_groups();
    group.set_name("front");
    group.add_roles(model::NODE_ROLE_COORDINATING);
    group.set_preemptible(true);
    group.set_count(1);
    group.mutable_resources()->set_cpus_milli(500);
    group.mutable_resources()->set_mem_mib(512);
    group.mutable_resources()->set_disk_mib(256);
    ASSERT_TRUE(submit(std::move(submission)).has_value());
    offer("o1");
    ASSERT_EQ(ports_.calls_of(Call::ACCEPT).size(), 1U);
  }

  [[nodiscard]] const state::Node& front() const { return controller_->state().find_cluster("search")->nodes(1); }

  static wire::Resource allocated(wire::Resource resource, bool is_revocable = false) {
    if (is_revocable) resource.mutable_revocable();
    return resource;
  }

  /// Of another agent that has processors only to lend.
  void offer_lent(const std::string& id, const std::string& agent = "agent-2") {
    Event event;
    event.set_type(Event::OFFERS);
    auto& offer = *event.mutable_offers()->add_offers();
    offer.mutable_id()->set_value(id);
    offer.mutable_agent_id()->set_value(agent);
    offer.mutable_framework_id()->set_value("fw-1");
    offer.set_hostname("127.0.0.12");
    offer.mutable_allocation_info()->set_role("es-shop");
    *offer.add_resources() = allocated(mesos::scalar_resource("cpus", 2, "es-shop"), true);
    *offer.add_resources() = mesos::scalar_resource("mem", 4096, "es-shop");
    *offer.add_resources() = mesos::scalar_resource("disk", 4096, "es-shop");
    *offer.add_resources() = mesos::port_resource(31000, 31099, "es-shop");
    give(event);
  }

  void say(wire::TaskState state, std::optional<wire::TaskStatus::Reason> reason = {}) {
    Event event;
    event.set_type(Event::UPDATE);
    auto& status = *event.mutable_update()->mutable_status();
    status.mutable_task_id()->set_value(front().task().task_id());
    status.mutable_agent_id()->set_value("agent-2");
    status.set_state(state);
    status.set_uuid("u");
    if (reason) status.set_reason(*reason);
    give(event);
  }
};

TEST_F(TransientPlacesTest, AcceptNamesTheVeryResources) {
  begin_search();
  offer_lent("o2");
  const auto accepts = ports_.calls_of(Call::ACCEPT);
  ASSERT_EQ(accepts.size(), 2U);
  ASSERT_EQ(accepts[1].accept().offer_ids(0).value(), "o2");
  ASSERT_EQ(accepts[1].accept().operations_size(), 1);
  ASSERT_EQ(accepts[1].accept().operations(0).type(), wire::Offer::Operation::LAUNCH);
  const auto& task = accepts[1].accept().operations(0).launch().task_infos(0);
  wire::TaskInfo want;
  *want.add_resources() = allocated(mesos::scalar_resource("cpus", 0.5, "es-shop"), true);
  *want.add_resources() = mesos::scalar_resource("mem", 512, "es-shop");
  *want.add_resources() = mesos::scalar_resource("disk", 256, "es-shop");
  *want.add_resources() = mesos::port_resource(31000, 31000, "es-shop");
  *want.add_resources() = mesos::port_resource(31001, 31001, "es-shop");
  ASSERT_EQ(task.resources_size(), want.resources_size());
  for (int i = 0; i < want.resources_size(); ++i) {
    EXPECT_EQ(task.resources(i).SerializeAsString(), want.resources(i).SerializeAsString())
        << task.resources(i).ShortDebugString();
  }
  EXPECT_EQ(task.task_id().value(), front().task().task_id());
  EXPECT_EQ(front().place_status(), state::PLACE_STATUS_TRANSIENT);
}

TEST_F(TransientPlacesTest, APreemptedNodeIsPlacedAnewWithTheNextOffer) {
  begin_search();
  offer_lent("o2");
  say(wire::TASK_RUNNING);
  const std::string first = front().task().task_id();
  say(wire::TASK_GONE, wire::TaskStatus::REASON_CONTAINER_PREEMPTED);
  EXPECT_EQ(front().place_status(), state::PLACE_STATUS_NONE);
  EXPECT_EQ(front().failures(), 0U);
  offer_lent("o3");  // no time has passed
  EXPECT_EQ(front().place_status(), state::PLACE_STATUS_TRANSIENT);
  EXPECT_NE(front().task().task_id(), first);
  EXPECT_EQ(ports_.calls_of(Call::ACCEPT).size(), 3U);
}

TEST_F(TransientPlacesTest, ALaunchThatWasNeverSentEndsByReconciliation) {
  begin_search();
  offer_lent("o2");
  const std::string first = front().task().task_id();
  begin(controller_->state());  // a crash, before ACCEPT was sent
  subscribe();
  now_ += std::chrono::seconds{1};
  settle();
  bool asked = false;
  for (const auto& call : ports_.calls_of(Call::RECONCILE)) {
    for (const auto& task : call.reconcile().tasks()) asked = asked || task.task_id().value() == first;
  }
  EXPECT_TRUE(asked);
  say(wire::TASK_GONE, wire::TaskStatus::REASON_RECONCILIATION);
  offer_lent("o3");
  EXPECT_EQ(front().place_status(), state::PLACE_STATUS_TRANSIENT);
  EXPECT_NE(front().task().task_id(), first);
}

TEST_F(TransientPlacesTest, ARescindedOfferIsADroppedTaskAndNoPlace) {
  begin_search();
  offer_lent("o2");
  say(wire::TASK_DROPPED, wire::TaskStatus::REASON_INVALID_OFFERS);
  EXPECT_EQ(front().place_status(), state::PLACE_STATUS_NONE);
  offer_lent("o3");
  EXPECT_EQ(front().place_status(), state::PLACE_STATUS_TRANSIENT);
}

TEST_F(TransientPlacesTest, AMachineThatIsAnotherAgentNowHasLostTheTask) {
  begin_search();
  offer_lent("o2");
  say(wire::TASK_RUNNING);
  say(wire::TASK_UNREACHABLE);
  const std::string first = front().task().task_id();
  offer_lent("o3", "agent-3");  // of the same hostname
  EXPECT_NE(front().task().task_id(), first);
  EXPECT_EQ(front().place().agent_id(), "agent-3");
}

}  // namespace
}  // namespace esaas::loop
