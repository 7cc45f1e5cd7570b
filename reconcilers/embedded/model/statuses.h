#pragma once
// How task and operation statuses are made and sent: one place for the fields that a master sets and those that it
// leaves out. Pure.

#include <optional>
#include <string>

#include "reconcilers/embedded/model/world.h"

namespace esaas::embedded {

/// A status as the master makes it: no uuid, so nobody acknowledges it.
wire::TaskStatus master_status(const std::string& task_id, const std::string& agent_id, wire::TaskState state,
                               wire::TaskStatus::Reason reason, std::string message, Time now);

/// PARTITION_AWARE frameworks get `state`, the others TASK_LOST for the states that they cannot know.
wire::TaskState state_for(const Framework& framework, wire::TaskState state);

void send_task_status(World& world, const Framework& framework, wire::TaskStatus status);

/// `agent_id` may be empty: the status says nothing about one.
wire::OperationStatus operation_status(const std::string& operation_id, const std::string& agent_id,
                                       wire::OperationState state, std::string message = {});

void send_operation_status(World& world, const Framework& framework, wire::OperationStatus status);

/// The first repeat is due one interval from now, later ones after twice as long each, up to the maximum.
void start_retry(Retry& retry, const ModelOptions& options, Time now);
void next_retry(Retry& retry, const ModelOptions& options, Time now);

}  // namespace esaas::embedded
