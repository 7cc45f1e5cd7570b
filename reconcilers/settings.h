#pragma once
// Settings: the figures and tables that reconcilers stand on besides state and observation. A plain value, read-only
// while a controller runs; the durations are bounds that a person may reason with, so each says why it exists.

#include <chrono>
#include <cstdint>

#include "core/base/time.h"
#include "reconcilers/effects/elasticsearch/catalogue.h"

namespace esaas::reconcile {

struct Settings {
  /// How long a node waits before its next launch after it failed: the first wait, doubled with each failure in a row,
  /// up to the longest. `evolve` keeps the moment in `not_before_at_us` by the same rule (core/state/evolve_node.cc).
  Duration backoff_base = std::chrono::seconds{10};
  Duration backoff_max = std::chrono::minutes{5};
  /// A kill that Mesos has not answered is sent again after this long.
  Duration kill_repeat = std::chrono::seconds{10};
  /// A setting sent to Elasticsearch and not confirmed is sent again after this long.
  Duration settings_repeat = std::chrono::seconds{5};
  /// An observation older than this says nothing about now: the cluster's health counts as unknown.
  Duration observation_age_max = std::chrono::seconds{30};
  /// While something waits for the cluster (a drain, a join), look again this soon.
  Duration poll_interval = std::chrono::seconds{1};
  /// After this many tasks in a row that Mesos refused as invalid (TASK_ERROR), an operation can not succeed.
  std::uint32_t task_errors_max = 5;
  /// The versions of Elasticsearch that can be launched.
  es::Catalogue catalogue;
};

}  // namespace esaas::reconcile
