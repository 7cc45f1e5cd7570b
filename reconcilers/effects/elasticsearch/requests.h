#pragma once
// The bodies that are sent to Elasticsearch. Pure, thread-safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event.pb.h"

namespace esaas::es {

/// Transient `cluster.routing.allocation.exclude._name`: the shards of these nodes leave, and none
/// comes to them. No names: the exclusion is lifted. The names are a snapshot of all nodes to be
/// excluded, not an addition.
std::string exclusions_body(const event::ExclusionsIntended& intent);

/// Persistent `discovery.zen.minimum_master_nodes`.
std::string minimum_master_nodes_body(const event::MinimumMasterNodesIntended& intent);

/// Transient `cluster.routing.allocation.enable`. An empty value takes it away; 2.x, which can not remove a setting, is
/// given its default, "all".
std::string allocation_body(const event::AllocationIntended& intent, std::string_view version);

/// Both scopes of PUT /_cluster/settings; one that is to be unset is null, which 2.x does not understand.
std::string settings_body(const std::vector<model::Setting>& persistent, const std::vector<model::Setting>& transient);

/// PUT /INDEX/_settings.
std::string replicas_body(std::uint32_t replicas);
/// The same, of how many copies have to be found before one becomes a primary (2.x).
std::string initial_shards_body(std::string_view value);

/// PUT /_snapshot/REPOSITORY: one on a file system that all nodes share.
std::string repository_body(const std::string& location);

/// PUT /_snapshot/REPOSITORY/SNAPSHOT and POST .../_restore. No indices: all.
std::string snapshot_body(const std::vector<std::string>& indices, bool include_global_state);

/// One request over HTTP.
struct SettingRequest {
  std::string method;
  std::string path;
  std::string body;
};

/// The request that puts in force what an ExclusionsIntended, MinimumMasterNodesIntended, AllocationIntended or
/// VotingExclusionsIntended says, on a cluster of this version. Names are only ever added to the voting exclusions: a
/// list becomes shorter by way of the empty one, which clears it.
SettingRequest setting_request(const event::Event& intent, std::string_view version);

}  // namespace esaas::es
