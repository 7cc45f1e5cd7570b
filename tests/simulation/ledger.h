#pragma once
// Ledger: the simulation's own fold of what is durable, event by event as it reaches the log. It knows nothing of the
// controller, so the two can be compared; and it is asked whether what the controller does or tells was durable before.
// One thread.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "core/state/fleet_state.h"
#include "store/views/usage_fold.h"
#include "tests/simulation/journal.h"

namespace esaas::simulation {

class Ledger {
 public:
  explicit Ledger(Journal& journal) : journal_(journal) {}

  /// The next durable event: folds it, and checks what must hold from one event to the next.
  void take(const event::Event& event);

  [[nodiscard]] const state::FleetState& state() const { return state_; }
  /// When the newest event was appended.
  [[nodiscard]] Time newest_at() const { return newest_at_; }
  [[nodiscard]] bool launch_intended(const std::string& task_id) const { return launches_.contains(task_id); }
  [[nodiscard]] bool kill_intended(const std::string& task_id) const { return kills_.contains(task_id); }
  /// The task was to be killed for its node to come back with its data: grown, or with what is wanted now.
  [[nodiscard]] bool kill_is_a_restart(const std::string& task_id) const { return restarts_.contains(task_id); }
  /// The latter of the two.
  [[nodiscard]] bool kill_is_a_rollout(const std::string& task_id) const { return rollouts_.contains(task_id); }
  /// The task `companion` was joined, for all that the log knew, when it was intended to kill `task_id`.
  [[nodiscard]] bool was_joined_at_kill(const std::string& task_id, const std::string& companion) const {
    return joined_at_kill_.contains({task_id, companion});
  }
  /// Reserve, create, grow, destroy, unreserve.
  [[nodiscard]] bool operation_intended(const std::string& id) const { return mesos_operations_.contains(id); }
  /// The last word on one of them is in the log, or nothing depends on it any more.
  [[nodiscard]] bool knows_operation(const std::string& id) const;
  /// The log holds this exclusion or minimum_master_nodes as wanted, now or at some time.
  [[nodiscard]] bool setting_intended(const event::Event& intent) const;
  /// The log holds this state of the task, or its end, or shows why it needs neither.
  [[nodiscard]] bool knows_status(const std::string& task_id, model::TaskState status) const;
  /// What became of a user's operation; UNSPECIFIED while it is open.
  [[nodiscard]] model::OperationStatus outcome_of(const std::string& operation_id) const;
  /// The operations that were requested with this `reason`: more than one is a request carried out twice.
  [[nodiscard]] std::size_t requests_with_reason(const std::string& reason) const;
  [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const { return counts_; }
  /// Intervals of use that have been closed so far.
  [[nodiscard]] std::uint64_t usage_intervals() const { return usage_intervals_; }

 private:
  void remember(const event::Event& event);
  void remember_kill(const event::Event& event);
  void check_version(const event::Event& event);
  void check_place(const event::Event& event);
  void check_usage(const event::Event& event);

  Journal& journal_;
  state::FleetState state_;
  Time newest_at_;
  store::UsageFold usage_;
  std::map<std::tuple<std::string, std::string, store::UsageKind>, std::int64_t> metered_until_;
  std::set<std::string> launches_;
  std::set<std::string> kills_;
  std::set<std::string> restarts_;
  std::set<std::string> rollouts_;
  std::set<std::pair<std::string, std::string>> joined_at_kill_;
  std::set<std::string> mesos_operations_;
  std::set<std::string> ended_operations_;
  std::set<std::string> settings_;
  std::map<std::string, std::set<model::TaskState>> statuses_;
  std::map<std::string, model::OperationStatus> outcomes_;
  std::map<std::string, std::set<std::string>> requests_;  // by reason
  std::map<std::string, std::uint64_t> counts_;            // events by kind
  std::uint64_t usage_intervals_ = 0;
};

}  // namespace esaas::simulation
