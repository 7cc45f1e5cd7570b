#pragma once
// ClusterSchedule: which clusters are to be looked at now, and which when. A pass costs what has to be looked at, not
// what exists. One thread; deterministic: ties go by name.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.h"

namespace esaas::loop {

/// One alarm a name, the earliest wins when it is replaced on purpose.
class Alarms {
 public:
  void set(const std::string& name, Time at);
  void clear(const std::string& name);
  /// Those that are due, taken out, in order of (time, name).
  std::vector<std::string> take_due(Time now);
  [[nodiscard]] std::optional<Time> next() const;
  [[nodiscard]] std::optional<Time> of(const std::string& name) const;

 private:
  std::map<std::string, Time> by_name_;
  std::set<std::pair<Time, std::string>> by_time_;
};

class ClusterSchedule {
 public:
  void mark_dirty(const std::string& cluster) { dirty_.insert(cluster); }
  std::set<std::string> take_dirty() { return std::exchange(dirty_, {}); }
  void unmark(const std::string& cluster) { dirty_.erase(cluster); }
  void forget(const std::string& cluster);

  Alarms checks;                                   ///< when to reconcile although nothing happened
  Alarms polls;                                    ///< when to ask Elasticsearch
  std::map<std::string, Time> polls_under_way;     ///< and when they were asked
  std::map<std::string, Duration> poll_took;       ///< the last one; a slow cluster is left alone for as long
  std::map<std::string, std::uint32_t> silent;     ///< polls in a row that nobody answered
  std::map<std::string, std::uint32_t> unchanged;  ///< polls since anything of the cluster was logged

  /// Clusters with a node that waits for an offer, by role.
  std::map<std::string, std::set<std::string>> wanting;
  std::map<std::string, bool> revived;  ///< the role: revived (true) or suppressed (false)
  std::map<std::string, Time> revived_at;
  std::set<std::string> revive_due;  ///< roles with a new want since the last REVIVE
  /// What each waiting cluster waited for when it was last looked at.
  std::map<std::string, std::uint64_t> last_want;

 private:
  std::set<std::string> dirty_;
};

}  // namespace esaas::loop
