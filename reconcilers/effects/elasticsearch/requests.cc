#include "reconcilers/effects/elasticsearch/requests.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/model/version.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"
#include "reconcilers/voter_id.h"

namespace esaas::es {
namespace {

/// Of a version that nobody knows: the newest that there could be.
model::Version parsed(std::string_view version) {
  return model::parse_version(version).value_or(model::Version{.major = 99, .minor = 0, .patch = 0});
}

std::string joined(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

std::string joined_ids(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string_view name : names) {
    text.append(text.empty() ? "" : ",").append(name.substr(reconcile::kById.size()));
  }
  return text;
}

SettingRequest voting_exclusions_request(const event::VotingExclusionsIntended& intent, std::string_view version) {
  const std::string path = "/_cluster/voting_config_exclusions";
  if (intent.nodes().empty()) return {"DELETE", path + "?wait_for_removal=false", {}};
  // By name only what is there can be excluded so that its vote goes; ids are taken from 7.8 on, and never with names.
  if (std::ranges::all_of(intent.nodes(), [](std::string_view name) { return name.starts_with(reconcile::kById); })) {
    return {"POST", path + "?timeout=2s&node_ids=" + joined_ids(intent.nodes()), {}};
  }
  const std::string names = joined(intent.nodes());
  // Until 7.7 the names are a part of the path.
  const bool in_query = parsed(version) >= model::Version{.major = 7, .minor = 8, .patch = 0};
  return {"POST", path + (in_query ? "?timeout=2s&node_names=" + names : "/" + names + "?timeout=2s"), {}};
}

}  // namespace

std::string exclusions_body(const event::ExclusionsIntended& intent) {
  const std::string names = joined(intent.nodes());
  // 2.x can not remove a setting; the empty value excludes nobody in all versions.
  return boost::json::serialize(
      boost::json::value{{"transient", {{"cluster.routing.allocation.exclude._name", names}}}});
}

std::string minimum_master_nodes_body(const event::MinimumMasterNodesIntended& intent) {
  return boost::json::serialize(
      boost::json::value{{"persistent", {{"discovery.zen.minimum_master_nodes", intent.value()}}}});
}

std::string allocation_body(const event::AllocationIntended& intent, std::string_view version) {
  boost::json::value value = nullptr;
  if (!intent.enable().empty()) {
    value = intent.enable();
  } else if (parsed(version).major < 5) {
    value = "all";
  }
  return boost::json::serialize(boost::json::value{{"transient", {{"cluster.routing.allocation.enable", value}}}});
}

std::string settings_body(const std::vector<model::Setting>& persistent, const std::vector<model::Setting>& transient) {
  const auto scope = [](const std::vector<model::Setting>& settings) {
    boost::json::object object;
    for (const model::Setting& setting : settings) {
      object[setting.key()] = setting.unset() ? boost::json::value(nullptr) : boost::json::value(setting.value());
    }
    return object;
  };
  boost::json::object body;
  if (!persistent.empty()) body["persistent"] = scope(persistent);
  if (!transient.empty()) body["transient"] = scope(transient);
  return boost::json::serialize(body);
}

std::string replicas_body(std::uint32_t replicas) {
  return boost::json::serialize(boost::json::value{{"index", {{"number_of_replicas", replicas}}}});
}

std::string initial_shards_body(std::string_view value) {
  return boost::json::serialize(boost::json::value{{"index", {{"recovery", {{"initial_shards", value}}}}}});
}

std::string repository_body(const std::string& location) {
  return boost::json::serialize(boost::json::value{{"type", "fs"}, {"settings", {{"location", location}}}});
}

std::string snapshot_body(const std::vector<std::string>& indices, bool include_global_state) {
  boost::json::object body;
  std::string names;
  for (const std::string& index : indices) names += (names.empty() ? "" : ",") + index;
  if (!names.empty()) body["indices"] = names;
  body["include_global_state"] = include_global_state;
  return boost::json::serialize(body);
}

SettingRequest setting_request(const event::Event& intent, std::string_view version) {
  const auto settings = [](std::string body) {
    return SettingRequest{"PUT", std::string(kPutSettingsPath), std::move(body)};
  };
  switch (intent.payload_case()) {
    case event::Event::kVotingExclusionsIntended:
      return voting_exclusions_request(intent.voting_exclusions_intended(), version);
    case event::Event::kAllocationIntended: return settings(allocation_body(intent.allocation_intended(), version));
    case event::Event::kExclusionsIntended: return settings(exclusions_body(intent.exclusions_intended()));
    default: return settings(minimum_master_nodes_body(intent.minimum_master_nodes_intended()));
  }
}

}  // namespace esaas::es
