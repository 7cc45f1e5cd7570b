#include "reconcilers/loop/mesos_outcomes.h"

#include <gtest/gtest.h>

#include "core/state/evolve_node.h"

namespace esaas::loop {
namespace {

state::Node reserving() {
  state::Node node;
  node.set_name("data-0");
  event::Event event;
  event.set_seq(9);
  auto& intent = *event.mutable_place_intended();
  intent.mutable_place()->set_volume_id("v");
  intent.set_reserve_operation("r");
  intent.set_create_operation("c");
  state::apply(node, intent, event);
  return node;
}

event::MesosOperationChanged change(std::string id, model::MesosOperationState state) {
  event::MesosOperationChanged payload;
  payload.set_mesos_operation(std::move(id));
  payload.set_state(state);
  return payload;
}

/// What the change leads to once the node has taken it in.
std::vector<event::Event> outcome(state::Node& node, const event::MesosOperationChanged& payload) {
  state::apply(node, payload, event::Event{});
  return place_outcome(node, payload);
}

TEST(PlaceOutcome, IsReservedWhenBothOperationsFinished) {
  state::Node node = reserving();
  EXPECT_TRUE(outcome(node, change("r", model::MESOS_OPERATION_STATE_FINISHED)).empty());
  const auto events = outcome(node, change("c", model::MESOS_OPERATION_STATE_FINISHED));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_reserved().volume_id(), "v");
}

TEST(PlaceOutcome, FailsWithTheReasonWhenAnOperationDidNotHappen) {
  state::Node node = reserving();
  auto refused = change("r", model::MESOS_OPERATION_STATE_ERROR);
  refused.set_message("no such offer");
  const auto events = outcome(node, refused);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_failed().why(), "r ended as ERROR: no such offer");
  EXPECT_FALSE(events[0].place_failed().data_lost());
}

TEST(PlaceOutcome, IsReservedWhereATaskRunsThoughTheMasterHasForgottenTheOperation) {
  state::Node node = reserving();
  node.mutable_task()->set_launch_seq(10);
  node.mutable_task()->set_state(model::TASK_STATE_RUNNING);
  const auto events = outcome(node, change("c", model::MESOS_OPERATION_STATE_UNKNOWN));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_reserved().volume_id(), "v");
  node.mutable_task()->set_launch_seq(8);
  const auto of_another_task = outcome(node, change("c", model::MESOS_OPERATION_STATE_UNKNOWN));
  ASSERT_EQ(of_another_task.size(), 1U);
  EXPECT_TRUE(of_another_task[0].has_place_failed());
}

TEST(PlaceOutcome, SaysNothingWhileTheAgentIsUnreachable) {
  state::Node node = reserving();
  EXPECT_TRUE(outcome(node, change("r", model::MESOS_OPERATION_STATE_UNREACHABLE)).empty());
  EXPECT_EQ(node.place_status(), state::PLACE_STATUS_INTENDED);
}

TEST(PlaceOutcome, IgnoresTheOperationsOfAnotherPlace) {
  state::Node node = reserving();
  EXPECT_TRUE(outcome(node, change("older", model::MESOS_OPERATION_STATE_FAILED)).empty());
}

TEST(PlaceOutcome, IsReleasedWhenDestroyAndUnreserveFinished) {
  state::Node node = reserving();
  event::Event event;
  event::PlaceReleaseIntended intent;
  intent.set_volume_id("v");
  intent.set_destroy_operation("d");
  intent.set_unreserve_operation("u");
  state::apply(node, intent, event);
  EXPECT_TRUE(outcome(node, change("d", model::MESOS_OPERATION_STATE_FINISHED)).empty());
  const auto events = outcome(node, change("u", model::MESOS_OPERATION_STATE_FINISHED));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(events[0].has_place_released());
}

/// Whether it was given back before, nobody will ever tell under that agent's id.
TEST(PlaceOutcome, IsReleasedWhenItsAgentIsGoneForGood) {
  for (const char* operation : {"d", "u"}) {
    state::Node node = reserving();
    event::PlaceReleaseIntended intent;
    intent.set_volume_id("v");
    intent.set_destroy_operation("d");
    intent.set_unreserve_operation("u");
    state::apply(node, intent, event::Event{});
    const auto events = outcome(node, change(operation, model::MESOS_OPERATION_STATE_GONE_BY_OPERATOR));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_TRUE(events[0].has_place_released()) << operation;
  }
}

state::Node growing(state::GrowthStatus status) {
  state::Node node;
  node.set_name("data-0");
  node.mutable_place()->set_volume_id("v");
  node.set_place_status(state::PLACE_STATUS_RESERVED);
  auto& growth = *node.mutable_growth();
  growth.set_status(status);
  growth.mutable_after()->set_mem_mib(2048);
  growth.set_reserve_operation("r");
  growth.set_grow_operation("g");
  growth.set_unreserve_operation("u");
  growth.set_why("not wanted");
  return node;
}

TEST(GrowthOutcome, IsReservedOrFailedWithTheReason) {
  state::Node node = growing(state::GROWTH_STATUS_INTENDED);
  auto events = outcome(node, change("r", model::MESOS_OPERATION_STATE_FINISHED));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_growth_reserved().volume_id(), "v");
  events = outcome(node, change("r", model::MESOS_OPERATION_STATE_DROPPED));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_growth_failed().after().mem_mib(), 2048U);
  EXPECT_EQ(events[0].place_growth_failed().why(), "r ended as DROPPED");
}

TEST(GrowthOutcome, AVolumeHasGrownOrTheAdditionIsStillToBeGivenBack) {
  state::Node node = growing(state::GROWTH_STATUS_GROWING);
  EXPECT_TRUE(outcome(node, change("r", model::MESOS_OPERATION_STATE_FINISHED)).empty());
  const auto events = outcome(node, change("g", model::MESOS_OPERATION_STATE_FINISHED));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_grown().resources().mem_mib(), 2048U);
  EXPECT_TRUE(outcome(node, change("g", model::MESOS_OPERATION_STATE_ERROR)).empty());
  EXPECT_EQ(node.growth().status(), state::GROWTH_STATUS_REFUSED);
}

TEST(GrowthOutcome, HasFailedOnceTheAdditionIsGivenBack) {
  state::Node node = growing(state::GROWTH_STATUS_RELEASING);
  const auto events = outcome(node, change("u", model::MESOS_OPERATION_STATE_FINISHED));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].place_growth_failed().why(), "not wanted");
  EXPECT_TRUE(outcome(node, change("u", model::MESOS_OPERATION_STATE_ERROR)).empty());
  EXPECT_EQ(node.growth().status(), state::GROWTH_STATUS_REFUSED);
}

TEST(TaskStates, AreTranslatedOneByOne) {
  for (int value = mesos::wire::TaskState_MIN; value <= mesos::wire::TaskState_MAX; ++value) {
    if (!mesos::wire::TaskState_IsValid(value)) continue;
    const auto state = static_cast<mesos::wire::TaskState>(value);
    EXPECT_EQ(model::TaskState_Name(to_model(state)),
              "TASK_STATE_" + mesos::wire::TaskState_Name(state).substr(std::string_view("TASK_").size()));
  }
}

}  // namespace
}  // namespace esaas::loop
