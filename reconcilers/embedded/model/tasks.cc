#include "reconcilers/embedded/model/tasks.h"

#include <algorithm>

#include "core/base/assert.h"
#include "reconcilers/embedded/model/reconciliation.h"
#include "reconcilers/embedded/model/statuses.h"

namespace esaas::embedded {
namespace {

using wire::scheduler::Call;

// What a command task gets when neither it nor the kill says otherwise.
constexpr Duration kDefaultGrace = std::chrono::seconds(3);
constexpr std::size_t kPendingMax = 16;

/// Reports come in this order; one that steps back is late, and ignored.
int rank(wire::TaskState state) {
  switch (state) {
    case wire::TASK_STAGING: return 0;
    case wire::TASK_STARTING: return 1;
    case wire::TASK_RUNNING: return 2;
    case wire::TASK_KILLING: return 3;
    default: return is_terminal(state) ? 4 : -1;
  }
}

Duration grace_of(const wire::KillPolicy& policy) {
  const std::int64_t us = policy.grace_period().nanoseconds() / 1000;
  return Duration(std::max<std::int64_t>(us, 0));
}

wire::TaskStatus agent_status(World& world, const Task& task, const TaskReport& report, Time now) {
  wire::TaskStatus status;
  *status.mutable_task_id() = task.record.info().task_id();
  status.set_state(report.state);
  if (!report.message.empty()) status.set_message(report.message);
  status.set_source(report.reason ? wire::TaskStatus::SOURCE_AGENT : wire::TaskStatus::SOURCE_EXECUTOR);
  if (report.reason) status.set_reason(*report.reason);
  *status.mutable_agent_id() = task.record.info().agent_id();
  status.mutable_executor_id()->set_value(task.record.info().task_id().value());
  status.set_timestamp(to_seconds(now));
  status.set_uuid(world.new_uuid());
  auto* container = status.mutable_container_status();
  auto* address = container->add_network_infos()->add_ip_addresses();
  address->set_protocol(wire::NetworkInfo::IPv4);
  if (const auto agent = world.agents.find(task.agent_id()); agent != world.agents.end()) {
    address->set_ip_address(agent->second.record.hostname());
  }
  const std::uint32_t known_pid = task.record.latest().container_status().executor_pid();
  if (const std::uint32_t pid = report.pid != 0 ? report.pid : known_pid; pid != 0) {
    container->set_executor_pid(pid);
  }
  container->mutable_container_id()->set_value(task.key().framework_id + "." + task.key().task_id);
  return status;
}

/// The first of the queue goes out, if the agent can be reached and the framework is there.
void send_first(World& world, Task& task) {
  if (task.record.pending().empty()) return;
  const auto agent = world.agents.find(task.agent_id());
  if (agent == world.agents.end() || !agent->second.registered()) return;
  const auto framework = world.frameworks.find(task.record.framework_id());
  if (framework == world.frameworks.end()) return;
  send_task_status(world, framework->second, task.record.pending(0));
}

void add_pending(World& world, Task& task, const TaskReport& report, Time now) {
  wire::TaskStatus status = agent_status(world, task, report, now);
  *task.record.mutable_latest() = status;
  if (task.record.pending_size() >= static_cast<int>(kPendingMax)) {
    task.record.mutable_pending()->RemoveLast();  // never the first: it may be on its way
  }
  *task.record.add_pending() = std::move(status);
  if (task.record.pending_size() == 1) {
    start_retry(task.retry, world.options, now);
    send_first(world, task);
  }
  refresh_master_view(world, task);
  world.changed();
}

void release(World& world, const Task& task, Time now) {
  if (const auto agent = world.agents.find(task.agent_id()); agent != world.agents.end()) {
    agent->second.used.subtract(task.resources);
  }
  world.allocate_by(now + world.options.allocation_interval);
}

/// However the process of a preempted task ended, the agent says that it was preempted.
TaskReport as_told(const World& world, const Task& task, const TaskReport& report) {
  const auto framework = world.frameworks.find(task.record.framework_id());
  if (!task.record.preempted() || framework == world.frameworks.end()) return report;
  TaskReport told = report;
  told.state = state_for(framework->second, wire::TASK_GONE);
  told.reason = wire::TaskStatus::REASON_CONTAINER_PREEMPTED;
  told.message = "Container preempted by QoS correction";
  return told;
}

}  // namespace

LaunchCommand launch_command(const World& world, const Task& task) {
  const AgentRecord& agent = world.agents.at(task.agent_id()).record;
  return {task.key(), agent.id(), agent.name(), agent.hostname(), task.record.user(), task.record.info()};
}

void start_task(World& world, const Framework& framework, const wire::TaskInfo& info, Resources resources,
                const std::string& role, Time now) {
  Task task;
  task.record.set_framework_id(framework.id());
  *task.record.mutable_info() = info;
  task.record.set_user(info.command().has_user() ? info.command().user() : framework.record.info().user());
  wire::TaskStatus* latest = task.record.mutable_latest();
  *latest->mutable_task_id() = info.task_id();
  latest->set_state(wire::TASK_STAGING);
  *latest->mutable_agent_id() = info.agent_id();
  latest->set_timestamp(to_seconds(now));
  task.master_view = *latest;
  task.resources = std::move(resources);
  task.record.set_role(role);
  world.outputs.launches.push_back(launch_command(world, task));
  const TaskKey key = task.key();
  world.tasks.emplace(key, std::move(task));
  world.changed();
}

void refresh_master_view(World& world, Task& task) {
  const auto agent = world.agents.find(task.agent_id());
  if (agent == world.agents.end() || !agent->second.registered()) return;
  task.master_view = task.record.pending().empty() ? task.record.latest() : task.record.pending(0);
}

void report_task(World& world, const TaskKey& key, const TaskReport& report, Time now) {
  const auto place = world.tasks.find(key);
  if (place == world.tasks.end()) return;
  Task& task = place->second;
  const wire::TaskState before = task.record.latest().state();
  if (is_terminal(before) || rank(report.state) <= rank(before)) return;
  if (is_terminal(report.state)) release(world, task, now);
  if (task.record.orphaned()) {
    if (is_terminal(report.state)) world.tasks.erase(place);
    world.changed();
    return;
  }
  add_pending(world, task, is_terminal(report.state) ? as_told(world, task, report) : report, now);
}

bool preempt_task(World& world, const TaskKey& key) {
  const auto place = world.tasks.find(key);
  if (place == world.tasks.end()) return false;
  Task& task = place->second;
  if (is_terminal(task.record.latest().state()) || task.resources.revocable().empty()) return false;
  task.record.set_preempted(true);
  world.changed();
  // The agent decides alone: whether the master can reach it makes no difference.
  world.outputs.kills.push_back({key, Duration{0}});
  return true;
}

void command_kill(World& world, Task& task) {
  world.outputs.kills.push_back({task.key(), Duration(task.record.kill_grace_us())});
}

void kill_task(World& world, Framework& framework, const Call::Kill& kill, Time now) {
  const auto place = world.tasks.find({framework.id(), kill.task_id().value()});
  if (place == world.tasks.end() || !is_known_to_master(world, place->second)) {
    Call::Reconcile question;
    auto* task = question.add_tasks();
    *task->mutable_task_id() = kill.task_id();
    if (kill.has_agent_id()) *task->mutable_agent_id() = kill.agent_id();
    reconcile(world, framework, question, now);
    return;
  }
  Task& task = place->second;
  if (kill.has_agent_id() && kill.agent_id().value() != task.agent_id()) return;
  if (is_terminal(task.record.latest().state())) return;
  Duration grace = kDefaultGrace;
  if (task.record.info().kill_policy().has_grace_period()) grace = grace_of(task.record.info().kill_policy());
  if (kill.kill_policy().has_grace_period()) grace = grace_of(kill.kill_policy());
  task.record.set_kill_requested(true);
  task.record.set_kill_grace_us(grace.count());
  world.changed();
  if (!world.agents.at(task.agent_id()).registered()) return;  // told when the agent is back
  command_kill(world, task);
  const bool tells_killing = framework.can(wire::FrameworkInfo::Capability::TASK_KILLING_STATE);
  if (tells_killing && rank(task.record.latest().state()) >= rank(wire::TASK_RUNNING)) {
    report_task(world, task.key(), {wire::TASK_KILLING, {}, {}, 0}, now);
  }
}

void acknowledge(World& world, Framework& framework, const Call::Acknowledge& call, Time now) {
  const auto place = world.tasks.find({framework.id(), call.task_id().value()});
  if (place == world.tasks.end()) return;
  Task& task = place->second;
  const auto agent = world.agents.find(call.agent_id().value());
  if (agent == world.agents.end() || !agent->second.registered() || task.agent_id() != agent->first) return;
  if (task.record.pending().empty() || task.record.pending(0).uuid() != call.uuid()) return;
  task.record.mutable_pending()->DeleteSubrange(0, 1);
  world.changed();
  if (!task.record.pending().empty()) {
    start_retry(task.retry, world.options, now);
    send_first(world, task);
    refresh_master_view(world, task);
  } else if (is_terminal(task.record.latest().state())) {
    world.tasks.erase(place);
  }
}

void acknowledge_operation(World& world, Framework& framework, const Call::AcknowledgeOperationStatus& call) {
  const auto place = world.operations.find({framework.id(), call.operation_id().value()});
  if (place == world.operations.end()) return;
  const wire::OperationStatus& status = place->second.record.status();
  const auto agent = world.agents.find(status.agent_id().value());
  if (agent == world.agents.end() || !agent->second.registered()) return;
  if (status.uuid().value() != call.uuid()) return;
  world.operations.erase(place);
  world.changed();
}

namespace {

void resend(World& world, Task& task, Time now) {
  if (task.record.pending().empty()) return;
  start_retry(task.retry, world.options, now);
  send_first(world, task);
}

void resend(World& world, Operation& operation, Time now) {
  start_retry(operation.retry, world.options, now);
  const auto framework = world.frameworks.find(operation.record.framework_id());
  const auto agent = world.agents.find(operation.record.status().agent_id().value());
  if (framework == world.frameworks.end() || agent == world.agents.end() || !agent->second.registered()) return;
  send_operation_status(world, framework->second, operation.record.status());
}

}  // namespace

void resend_unacknowledged(World& world, Framework& framework, Time now) {
  for (auto& [key, task] : world.tasks) {
    if (key.framework_id == framework.id()) resend(world, task, now);
  }
  for (auto& [key, operation] : world.operations) {
    if (key.first == framework.id()) resend(world, operation, now);
  }
}

void resend_from_agent(World& world, const std::string& agent_id, Time now) {
  for (auto& [key, task] : world.tasks) {
    if (task.agent_id() == agent_id) resend(world, task, now);
  }
  for (auto& [key, operation] : world.operations) {
    if (operation.record.status().agent_id().value() == agent_id) resend(world, operation, now);
  }
}

void orphan_tasks(World& world, const std::string& framework_id) {
  for (auto place = world.tasks.begin(); place != world.tasks.end();) {
    Task& task = place->second;
    const bool over = is_terminal(task.record.latest().state());
    if (task.record.framework_id() != framework_id) {
      ++place;
    } else if (over) {
      place = world.tasks.erase(place);
    } else {
      task.record.set_orphaned(true);
      task.record.clear_pending();
      task.record.set_kill_requested(true);
      const auto& policy = task.record.info().kill_policy();
      task.record.set_kill_grace_us((policy.has_grace_period() ? grace_of(policy) : kDefaultGrace).count());
      const auto agent = world.agents.find(task.agent_id());
      if (agent != world.agents.end() && agent->second.registered()) command_kill(world, task);
      ++place;
    }
  }
}

std::optional<Time> tick_updates(World& world, Time now) {
  std::optional<Time> next;
  const auto wants = [&](const std::string& framework_id, const std::string& agent_id) {
    const auto framework = world.frameworks.find(framework_id);
    const auto agent = world.agents.find(agent_id);
    return framework != world.frameworks.end() && framework->second.stream && agent != world.agents.end() &&
           agent->second.registered();
  };
  for (auto& [key, task] : world.tasks) {
    if (task.record.pending().empty() || !wants(key.framework_id, task.agent_id())) continue;
    if (task.retry.due <= now) {
      next_retry(task.retry, world.options, now);
      send_first(world, task);
    }
    next = std::min(next.value_or(task.retry.due), task.retry.due);
  }
  for (auto& [key, operation] : world.operations) {
    const wire::OperationStatus& status = operation.record.status();
    if (!wants(key.first, status.agent_id().value())) continue;
    if (operation.retry.due <= now) {
      next_retry(operation.retry, world.options, now);
      send_operation_status(world, world.frameworks.at(key.first), status);
    }
    next = std::min(next.value_or(operation.retry.due), operation.retry.due);
  }
  return next;
}

}  // namespace esaas::embedded
