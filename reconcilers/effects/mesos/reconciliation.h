#pragma once
// Asks the master for the truth about tasks or operations until every one is answered.
//
// A run has two parts. Explicit: all subjects are asked for in bounded batches, and those without
// an answer again after a truncated exponential wait; a master that is recovering, or an agent that
// has not come back yet, answers nothing at all, so there is no other end than "all answered".
// Implicit: one call without subjects, whose answers are whatever the master knows, also what we do
// not (the caller adopts or kills it). There is one run at a time; a new subscription replaces it,
// and a period after the end of one run the next is due.
//
// Pure: the caller says what time it is, carries out the calls and reports updates. Not
// thread-safe.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "reconcilers/effects/mesos/backoff.h"
#include "reconcilers/effects/mesos/calls.h"

namespace esaas::mesos {

struct ReconciliationConfig {
  std::size_t batch_size = 500;  ///< subjects in one call
  Duration backoff_first = std::chrono::seconds(2);
  Duration backoff_longest = std::chrono::minutes(1);
  Duration period = std::chrono::minutes(15);
  std::uint64_t jitter_seed = 0;
};

class Reconciliation {
 public:
  enum class Kind : std::uint8_t { kTasks, kOperations };

  explicit Reconciliation(Kind kind, ReconciliationConfig config = {});

  /// Begins a run, replacing one that is under way, and answers its first calls. `subjects` are all
  /// tasks that may be alive (or all operations without an outcome). Call it after every SUBSCRIBED
  /// and whenever `due`.
  std::vector<calls::Call> begin(std::vector<calls::Subject> subjects, Time now);

  /// The subscription is lost: nothing is asked until the next begin().
  void abandon();

  /// Any update about the subject is an answer, whatever its reason: it is the latest state.
  void answered(std::string_view id);

  /// Calls that are due now: repeats for what is unanswered, then the implicit one.
  std::vector<calls::Call> on_time(Time now);

  /// Whether a periodic run should begin; the caller then gathers the subjects and calls begin().
  bool due(Time now) const { return period_ends_ && now >= *period_ends_; }
  /// When to call on_time or look at `due` again.
  std::optional<Time> next_wake() const;

  /// Explicit questions without an answer.
  std::size_t unanswered() const { return unanswered_.size(); }
  bool running() const { return phase_ != Phase::kIdle; }

 private:
  enum class Phase : std::uint8_t { kIdle, kExplicit, kImplicit };

  std::vector<calls::Call> ask() const;
  calls::Call build(const std::vector<calls::Subject>& subjects) const;
  void finish(Time now);

  Kind kind_;
  ReconciliationConfig config_;
  Backoff backoff_;
  Phase phase_ = Phase::kIdle;
  std::map<std::string, std::string, std::less<>> unanswered_;  // id -> agent id
  Time ask_again_{};
  std::optional<Time> period_ends_;
};

}  // namespace esaas::mesos
