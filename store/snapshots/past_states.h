#pragma once
// PastStates: the state of the fleet as it was at any event, quickly. On the disk a state is kept every so often
// (kept states), in memory the last few that were asked for; what lies between is folded from the log. Why it is so:
// core/decisions/0020-past-states-are-kept-sparsely.md.
//
// Kept states are never the truth: each may be deleted at any time, one that is broken or of another log is passed
// over, and those of another version of the fold are removed. Thread-safe; must not outlive the log.

#include <cstdint>
#include <filesystem>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <set>

#include "core/base/result.h"
#include "core/state/fleet_state.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct PastStatesOptions {
  std::filesystem::path directory = {};  ///< empty: none are kept on the disk
  bool read_only = false;                ///< keeps none; uses those that are there
  /// At least so many events lie between two kept states; more when states are large (kBytesPerEvent).
  std::uint64_t distance = 10'000;
  /// More events than these are not folded for one question.
  std::uint64_t folded_max = std::numeric_limits<std::uint64_t>::max();
  std::size_t remembered = 4;  ///< states in memory
};

class PastStates {
 public:
  /// Kept states take no more than so many bytes for each event of the log, whatever the fleet's size: large ones lie
  /// further apart.
  static constexpr std::uint64_t kBytesPerEvent = 16;

  using State = std::shared_ptr<const state::FleetState>;

  /// kInternal when the directory cannot be made or read.
  static Result<std::unique_ptr<PastStates>> open(const EventLog& log, PastStatesOptions options);

  /// The fold of the first `seq` events. Errors: kInvalidArgument (0), kNotFound (the log does not reach it),
  /// kUnavailable with the rule `past_states_are_kept` (too far from any kept state: they are still being made), and
  /// the log's.
  [[nodiscard]] Result<State> at(std::uint64_t seq);

  /// Keeps the next state if it is due, and says whether one was; then another may be due. For one thread, which folds
  /// on from where it was.
  Result<bool> keep_next();

  /// The newest event of which a state is kept; 0: none.
  [[nodiscard]] std::uint64_t kept_seq() const;

 private:
  struct Remembered {
    std::uint64_t seq = 0;
    State state;
  };

  PastStates(const EventLog& log, PastStatesOptions options) : log_(log), options_(std::move(options)) {}

  Result<void> list();
  void drop_unusable_newest();
  [[nodiscard]] std::filesystem::path file_of(std::uint64_t seq) const;
  [[nodiscard]] Result<state::FleetState> load(std::uint64_t seq) const;
  /// The newest kept state at or before the seq that is usable; the empty one when there is none.
  [[nodiscard]] state::FleetState kept_at_or_before(std::uint64_t seq);
  [[nodiscard]] State remembered_at_or_before(std::uint64_t seq);
  void remember(State state);
  Result<void> fold_to(std::uint64_t seq, state::FleetState& state) const;
  [[nodiscard]] std::uint64_t distance() const;

  const EventLog& log_;
  const PastStatesOptions options_;
  mutable std::mutex mutex_;                       // of what follows
  std::set<std::uint64_t> kept_;                   // seqs
  std::uint64_t newest_bytes_ = 0;                 // of the newest kept state's file
  std::list<Remembered> remembered_;               // the one used last is first
  std::unique_ptr<state::FleetState> on_the_way_;  // of keep_next alone
};

}  // namespace esaas::store
