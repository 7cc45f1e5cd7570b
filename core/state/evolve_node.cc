#include "core/state/evolve_node.h"

#include <algorithm>

#include "core/model/task_state.h"

namespace esaas::state {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kStableUs = 60 * kSecondUs;
constexpr std::int64_t kBackoffBaseUs = 5 * kSecondUs;
constexpr std::int64_t kBackoffMaxUs = 300 * kSecondUs;

/// 0, 5 s, 10 s, 20 s, ... 5 minutes.
std::int64_t backoff_us(std::uint32_t failures) {
  if (failures <= 1) return 0;
  const std::uint32_t doublings = std::min<std::uint32_t>(failures - 2, 6);
  return std::min(kBackoffBaseUs << doublings, kBackoffMaxUs);
}

bool is_current_place(const Node& node, const std::string& volume_id) {
  return node.has_place() && node.place().volume_id() == volume_id;
}

void clear_place(Node& node) {
  node.clear_place();
  node.set_place_status(PLACE_STATUS_NONE);
  node.clear_reserve_operation();
  node.clear_create_operation();
  node.clear_destroy_operation();
  node.clear_unreserve_operation();
  node.set_reserve_finished(false);
  node.set_create_finished(false);
  node.set_destroy_finished(false);
  node.set_unreserve_finished(false);
  node.set_place_seq(0);
  node.set_release_seq(0);
}

void count_failure(Node& node, std::int64_t now_us) {
  const bool was_stable = node.task().joined() && now_us - node.task().launched_at_us() >= kStableUs;
  node.set_failures(was_stable ? 1 : node.failures() + 1);
  node.set_not_before_at_us(now_us + backoff_us(node.failures()));
}

}  // namespace

void apply(Node& node, const event::NodeRemovalBegan& payload, const event::Event&) {
  node.set_removing(true);
  node.set_removal_reason(payload.why());
}

void apply(Node& node, const event::PlaceIntended& payload, const event::Event& event) {
  clear_place(node);
  *node.mutable_place() = payload.place();
  node.set_place_status(PLACE_STATUS_INTENDED);
  node.set_reserve_operation(payload.reserve_operation());
  node.set_create_operation(payload.create_operation());
  node.set_place_seq(event.seq());
}

void apply(Node& node, const event::PlaceReserved& payload, const event::Event&) {
  if (is_current_place(node, payload.volume_id())) node.set_place_status(PLACE_STATUS_RESERVED);
}

void apply(Node& node, const event::PlaceFailed& payload, const event::Event& event) {
  if (!is_current_place(node, payload.volume_id())) return;
  clear_place(node);
  if (payload.data_lost()) return;
  // A reservation that is refused every time must not be tried with every offer.
  node.set_failures(node.failures() + 1);
  node.set_not_before_at_us(event.time_at_us() + backoff_us(node.failures()));
}

void apply(Node& node, const event::PlaceReleaseIntended& payload, const event::Event& event) {
  if (!is_current_place(node, payload.volume_id())) return;
  node.set_release_seq(event.seq());
  node.set_place_status(PLACE_STATUS_RELEASING);
  node.set_destroy_operation(payload.destroy_operation());
  node.set_unreserve_operation(payload.unreserve_operation());
  node.set_destroy_finished(payload.destroy_operation().empty());
  node.set_unreserve_finished(false);
}

void apply(Node& node, const event::PlaceReleased& payload, const event::Event&) {
  if (is_current_place(node, payload.volume_id())) clear_place(node);
}

void apply(Node& node, const event::PlaceReleaseFailed& payload, const event::Event&) {
  if (is_current_place(node, payload.volume_id())) node.set_place_status(PLACE_STATUS_RESERVED);
}

void apply(Node& node, const event::PlaceMoved& payload, const event::Event& event) {
  if (!is_current_place(node, payload.volume_id())) return;
  // Its volume is free on the agent that the machine is now: what ran there under the old name is gone.
  if (node.has_task() && node.task().agent_id() == payload.agent_id_before() &&
      !model::is_terminal(node.task().state())) {
    Task& task = *node.mutable_task();
    task.set_state(model::TASK_STATE_GONE);
    task.set_message("The machine is agent " + payload.agent_id() + " now.");
    task.set_state_since_at_us(event.time_at_us());
    task.set_joined(false);
  }
  node.mutable_place()->set_agent_id(payload.agent_id());
  node.mutable_place()->set_hostname(payload.hostname());
}

void apply(Node& node, const event::TaskLaunchIntended& payload, const event::Event& event) {
  Task task;
  task.set_task_id(payload.task_id());
  task.set_agent_id(payload.agent_id());
  task.set_state(model::TASK_STATE_INTENDED);
  task.set_launch_seq(event.seq());
  task.set_launched_at_us(event.time_at_us());
  task.set_state_since_at_us(event.time_at_us());
  *node.mutable_task() = std::move(task);
  node.set_attempt(node.attempt() + 1);
}

void apply(Node& node, const event::TaskStatusChanged& payload, const event::Event& event) {
  if (!node.has_task() || node.task().task_id() != payload.task_id()) return;
  Task& task = *node.mutable_task();
  if (model::is_terminal(task.state())) {
    // The first last word stands: what comes late does not revive a task. But that the agent is gone for good, and its
    // data with it, is news of the place and not of the task.
    const bool is_of_the_place = task.agent_id() == node.place().agent_id();
    if (payload.state() == model::TASK_STATE_GONE_BY_OPERATOR && is_of_the_place) task.set_state(payload.state());
    return;
  }
  if (task.state() != payload.state()) task.set_state_since_at_us(event.time_at_us());
  task.set_state(payload.state());
  task.set_reason(payload.reason());
  task.set_message(payload.message());
  if (!model::is_terminal(payload.state())) return;
  if (!task.kill_intended()) count_failure(node, event.time_at_us());
  task.set_joined(false);
}

void apply(Node& node, const event::TaskKillIntended& payload, const event::Event& event) {
  if (!node.has_task() || node.task().task_id() != payload.task_id()) return;
  node.mutable_task()->set_kill_intended(true);
  node.mutable_task()->set_kill_intended_at_us(event.time_at_us());
}

void apply(Node& node, const event::NodeJoined& payload, const event::Event&) {
  if (!node.has_task() || node.task().task_id() != payload.task_id()) return;
  node.mutable_task()->set_joined(true);
  node.set_ever_joined(true);
}

void apply(Node& node, const event::NodeLeft&, const event::Event&) {
  if (node.has_task()) node.mutable_task()->set_joined(false);
}

void apply(Node& node, const event::DrainBegan&, const event::Event&) { node.set_drain(DRAIN_STATUS_BEGAN); }

void apply(Node& node, const event::DrainFinished&, const event::Event&) { node.set_drain(DRAIN_STATUS_FINISHED); }

void apply(Node& node, const event::MesosOperationChanged& payload, const event::Event&) {
  if (payload.state() != model::MESOS_OPERATION_STATE_FINISHED) return;
  const std::string& id = payload.mesos_operation();
  if (id == node.reserve_operation()) node.set_reserve_finished(true);
  if (id == node.create_operation()) node.set_create_finished(true);
  if (id == node.destroy_operation()) node.set_destroy_finished(true);
  if (id == node.unreserve_operation()) node.set_unreserve_finished(true);
}

}  // namespace esaas::state
