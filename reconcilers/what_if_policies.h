#pragma once
// WhatIfPolicies: what other policies would have come to in a stored log. No I/O of its own: events come in, figures go
// out. Of what the log holds:
//
//   shards_per_node_max   breached for certain when there were more shards than the data nodes may hold together
//                         (ClusterHealthChanged), or when a hold of this rule tells of a node with more
//   snapshots             how many would have been due, one every so often while the cluster had formed and ran
//   replicas_min          indices are not in the log: only a hold of this rule says that some had too few, and of
//                         which minimum; with a higher one they breach it too. Anything else is not judged, and counted

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/state/fleet_state.h"

namespace esaas::reconcile {

class WhatIfPolicies {
 public:
  /// A stretch of a breach: from an event to an event.
  struct Breach {
    std::string cluster;
    std::string tenant;
    std::string rule;
    std::string why;
    std::uint64_t from_seq = 0;
    std::uint64_t to_seq = 0;   ///< 0: it lasts
    bool is_corrected = false;  ///< by the policies; else it would only have been shown
    bool was_held = false;      ///< the policies in force then held it too
  };
  struct Snapshots {
    std::uint64_t due = 0;    ///< by the other policies
    std::uint64_t taken = 0;  ///< by those in force, as the log has it
  };

  /// Policies by tenant; "" is of every tenant that has none of its own in it. They stand in for the clusters' own too.
  /// Looks at events from `since` to `until`.
  WhatIfPolicies(std::map<std::string, model::Policies> policies, std::uint64_t since, std::uint64_t until);

  void take(const event::Event& event);
  void finish();

  [[nodiscard]] const std::vector<Breach>& breaches() const { return breaches_; }
  [[nodiscard]] const std::map<std::string, Snapshots>& snapshots() const { return snapshots_; }  ///< by cluster
  /// Moments at which the number of replicas cannot be told from the log, though the policies ask for it.
  [[nodiscard]] std::uint64_t not_judged() const { return not_judged_; }

 private:
  struct Life {
    std::optional<std::size_t> open_breach;  // of shards
    std::int64_t next_snapshot_at_us = 0;    // 0: it has not formed
  };

  [[nodiscard]] const model::Policies* policies_of(const std::string& tenant) const;
  void look_at_health(const event::Event& event, const state::Cluster& cluster, const model::Policies& policies);
  void look_at_hold(const event::Event& event, const state::Cluster& cluster, const model::Policies& policies);
  void count_snapshots(std::int64_t until_us);
  [[nodiscard]] bool holds_now(const state::Cluster& cluster, std::string_view rule) const;

  std::map<std::string, model::Policies> policies_;
  std::uint64_t since_;
  std::uint64_t until_;
  state::FleetState state_;
  std::map<std::string, Life> lives_;  // by cluster
  std::vector<Breach> breaches_;
  std::map<std::string, Snapshots> snapshots_;
  std::uint64_t not_judged_ = 0;
};

}  // namespace esaas::reconcile
