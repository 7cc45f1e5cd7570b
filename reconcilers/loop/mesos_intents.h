#pragma once
// From intents to Mesos calls: the one place that knows what our reservations, volumes and tasks look like on the wire.
// Pure.

#include <optional>
#include <string>
#include <vector>

#include "core/events/event.pb.h"
#include "core/state/state.pb.h"
#include "reconcilers/effects/mesos/wire/scheduler.pb.h"
#include "reconcilers/loop/offer_pool.h"

namespace esaas::loop {

struct WireIdentity {
  std::string principal;
  std::string task_user;  ///< empty: the agent's choice
};

/// Where the volume appears in the sandbox; LaunchSpec's command relies on it.
inline constexpr const char* kVolumePath = "data";

/// ACCEPT for the intents of one action that use `offer`: RESERVE and CREATE for PlaceIntended (nothing for that of a
/// transient place), LAUNCH for TaskLaunchIntended (on `place`: the one intended beside it, or the node's own), DESTROY
/// and UNRESERVE of what the offer shows as reserved for PlaceReleaseIntended or OrphanReleaseIntended, RESERVE of the
/// difference for PlaceGrowthIntended, GROW_VOLUME by what is reserved beside the volume for VolumeGrowthIntended,
/// UNRESERVE of what is reserved beside `place` for PlaceGrowthReleaseIntended. Nothing when no intent needs an offer.
std::optional<mesos::wire::scheduler::Call> accept_call(const std::string& cluster, const model::Place& place,
                                                        const std::vector<event::Event>& intents,
                                                        const PooledOffer& offer, const WireIdentity& identity);

/// KILL for a TaskKillIntended.
mesos::wire::scheduler::Call kill_call(const event::TaskKillIntended& intent, const std::string& agent_id);

}  // namespace esaas::loop
