#pragma once
// Requests that are fulfilled by being logged: nothing has to be done in the world. Pure.

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "core/state/fleet_state.h"

namespace esaas::command {

/// Whether `request` is of that kind. It never waits in a cluster's queue.
bool is_fulfilled_at_once(const model::Request& request);

/// What the event of such a request says beside it. Refuses what the cluster would not be allowed to become.
Result<event::Fulfilment> fulfil(const state::Cluster& cluster, const model::Request& request);

}  // namespace esaas::command
