#pragma once
// Sequencer: numbers events, applies them in memory at once, and lets nobody know before they are durable. It owns the
// FleetState. One thread (the controller's).
//
// Events gather in a pending part with what waits for them (answers, acknowledgements, effects, snapshots to publish).
// flush() hands the part to the log writer when none is on its way; when the writer is done, what waited runs in order.

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "core/state/fleet_state.h"
#include "reconcilers/loop/ports.h"
#include "reconcilers/loop/published_state.h"
#include "store/log/event_log.h"
#include "store/log/log_writer.h"

namespace esaas::loop {

class Sequencer {
 public:
  Sequencer(state::FleetState state, store::LogWriter& writer, PublishedState& published, Ports& ports);
  ~Sequencer();
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  /// Gives the event its seq, times, term and versions, applies it, and returns it as it will be stored.
  const event::Event& sequence(event::Event event, Time now);
  /// Remembers the answer to an idempotency key with the event `entry.seq`.
  void remember(store::IdempotencyEntry entry);
  /// Runs `function` when everything sequenced so far is durable; at once when it is.
  void when_durable(std::function<void()> function);
  /// Hands what is pending to the writer, unless a part is on its way.
  void flush();

  [[nodiscard]] const state::FleetState& state() const { return state_; }
  [[nodiscard]] std::uint64_t next_seq() const { return state_.seq() + 1; }
  [[nodiscard]] std::uint64_t durable_seq() const { return durable_seq_; }
  /// Events that are sequenced and not durable: bounded by the controller, which refuses commands beyond.
  [[nodiscard]] std::size_t backlog() const { return static_cast<std::size_t>(state_.seq() - durable_seq_); }

 private:
  struct Part {
    store::Batch batch;
    std::vector<std::function<void()>> waiting;
    std::set<std::string> clusters;    // changed, by name
    std::set<std::string> operations;  // changed, by id
    bool head_changed = false;         // tokens, tenants, the framework
  };

  void note_change(const event::Event& event);
  [[nodiscard]] PublishedState::Change snapshot_of_changes() const;
  void durable(const Result<std::uint64_t>& last_seq);

  state::FleetState state_;
  store::LogWriter& writer_;
  PublishedState& published_;
  Ports& ports_;
  std::uint64_t durable_seq_;
  Part pending_;
  bool in_flight_ = false;
  std::vector<std::function<void()>> in_flight_waiting_;
  PublishedState::Change in_flight_change_;
  std::shared_ptr<Sequencer*> self_;  // null inside once this is gone: a late callback finds nobody
};

}  // namespace esaas::loop
