#pragma once
// The life of a task after its launch: reports, status updates until they are acknowledged, kills. Pure.

#include <optional>
#include <string>

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// Precondition: check_task took it, and its resources are counted as used.
void start_task(World& world, const Framework& framework, const wire::TaskInfo& info, Resources resources,
                const std::string& role, Time now);

void report_task(World& world, const TaskKey& key, const TaskReport& report, Time now);

void kill_task(World& world, Framework& framework, const wire::scheduler::Call::Kill& kill, Time now);

void acknowledge(World& world, Framework& framework, const wire::scheduler::Call::Acknowledge& acknowledge, Time now);
void acknowledge_operation(World& world, Framework& framework,
                           const wire::scheduler::Call::AcknowledgeOperationStatus& acknowledge);

/// Sends what the framework has not acknowledged, once, now: it has just subscribed.
void resend_unacknowledged(World& world, Framework& framework, Time now);
/// The same for one agent that is back.
void resend_from_agent(World& world, const std::string& agent_id, Time now);

/// True when the task is alive and uses revocable resources.
bool preempt_task(World& world, const TaskKey& key);

/// The framework is gone: its tasks are killed and forgotten when their processes are over.
void orphan_tasks(World& world, const std::string& framework_id);

/// Tells the runner to end the task, with the grace that was asked for or the task's own.
void command_kill(World& world, Task& task);

/// Repeats what is due; returns the next time.
std::optional<Time> tick_updates(World& world, Time now);

/// What reconciliation says about the task from now on, if its agent can be reached.
void refresh_master_view(World& world, Task& task);

LaunchCommand launch_command(const World& world, const Task& task);

}  // namespace esaas::embedded
