#pragma once
// DigestWork: when the log is to be signed next, and who waits for it. What is kept here is lost with the process: the
// newest digest is in the state, and one that was computed and not logged is computed again. Pure; one thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "core/state/fleet_state.h"

namespace esaas::loop {

class DigestWork {
 public:
  /// Answers the seq of the digest that is over all that was durable when it was asked for.
  using Answer = std::function<void(Result<std::uint64_t>)>;

  /// `period`: how long after one digest the next is due, if the log has grown; 0: only when asked for.
  explicit DigestWork(Duration period) : period_(period) {}

  /// The process has begun: a start has other things to do first.
  void begin(Time now) { not_before_ = now + kAfterStart; }
  /// Whoever asks gets one at once. False when too many wait already.
  bool ask(event::Actor actor, Answer answer);

  /// What is to be signed now, if anything; until `finish` nothing more. `durable_seq` is the newest event on disk.
  std::optional<event::DigestSigned> next_request(const state::FleetState& state, std::uint64_t durable_seq, Time now);
  /// When there will be something to sign, as things are; nothing: not before the log has grown or somebody asks.
  [[nodiscard]] std::optional<Time> next(const state::FleetState& state, std::uint64_t durable_seq) const;

  /// Who asked, of those that wait for what is nothing but there already.
  std::vector<Answer> take_needless(const state::FleetState& state, std::uint64_t durable_seq);

  struct Finished {
    event::Actor actor;  ///< the first who asked, else the controller
    std::vector<Answer> answers;
  };
  /// What was under way has ended. After a failure the next is tried a while later.
  Finished finish(bool failed, Time now);

 private:
  static constexpr Duration kAfterStart = std::chrono::minutes{1};
  static constexpr Duration kAfterFailure = std::chrono::minutes{5};

  struct Asked {
    event::Actor actor;
    Answer answer;
  };
  [[nodiscard]] static bool has_grown(const state::FleetState& state, std::uint64_t durable_seq);
  [[nodiscard]] Time due(const state::FleetState& state, std::uint64_t durable_seq) const;

  Duration period_;
  Time not_before_{};
  bool under_way_ = false;
  bool is_partial_ = false;         // what is under way does not reach what was durable when it was asked for
  std::vector<Asked> waiting_;      // for the next
  std::vector<Asked> waiting_now_;  // for what is under way
};

}  // namespace esaas::loop
