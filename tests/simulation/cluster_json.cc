#include "tests/simulation/cluster_json.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace esaas::simulation {
namespace {

namespace json = boost::json;

std::string_view name_of(model::HealthStatus status) {
  if (status == model::HEALTH_STATUS_GREEN) return "green";
  return status == model::HEALTH_STATUS_YELLOW ? "yellow" : "red";
}

std::string_view name_of(CopyState state) {
  switch (state) {
    case CopyState::kUnassigned: return "UNASSIGNED";
    case CopyState::kInitializing: return "INITIALIZING";
    case CopyState::kStarted: return "STARTED";
    case CopyState::kRelocating: return "RELOCATING";
  }
  return "";
}

std::string quoted_or_null(const std::string& text) { return text.empty() ? "null" : '"' + text + '"'; }

void append_copy(std::string& out, const ShardKey& key, const RoutedCopy& copy) {
  fmt::format_to(std::back_inserter(out),
                 R"({{"state":"{}","primary":{},"node":{},"relocating_node":{},"shard":{},"index":"{}","version":1)",
                 name_of(copy.state), copy.primary, quoted_or_null(copy.node), quoted_or_null(copy.target), key.shard,
                 key.index);
  if (copy.state == CopyState::kUnassigned) {
    out += R"(,"unassigned_info":{"reason":"NODE_LEFT"}})";
  } else {
    fmt::format_to(std::back_inserter(out), R"(,"allocation_id":{{"id":"{:x}"}}}})", copy.allocation_id);
  }
}

void append_routing(std::string& out, const ElectedCluster::Routing& routing) {
  const std::string* index = nullptr;
  for (const auto& [key, copies] : routing) {
    if (index == nullptr || *index != key.index) {
      if (index != nullptr) out += "}},";
      fmt::format_to(std::back_inserter(out), R"("{}":{{"shards":{{)", key.index);
      index = &key.index;
    } else {
      out += ',';
    }
    fmt::format_to(std::back_inserter(out), R"("{}":[)", key.shard);
    for (std::size_t i = 0; i < copies.size(); ++i) {
      if (i > 0) out += ',';
      append_copy(out, key, copies[i]);
    }
    out += ']';
  }
  if (index != nullptr) out += "}}";
}

/// Leaves of nested objects under dotted keys; numbers and booleans become text, as Elasticsearch keeps settings.
void flatten(const json::object& object, const std::string& prefix, bool persistent,
             std::vector<SettingChange>& changes) {
  for (const auto& [key, value] : object) {
    const std::string path = prefix.empty() ? std::string(key) : prefix + "." + std::string(key);
    if (value.is_object()) {
      flatten(value.get_object(), path, persistent, changes);
    } else if (value.is_string()) {
      changes.push_back({persistent, path, std::string(value.get_string())});
    } else if (value.is_null()) {
      changes.push_back({.persistent = persistent, .key = path, .value = {}, .removes = true});
    } else {
      changes.push_back({persistent, path, json::serialize(value)});
    }
  }
}

void append_settings(std::string& out, const std::map<std::string, std::string>& settings) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : settings) {
    if (!first) out += ',';
    first = false;
    fmt::format_to(std::back_inserter(out), R"("{}":{})", key, json::serialize(json::value(value)));
  }
  out += '}';
}

/// Who votes, and who is kept from it.
void append_coordination(std::string& out, const Metadata& metadata) {
  out += R"("cluster_coordination":{"last_committed_config":[)";
  bool first = true;
  for (const std::string& id : metadata.voting) {
    fmt::format_to(std::back_inserter(out), R"({}"{}")", first ? "" : ",", id);
    first = false;
  }
  out += R"(],"voting_config_exclusions":[)";
  first = true;
  for (const auto& [id, name] : metadata.voting_exclusions) {
    const std::string_view node_id = id.starts_with(kAbsent) ? std::string_view(kAbsent) : std::string_view(id);
    fmt::format_to(std::back_inserter(out), R"({}{{"node_id":"{}","node_name":"{}"}})", first ? "" : ",", node_id,
                   name);
    first = false;
  }
  out += "]}";
}

void append_repositories(std::string& out, const Metadata& metadata) {
  out += R"("repositories":{)";
  bool first = true;
  for (const std::string& name : metadata.repositories) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{{"type":"fs"}})", first ? "" : ",", name);
    first = false;
  }
  out += '}';
}

Result<Duration> parse_time_value(const std::string& text) {
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end.ptr, static_cast<std::size_t>(text.data() + text.size() - end.ptr));
  if (end.ec == std::errc{} && unit == "ms") return std::chrono::milliseconds{number};
  if (end.ec == std::errc{} && unit == "s") return std::chrono::seconds{number};
  if (end.ec == std::errc{} && unit == "m") return std::chrono::minutes{number};
  return fail(ErrorCode::kInvalidArgument, "illegal_argument_exception");
}

}  // namespace

std::string health_body(const ElectedCluster& cluster) {
  const model::Health health = cluster.health();
  std::uint32_t active_primaries = 0;
  for (const auto& [key, copies] : cluster.routing()) active_primaries += active_primary(copies) == nullptr ? 0U : 1U;
  return fmt::format(
      R"({{"cluster_name":"{}","status":"{}","timed_out":false,"number_of_nodes":{},"number_of_data_nodes":{},)"
      R"("active_primary_shards":{},"active_shards":{},"relocating_shards":{},"initializing_shards":{},)"
      R"("unassigned_shards":{},"delayed_unassigned_shards":0,"number_of_pending_tasks":0,)"
      R"("number_of_in_flight_fetch":0,"task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":100.0}})",
      cluster.name(), name_of(health.status()), health.nodes(), health.data_nodes(), active_primaries,
      health.active_shards(), health.relocating_shards(), health.initializing_shards(), health.unassigned_shards());
}

