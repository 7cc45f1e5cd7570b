#include "reconcilers/setting_defaults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/model/version.h"

namespace esaas::reconcile {
namespace {

using Settings2x = std::pair<std::string_view, std::string_view>;

/// These are the defaults of those whose default is one value on every machine.
constexpr std::array<Settings2x, 14> kDefaultsOf2x = {{
    {"cluster.routing.allocation.allow_rebalance", "indices_all_active"},
    {"cluster.routing.allocation.cluster_concurrent_rebalance", "2"},
    {"cluster.routing.allocation.disk.threshold_enabled", "true"},
    {"cluster.routing.allocation.disk.watermark.high", "90%"},
    {"cluster.routing.allocation.disk.watermark.low", "85%"},
    {"cluster.routing.allocation.enable", "all"},
    {"cluster.routing.allocation.exclude._name", ""},
    {"cluster.routing.allocation.node_concurrent_recoveries", "2"},
    {"cluster.routing.allocation.node_initial_primaries_recoveries", "4"},
    {"cluster.routing.allocation.total_shards_per_node", "-1"},
    {"cluster.routing.rebalance.enable", "all"},
    {"indices.recovery.concurrent_streams", "3"},
    {"indices.recovery.max_bytes_per_sec", "40mb"},
    {"indices.store.throttle.type", "none"},
}};

}  // namespace

bool can_unset_settings(std::string_view version) {
  const auto parsed = model::parse_version(version);
  return parsed && parsed->major >= 5;
}

std::optional<std::string_view> default_of_2x(std::string_view key) {
  const auto known = std::ranges::find(kDefaultsOf2x, key, &Settings2x::first);
  return known == kDefaultsOf2x.end() ? std::nullopt : std::optional(known->second);
}

}  // namespace esaas::reconcile
