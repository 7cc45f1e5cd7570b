#pragma once
// plan_since: an old log under the eyes of this program. Each time that a cluster comes to rest in it, the reconcilers
// are asked what they would do; an answer is something that the old program did not see reason for. Events of one moment
// are what it did at once: nobody looks in between. What `esaas plan --since` shows before a new version is put in an old
// one's place. No I/O of its own: events come in, findings go out.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/state/fleet_state.h"
#include "reconcilers/plan.h"
#include "reconcilers/settings.h"

namespace esaas::reconcile {

class PlanSince {
 public:
  /// Something that would be done now. Told once for a cluster, however long it lasts.
  struct Finding {
    std::uint64_t seq = 0;  ///< of the event after which it would have been done
    std::string cluster;
    Action action;
  };
  using Report = std::function<void(const Finding&)>;

  /// Looks at moments of rest from `since` on; before it only the state is built. The references must outlive it.
  PlanSince(const Settings& settings, std::uint64_t since, Report report);

  /// Takes the next event of the log.
  void take(const event::Event& event);
  /// After the last event: looks at every cluster that is at rest in the end, also those that nothing happened to.
  void finish();

  [[nodiscard]] const state::FleetState& state() const { return state_; }
  [[nodiscard]] std::uint64_t moments() const { return moments_; }  ///< of rest, that were looked at
  [[nodiscard]] std::uint64_t findings() const { return findings_; }

 private:
  void look_at(const std::string& name);

  const Settings& settings_;
  std::uint64_t since_;
  Report report_;
  state::FleetState state_;
  std::set<std::string> touched_;            // clusters that events of the newest moment are of
  std::map<std::string, std::string> told_;  // by cluster: the names of the actions last found
  std::uint64_t moments_ = 0;
  std::uint64_t findings_ = 0;
};

}  // namespace esaas::reconcile
