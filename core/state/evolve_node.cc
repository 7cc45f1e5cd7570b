#include "core/state/evolve_node.h"

#include <algorithm>

#include "core/model/mesos_operation_state.h"
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

bool is_current_growth(const Node& node, const std::string& volume_id) {
  return is_current_place(node, volume_id) && node.has_growth();
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
  node.clear_growth();
}

/// A place without a reservation is its task's, and ends with it.
void end_transient_place(Node& node) {
  if (node.place_status() == PLACE_STATUS_TRANSIENT) clear_place(node);
}

/// What was added can not be used: it is to be given back.
void refuse_growth(Growth& growth, const std::string& why) {
  growth.set_status(GROWTH_STATUS_REFUSED);
  if (growth.why().empty()) growth.set_why(why);
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
  node.set_place_status(payload.place().transient() ? PLACE_STATUS_TRANSIENT : PLACE_STATUS_INTENDED);
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

void apply(Node& node, const event::PlaceAdopted& payload, const event::Event& event) {
  clear_place(node);
  *node.mutable_place() = payload.place();
  node.set_place_status(PLACE_STATUS_RESERVED);
  node.set_place_seq(event.seq());
  node.set_ever_joined(true);  // for all that is known: the volume is not empty
}

void apply(Node& node, const event::PlaceGrowthIntended& payload, const event::Event& event) {
  if (!is_current_place(node, payload.volume_id())) return;
  node.clear_growth_refused();
  node.clear_growth_refusal();
  Growth growth;
  growth.set_status(GROWTH_STATUS_INTENDED);
  *growth.mutable_after() = payload.after();
  growth.set_reserve_operation(payload.reserve_operation());
  growth.set_seq(event.seq());
  *node.mutable_growth() = std::move(growth);
}

void apply(Node& node, const event::PlaceGrowthReserved& payload, const event::Event&) {
  if (is_current_growth(node, payload.volume_id())) node.mutable_growth()->set_status(GROWTH_STATUS_RESERVED);
}

void apply(Node& node, const event::VolumeGrowthIntended& payload, const event::Event& event) {
  if (!is_current_growth(node, payload.volume_id())) return;
  node.mutable_growth()->set_status(GROWTH_STATUS_GROWING);
  node.mutable_growth()->set_grow_operation(payload.grow_operation());
  node.mutable_growth()->set_seq(event.seq());
}

void apply(Node& node, const event::PlaceGrown& payload, const event::Event&) {
  if (!is_current_place(node, payload.volume_id())) return;
  // A disk that was taken whole is larger than its node asked for, and stays so.
  const std::uint32_t disk_mib = std::max(payload.resources().disk_mib(), node.place().resources().disk_mib());
  *node.mutable_resources() = payload.resources();
  *node.mutable_place()->mutable_resources() = payload.resources();
  node.mutable_place()->mutable_resources()->set_disk_mib(disk_mib);
  node.clear_growth();
}

void apply(Node& node, const event::PlaceGrowthFailed& payload, const event::Event&) {
  if (!is_current_place(node, payload.volume_id())) return;
  node.clear_growth();
  *node.mutable_growth_refused() = payload.after();
  node.set_growth_refusal(payload.why());
}

void apply(Node& node, const event::PlaceGrowthReleaseIntended& payload, const event::Event& event) {
  if (!is_current_growth(node, payload.volume_id())) return;
  node.mutable_growth()->set_status(GROWTH_STATUS_RELEASING);
  node.mutable_growth()->set_unreserve_operation(payload.unreserve_operation());
  node.mutable_growth()->set_why(payload.why());
  node.mutable_growth()->set_seq(event.seq());
}

void apply(Node& node, const event::TaskAdopted& payload, const event::Event& event) {
  Task task;
  task.set_task_id(payload.task_id());
  task.set_agent_id(payload.agent_id());
  task.set_state(payload.state());
  task.set_launch_seq(event.seq());
  task.set_launched_at_us(event.time_at_us());
  task.set_state_since_at_us(event.time_at_us());
  *node.mutable_task() = std::move(task);
  // It was launched by a life of ours that the log forgot, and may be a member.
  node.set_attempt(std::max(node.attempt(), 1U));
  node.set_ever_joined(true);
}

void apply(Node& node, const event::TaskLaunchIntended& payload, const event::Event& event) {
  Task task;
  task.set_task_id(payload.task_id());
  task.set_agent_id(payload.agent_id());
  task.set_state(model::TASK_STATE_INTENDED);
  task.set_launch_seq(event.seq());
  task.set_launched_at_us(event.time_at_us());
  task.set_state_since_at_us(event.time_at_us());
  if (payload.has_inputs()) *task.mutable_inputs() = payload.inputs();
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
  if (payload.state() == model::TASK_STATE_GONE_BY_OPERATOR) end_transient_place(node);
  if (!model::is_terminal(payload.state())) return;
  // A task that had to make room has not failed.
  const bool was_preempted = payload.reason() == "REASON_CONTAINER_PREEMPTED";
  if (!task.kill_intended() && !was_preempted) count_failure(node, event.time_at_us());
  task.set_joined(false);
  end_transient_place(node);
}

void apply(Node& node, const event::TaskKillIntended& payload, const event::Event& event) {
  if (!node.has_task() || node.task().task_id() != payload.task_id()) return;
  node.mutable_task()->set_kill_intended(true);
  node.mutable_task()->set_kill_intended_at_us(event.time_at_us());
}

void apply(Node& node, const event::NodeRestartBegan& payload, const event::Event& event) {
  Restart restart;
  restart.set_seq(event.seq());
  restart.set_since_at_us(event.time_at_us());
  restart.set_why(payload.why());
  *node.mutable_restart() = std::move(restart);
}

void apply(Node& node, const event::NodeShielded&, const event::Event& event) {
  if (node.shielded_at_us() == 0) node.set_shielded_at_us(event.time_at_us());
}

void apply(Node& node, const event::NodeUnshielded&, const event::Event&) { node.set_shielded_at_us(0); }

void apply(Node& node, const event::ServersApplied& payload, const event::Event&) {
  node.set_servers_applied_seq(payload.servers_seq());
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
  const std::string& id = payload.mesos_operation();
  if (node.has_growth() && model::is_last_word(payload.state()) &&
      payload.state() != model::MESOS_OPERATION_STATE_FINISHED) {
    Growth& growth = *node.mutable_growth();
    const bool growing = growth.status() == GROWTH_STATUS_GROWING && id == growth.grow_operation();
    const bool releasing = growth.status() == GROWTH_STATUS_RELEASING && id == growth.unreserve_operation();
    if (growing || releasing) refuse_growth(growth, payload.message());
  }
  if (payload.state() != model::MESOS_OPERATION_STATE_FINISHED) return;
  if (id == node.reserve_operation()) node.set_reserve_finished(true);
  if (id == node.create_operation()) node.set_create_finished(true);
  if (id == node.destroy_operation()) node.set_destroy_finished(true);
  if (id == node.unreserve_operation()) node.set_unreserve_finished(true);
}

}  // namespace esaas::state
