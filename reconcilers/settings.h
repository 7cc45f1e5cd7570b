#pragma once
// Settings: the figures and tables that reconcilers stand on besides state and observation. A plain
// value, read-only while a controller runs. How long a failed node waits is not among them: it is
// folded (core/state/evolve_node.cc).

#include <chrono>
#include <cstdint>

#include "core/base/time.h"
#include "reconcilers/effects/elasticsearch/catalogue.h"
#include "reconcilers/effects/haproxy/launch.h"
#include "reconcilers/effects/kibana/catalogue.h"

namespace esaas::reconcile {

struct Settings {
  /// A kill that Mesos has not answered is sent again after this long.
  Duration kill_repeat = std::chrono::seconds{10};
  /// A setting that is not seen applied is sent again, by whoever performs repeats, no sooner than
  /// this.
  Duration settings_repeat = std::chrono::seconds{5};
  /// An observation older than this says nothing about now: the cluster's health counts as unknown.
  Duration observation_age_max = std::chrono::seconds{30};
  /// While something waits for the cluster (a drain, a join), look again this soon.
  Duration poll_interval = std::chrono::seconds{1};
  /// A node that leaves and is stopped already is started once more when the cluster has not
  /// answered without it for this long: it may be needed to elect a master.
  Duration unanswered_max = std::chrono::minutes{1};
  /// A node that runs and is no member of its cluster for this long is started anew when it was told of masters that
  /// have moved since.
  Duration join_patience = std::chrono::minutes{3};
  /// After this many tasks in a row that Mesos refused as invalid (TASK_ERROR), an operation can
  /// not succeed.
  std::uint32_t task_errors_max = 5;
  /// How much of a node's data moves away from it in a second, for the estimate of a drain: what Elasticsearch allows a
  /// node by itself (indices.recovery.max_bytes_per_sec).
  std::uint32_t drain_mib_per_second = 40;
  /// How long a node that could grow where it is waits for what may never come (room on its agent, a replica that is
  /// assigned again); then it is replaced by a larger one.
  Duration growth_patience = std::chrono::minutes{1};
  /// How long the next restart waits for copies that stay unassigned although some node could take them; each shard of
  /// the node that is restarted has another copy anyway.
  Duration assignment_patience = std::chrono::minutes{10};
  /// The versions of Elasticsearch that can be launched.
  es::Catalogue catalogue;
  /// How proxies are started, and the versions of Kibana.
  haproxy::Program haproxy;
  kibana::Catalogue kibana;
};

}  // namespace esaas::reconcile
