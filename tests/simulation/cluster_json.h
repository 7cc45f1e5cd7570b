#pragma once
// The bodies with which Elasticsearch, 2.x to 7.x, answers, as far as this project reads them: what `filter_path`
// leaves of the cluster state, whole health and flat settings. Written after real answers; the contract suite compares.
// Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "tests/simulation/elected_cluster.h"

namespace esaas::simulation {

std::string health_body(const ElectedCluster& cluster);
/// As a node of this version answers.
std::string state_body(const ElectedCluster& cluster, const model::Version& version);
std::string settings_body(const ElectedCluster& cluster);
std::string root_body(const std::string& node, const std::string& cluster, const model::Version& version);
/// The body of an error: {"error":{"root_cause":[...],"type":TYPE,"reason":REASON},"status":STATUS}.
std::string error_body(std::string_view type, std::string_view reason, int status);

/// One setting of PUT /_cluster/settings, flattened.
struct SettingChange {
  bool persistent = false;
  std::string key;
  std::string value;
  bool removes = false;  ///< null instead of a value
};
/// kInvalidArgument: "json_parse_exception" or "action_request_validation_exception" as the detail.
Result<std::vector<SettingChange>> parse_setting_changes(std::string_view body);

/// What PUT /INDEX/_settings sets index.recovery.initial_shards to; empty: something else.
std::string initial_shards_in(std::string_view body);
/// The settings of PUT /INDEX: number_of_shards, number_of_replicas, index.unassigned.node_left.delayed_timeout.
Result<IndexMetadata> parse_index_settings(std::string_view body, const model::Version& version);

}  // namespace esaas::simulation