std::string state_body(const ElectedCluster& cluster, const model::Version& version) {
  std::string out =
      fmt::format(R"({{"cluster_name":"{}","master_node":{})", cluster.name(), quoted_or_null(cluster.master()));
  if (!cluster.state_recovered()) {
    out += R"(,"blocks":{"global":{"1":{"description":"state not recovered / initialized","retryable":true,)"
           R"("disable_state_persistence":true,"levels":["read","write","metadata_read","metadata_write"]}}})";
  }
  out += R"(,"nodes":{)";
  bool first = true;
  for (const auto& [id, member] : cluster.members()) {
    if (!first) out += ',';
    first = false;
    fmt::format_to(std::back_inserter(out), R"("{}":{{"name":"{}"}})", id, member.name);
  }
  out += '}';
  if (!cluster.state_recovered()) return out + '}';
  const bool has_coordination = version.major >= 7;
  const bool has_indices = !cluster.metadata().indices.empty();
  const bool has_repositories = !cluster.metadata().repositories.empty();
  const bool has_metadata = has_coordination || has_indices || has_repositories;
  if (has_metadata) out += R"(,"metadata":{)";
  if (has_coordination) append_coordination(out, cluster.metadata());
  if (has_repositories) {
    if (has_coordination) out += ',';
    append_repositories(out, cluster.metadata());
  }
  if (has_indices) {  // filter_path leaves out what would be empty
    if (has_coordination || has_repositories) out += ',';
    out += R"("indices":{)";
    first = true;
    for (const auto& [index, settings] : cluster.metadata().indices) {
      if (!first) out += ',';
      first = false;
      fmt::format_to(std::back_inserter(out),
                     R"("{}":{{"state":"{}","settings":{{"index":{{"number_of_shards":"{}","number_of_replicas":"{}",)"
                     R"({}"version":{{"created":"{}"}}}}}}}})",
                     index, settings.closed ? "close" : "open", settings.shards, settings.replicas,
                     settings.initial_shards.empty()
                         ? std::string{}
                         : R"("recovery":{"initial_shards":")" + settings.initial_shards + R"("},)",
                     settings.created_version);
    }
    out += '}';
  }
  if (has_metadata) out += '}';
  if (!cluster.routing().empty()) {
    out += R"(,"routing_table":{"indices":{)";
    append_routing(out, cluster.routing());
    out += "}}";
  }
  return out + '}';
}

std::string settings_body(const ElectedCluster& cluster) {
  std::string out = R"({"persistent":)";
  append_settings(out, cluster.metadata().persistent_settings);
  out += R"(,"transient":)";
  append_settings(out, cluster.transient_settings());
  return out + '}';
}

std::string root_body(const std::string& node, const std::string& cluster, const model::Version& version) {
  return fmt::format(
      R"({{"name":"{}","cluster_name":"{}","version":{{"number":"{}.{}.{}"}},"tagline":"You Know, for Search"}})", node,
      cluster, version.major, version.minor, version.patch);
}

std::string error_body(std::string_view type, std::string_view reason, int status) {
  const std::string words = reason.empty() ? "null" : '"' + std::string(reason) + '"';
  return fmt::format(
      R"({{"error":{{"root_cause":[{{"type":"{0}","reason":{1}}}],"type":"{0}","reason":{1}}},"status":{2}}})", type,
      words, status);
}

Result<std::vector<SettingChange>> parse_setting_changes(std::string_view body) {
  json::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return fail(ErrorCode::kInvalidArgument, "json_parse_exception");
  std::vector<SettingChange> changes;
  for (const bool persistent : {true, false}) {
    const json::value* scope = value.get_object().if_contains(persistent ? "persistent" : "transient");
    if (scope != nullptr && scope->is_object()) flatten(scope->get_object(), "", persistent, changes);
  }
  if (changes.empty()) return fail(ErrorCode::kInvalidArgument, "action_request_validation_exception");
  return changes;
}

std::string initial_shards_in(std::string_view body) {
  json::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  std::vector<SettingChange> settings;
  if (!error && value.is_object()) flatten(value.get_object(), "", true, settings);
  const auto found = std::ranges::find(settings, "index.recovery.initial_shards", &SettingChange::key);
  return found == settings.end() ? std::string{} : found->value;
}

Result<IndexMetadata> parse_index_settings(std::string_view body, const model::Version& version) {
  json::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return fail(ErrorCode::kInvalidArgument, "json_parse_exception");
  std::vector<SettingChange> settings;
  if (const json::value* given = value.get_object().if_contains("settings"); given != nullptr && given->is_object()) {
    flatten(given->get_object(), "", true, settings);
  }
  IndexMetadata index;
  index.shards = version.major < 7 ? 5 : 1;  // the defaults
  for (const SettingChange& setting : settings) {
    std::uint32_t number = 0;
    std::from_chars(setting.value.data(), setting.value.data() + setting.value.size(), number);
    if (setting.key == "number_of_shards") index.shards = number;
    if (setting.key == "number_of_replicas") index.replicas = number;
    if (setting.key == "index.unassigned.node_left.delayed_timeout") {
      ESAAS_TRY(index.delayed_timeout, parse_time_value(setting.value));
    }
  }
  if (index.shards == 0) return fail(ErrorCode::kInvalidArgument, "illegal_argument_exception");
  return index;
}

}  // namespace esaas::simulation
