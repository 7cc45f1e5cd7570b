#pragma once
// What a node's record in the state means, in words that reconcilers and rules share. Pure, cheap,
// no allocation.

#include "core/base/time.h"
#include "core/state/state.pb.h"

namespace esaas::reconcile {

/// The node has a task, and a process of it may run somewhere: also when it is out of sight.
bool may_run(const state::Node& node);

/// No process of the node runs, and none will come back: there never was a task, it ended, or it
/// went with an agent that an operator declared gone and whose place is given up.
bool is_stopped(const state::Node& node);

/// The task is on an agent that Mesos can not see now. It may still run, and may come back.
bool is_out_of_sight(const state::Node& node);

/// An operator declared the agent gone for good, and the place there is not yet given up.
bool lost_its_agent(const state::Node& node);

/// Runs, and Elasticsearch lists it.
bool is_joined(const state::Node& node);

bool has_place(const state::Node& node);
bool is_reserved(const state::Node& node);
/// Its place is its task's and ends with it: nothing is reserved.
bool is_transient(const state::Node& node);

/// Giving its place back was begun: it is never started there again, whatever became of that.
bool is_given_up(const state::Node& node);

bool equal(const model::Resources& a, const model::Resources& b);

}  // namespace esaas::reconcile
