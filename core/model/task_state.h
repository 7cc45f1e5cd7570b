#pragma once
// What a task state means for a decision. Source: mesos.proto TaskState, with PARTITION_AWARE.

#include <string_view>

#include "core/model/model.pb.h"

namespace esaas::model {

/// The task is over for good: nothing of it runs and nothing of it will come back.
/// UNREACHABLE, LOST, UNKNOWN and GONE_BY_OPERATOR are not: such a task may still run on an agent that we cannot see
/// (an operator's word that an agent is gone is handled as the loss of the place, not as the end of a task).
bool is_terminal(TaskState state);

/// A process may be running: not terminal, and not absent.
bool may_be_alive(TaskState state);

/// "running", "gone_by_operator": the lower-case name.
std::string_view name_of(TaskState state);

}  // namespace esaas::model
