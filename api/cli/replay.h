#pragma once
// Replay: walks through a log, event by event, forward and back, with the fleet's state at each. Not thread-safe; must
// not outlive the log and the past states. May block on the disk.

#include <boost/json/object.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/state/fleet_state.h"
#include "store/log/event_log.h"
#include "store/snapshots/past_states.h"
#include "store/views/state_diff.h"

namespace esaas::api::cli {

class Replay {
 public:
  /// `cluster` empty: every event; else only those of the cluster, and the others in passing.
  Replay(const store::EventLog& log, store::PastStates& states, std::string cluster)
      : log_(log), states_(states), cluster_(std::move(cluster)) {}

  /// To the next event; false at the end, where it stays. `last` is the end: no event after it is gone to.
  Result<bool> forward(std::uint64_t last);
  /// To the event before; false at the beginning, where it stays.
  Result<bool> back();
  /// To the newest event that is at this seq or before it, and is one of those that are walked through; to the first
  /// one when there is none. kNotFound: there is none at all.
  Result<void> go_to(std::uint64_t seq);

  /// The last event taken. Precondition: a move has answered true, or go_to has succeeded.
  [[nodiscard]] const event::Event& event() const { return event_; }
  [[nodiscard]] const state::FleetState& state() const { return state_; }
  /// What it changed in the state.
  [[nodiscard]] const std::vector<store::Difference>& changes() const { return changes_; }

  /// What the controller decided for the cluster at the moment of the event, all of it, in order.
  [[nodiscard]] Result<std::vector<event::Event>> recorded_plan() const;

 private:
  /// The seq of the next event to walk to, in a direction; 0: none.
  [[nodiscard]] Result<std::uint64_t> neighbour(std::uint64_t seq, bool newer) const;
  Result<void> take(std::uint64_t seq);
  Result<void> rewind_to(std::uint64_t seq);

  const store::EventLog& log_;
  store::PastStates& states_;
  std::string cluster_;
  state::FleetState state_;
  event::Event event_;
  std::vector<store::Difference> changes_;
  std::unique_ptr<store::Cursor> cursor_;  // of the event after state_, while it is walked forward
};

/// The figures that it was decided by: "free_mib=512".
std::vector<std::string> basis_of(const event::Event& event);

/// One event as a person reads it, with its basis and what it changed.
std::string to_text(const Replay& replay);
boost::json::object to_json(const Replay& replay);

}  // namespace esaas::api::cli
