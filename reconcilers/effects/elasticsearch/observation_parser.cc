#include "reconcilers/effects/elasticsearch/observation_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <ranges>

#include "reconcilers/effects/elasticsearch/json_reading.h"
#include "reconcilers/voter_id.h"

namespace esaas::es {
namespace {

namespace json = boost::json;
using reconcile::IndexInfo;
using reconcile::ShardCopy;
using reconcile::ShardState;

/// The id of Elasticsearch's global block "state not recovered / initialized".
constexpr std::string_view kStateNotRecovered = "1";

Result<model::HealthStatus> parse_status(std::string_view text) {
  if (text == "green") return model::HEALTH_STATUS_GREEN;
  if (text == "yellow") return model::HEALTH_STATUS_YELLOW;
  if (text == "red") return model::HEALTH_STATUS_RED;
  return bad("\"status\" is none of green, yellow, red");
}

Result<ShardState> parse_shard_state(std::string_view text) {
  if (text == "STARTED") return ShardState::kStarted;
  if (text == "RELOCATING") return ShardState::kRelocating;
  if (text == "INITIALIZING") return ShardState::kInitializing;
  if (text == "UNASSIGNED") return ShardState::kUnassigned;
  return bad("a shard's state is not known");
}

/// Node names by Elasticsearch's own node ids.
using NodeNames = std::map<std::string_view, std::string_view>;

Result<std::string> name_of_node(const NodeNames& names, std::string_view id) {
  if (id.empty()) return std::string{};
  const auto found = names.find(id);
  if (found == names.end()) return bad("a shard is on a node that is not listed");
  return std::string(found->second);
}

Result<ShardCopy> parse_copy(const json::value& value, std::string_view index, const NodeNames& names) {
  const json::object* object = value.if_object();
  if (object == nullptr) return bad("a copy of a shard is no object");
  ShardCopy copy;
  copy.index = index;
  ESAAS_TRY(copy.state, parse_shard_state(string_in(*object, "state")));
  ESAAS_TRY(copy.shard, number_in(*object, "shard"));
  const json::value* primary = object->if_contains("primary");
  if (primary == nullptr || !primary->is_bool()) return bad("\"primary\" is missing");
  copy.primary = primary->get_bool();
  ESAAS_TRY(copy.node, name_of_node(names, string_in(*object, "node")));
  // The target of a move that has just left the cluster is no reason to know nothing: the copy is
  // at its source.
  if (const auto target = names.find(string_in(*object, "relocating_node")); target != names.end()) {
    copy.relocating_to = target->second;
  }
  if (copy.node.empty() != (copy.state == ShardState::kUnassigned)) return bad("a shard's node and state disagree");
  return copy;
}

Result<void> parse_routing(const json::object& routing, const NodeNames& names, std::vector<ShardCopy>& copies) {
  const json::object* indices = object_in(routing, "indices");
  if (indices == nullptr) return {};
  for (const auto& [index, table] : *indices) {
    const json::object* shards = table.is_object() ? object_in(table.get_object(), "shards") : nullptr;
    if (shards == nullptr) return bad("an index has no \"shards\"");
    for (const auto& [number, list] : *shards) {
      if (!list.is_array()) return bad("the copies of a shard are no list");
      for (const json::value& value : list.get_array()) {
        ESAAS_TRY(ShardCopy copy, parse_copy(value, {index.data(), index.size()}, names));
        copies.push_back(std::move(copy));
      }
    }
  }
  return {};
}

Result<NodeNames> parse_nodes(const json::object& answer) {
  const json::object* nodes = object_in(answer, "nodes");
  if (nodes == nullptr) return bad("\"nodes\" is missing");
  NodeNames names;
  for (const auto& [id, node] : *nodes) {
    const std::string_view name = node.is_object() ? string_in(node.get_object(), "name") : std::string_view{};
    if (name.empty()) return bad("a node has no name");
    names.emplace(std::string_view(id.data(), id.size()), name);
  }
  return names;
}

/// A count that Elasticsearch writes as text in an index's settings; 0 when it says none.
Result<std::uint32_t> count_in(const json::object& settings, std::string_view key) {
  const std::string_view text = string_in(settings, key);
  std::uint32_t count = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), count);
  if (!text.empty() && (end.ec != std::errc{} || end.ptr != text.data() + text.size())) {
    return bad(fmt::format("an index's \"{}\" is no count", key));
  }
  return count;
}

Result<IndexInfo> parse_index(std::string_view name, const json::object& object) {
  IndexInfo index;
  index.name = name;
  const std::string_view state = string_in(object, "state");
  if (state != "open" && state != "close") return bad("an index is neither open nor closed");
  index.open = state == "open";
  const json::object* all = object_in(object, "settings");
  const json::object* settings = all == nullptr ? nullptr : object_in(*all, "index");
  if (settings == nullptr) return bad("an index has no settings");
  ESAAS_TRY(index.shards, count_in(*settings, "number_of_shards"));
  ESAAS_TRY(index.replicas, count_in(*settings, "number_of_replicas"));
  index.auto_expand_replicas = string_in(*settings, "auto_expand_replicas");
  if (const json::object* recovery = object_in(*settings, "recovery")) {
    index.initial_shards = string_in(*recovery, "initial_shards");
  }
  if (const json::object* version = object_in(*settings, "version")) {
    ESAAS_TRY(index.created_version, count_in(*version, "created"));
  }
  return index;
}

/// Sorted by name. An open index must have a routing, or the shards that were read are not all there are.
Result<std::vector<IndexInfo>> parse_indices(const json::object& metadata, const json::object* routed) {
  std::vector<IndexInfo> indices;
  const json::object* objects = object_in(metadata, "indices");
  if (objects == nullptr) return indices;  // left out when there are none
  for (const auto& [name, value] : *objects) {
    if (!value.is_object()) return bad("an index is no object");
    ESAAS_TRY(IndexInfo index, parse_index({name.data(), name.size()}, value.get_object()));
    if (index.open && (routed == nullptr || !routed->contains(name))) return bad("an open index has no shards");
    indices.push_back(std::move(index));
  }
  std::ranges::sort(indices, {}, &IndexInfo::name);
  return indices;
}

/// Closed indices without a routing. From 7.2 on a closed index has one, and its shards move like those of others,
/// unless it was closed before.
std::vector<std::string> closed_without_routing(const std::vector<IndexInfo>& indices, const json::object* routed) {
  std::vector<std::string> closed;
  for (const IndexInfo& index : indices) {
    if (!index.open && (routed == nullptr || !routed->contains(index.name))) closed.push_back(index.name);
  }
  return closed;
}

/// What a new cluster has in place of the id of a first master that it knows by its name only.
constexpr std::string_view kPlaceholder = "{bootstrap-placeholder}-";

/// In place of the name of an exclusion that was made by the id of a node that is not there.
constexpr std::string_view kAbsent = "_absent_";

std::string by_id(std::string_view id) { return std::string(reconcile::kById).append(id); }

/// Who may vote, and who is kept from it, by name. A node that has gone is told by its id (reconcile::kById).
struct Voting {
  std::vector<std::string> configuration;
  std::vector<std::string> exclusions;
};
Result<std::optional<Voting>> parse_voting(const json::object& metadata, const NodeNames& names) {
  const json::object* coordination = object_in(metadata, "cluster_coordination");
  if (coordination == nullptr) return std::nullopt;  // before 7
  const json::array* committed = array_in(*coordination, "last_committed_config");
  if (committed == nullptr) return bad("\"last_committed_config\" is missing");
  Voting voting;
  for (const json::value& value : *committed) {
    if (!value.is_string()) return bad("a voter's id is no string");
    const std::string_view voter(value.get_string().data(), value.get_string().size());
    if (const auto found = names.find(voter); found != names.end()) {
      voting.configuration.emplace_back(found->second);
    } else if (voter.starts_with(kPlaceholder)) {
      voting.configuration.emplace_back(voter.substr(kPlaceholder.size()));
    } else {
      voting.configuration.push_back(by_id(voter));
    }
  }
  if (const json::array* exclusions = array_in(*coordination, "voting_config_exclusions")) {
    for (const json::value& value : *exclusions) {
      const std::string_view name = value.is_object() ? string_in(value.get_object(), "node_name") : std::string_view{};
      if (name.empty()) return bad("a voting exclusion names no node");
      const std::string_view id = string_in(value.get_object(), "node_id");
      voting.exclusions.push_back(name == kAbsent ? by_id(id) : std::string(name));
    }
  }
  std::ranges::sort(voting.configuration);
  std::ranges::sort(voting.exclusions);
  return voting;
}

std::vector<std::string> parse_repositories(const json::object& metadata) {
  std::vector<std::string> names;
  if (const json::object* repositories = object_in(metadata, "repositories")) {
    for (const auto& [name, value] : *repositories) names.emplace_back(name.data(), name.size());
  }
  std::ranges::sort(names);
  return names;
}

/// A setting's value as text; a list is joined by commas, as it may be given.
Result<std::string> value_text(const json::value& value) {
  if (const json::string* text = value.if_string()) return std::string(text->data(), text->size());
  const json::array* list = value.if_array();
  if (list == nullptr) return bad("a setting's value is neither text nor a list of it");
  std::string joined;
  for (const json::value& one : *list) {
    if (!one.is_string()) return bad("a setting's value is neither text nor a list of it");
    if (!joined.empty()) joined += ',';
    joined.append(one.get_string().data(), one.get_string().size());
  }
  return joined;
}

Result<std::vector<model::Setting>> flat_settings(const json::object& scope) {
  std::vector<model::Setting> settings;
  for (const auto& [key, value] : scope) {
    if (value.is_null()) continue;
    ESAAS_TRY(std::string text, value_text(value));
    model::Setting& setting = settings.emplace_back();
    setting.set_key(std::string(key.data(), key.size()));
    setting.set_value(std::move(text));
  }
  std::ranges::sort(settings, {}, [](const model::Setting& setting) -> const std::string& { return setting.key(); });
  return settings;
}

/// Transient settings win over persistent ones.
std::string_view setting(const json::object& answer, std::string_view key) {
  for (const std::string_view scope : {"transient", "persistent"}) {
    const json::object* settings = object_in(answer, scope);
    if (settings == nullptr || settings->if_contains({key.data(), key.size()}) == nullptr) continue;
    return string_in(*settings, key);
  }
  return {};
}

}  // namespace

Result<model::Health> parse_health(std::string_view body, std::string_view cluster) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  const json::object& object = answer.get_object();
  ESAAS_CHECK(check_name(object, cluster));
  model::Health health;
  ESAAS_TRY(const auto status, parse_status(string_in(object, "status")));
  health.set_status(status);
  ESAAS_TRY(const auto nodes, number_in(object, "number_of_nodes"));
  ESAAS_TRY(const auto data_nodes, number_in(object, "number_of_data_nodes"));
  ESAAS_TRY(const auto active, number_in(object, "active_shards"));
  ESAAS_TRY(const auto relocating, number_in(object, "relocating_shards"));
  ESAAS_TRY(const auto initializing, number_in(object, "initializing_shards"));
  ESAAS_TRY(const auto unassigned, number_in(object, "unassigned_shards"));
  health.set_nodes(nodes);
  health.set_data_nodes(data_nodes);
  health.set_active_shards(active);
  health.set_relocating_shards(relocating);
  health.set_initializing_shards(initializing);
  health.set_unassigned_shards(unassigned);
  return health;
}

Result<void> parse_cluster_state(std::string_view body, std::string_view cluster, reconcile::Observation& observation) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  const json::object& object = answer.get_object();
  ESAAS_CHECK(check_name(object, cluster));
  const json::object* blocks = object_in(object, "blocks");
  const json::object* global = blocks == nullptr ? nullptr : object_in(*blocks, "global");
  if (global != nullptr && global->contains({kStateNotRecovered.data(), kStateNotRecovered.size()})) {
    return fail(ErrorCode::kUnavailable, "The cluster has not yet read its state from disk.");
  }
  ESAAS_TRY(const NodeNames names, parse_nodes(object));
  const auto master = names.find(string_in(object, "master_node"));
  if (master == names.end()) return fail(ErrorCode::kUnavailable, "The cluster has no elected master.");
  std::vector<ShardCopy> copies;
  const json::object* routing = object_in(object, "routing_table");
  const json::object* routed = routing == nullptr ? nullptr : object_in(*routing, "indices");
  const json::object nothing;
  const json::object* found = object_in(object, "metadata");  // left out when all of it is
  const json::object& metadata = found == nullptr ? nothing : *found;
  if (routing != nullptr) ESAAS_CHECK(parse_routing(*routing, names, copies));
  ESAAS_TRY(auto indices, parse_indices(metadata, routed));
  ESAAS_TRY(auto voting, parse_voting(metadata, names));
  observation.master = master->second;
  observation.nodes.clear();
  for (const auto& [id, name] : names) observation.nodes.emplace_back(name);
  std::ranges::sort(observation.nodes);
  observation.shards = std::move(copies);
  observation.closed_indices = closed_without_routing(indices, routed);
  observation.indices = std::move(indices);
  observation.repositories = parse_repositories(metadata);
  observation.voting_configuration.reset();
  observation.voting_exclusions.reset();
  if (voting) {
    observation.voting_configuration = std::move(voting->configuration);
    observation.voting_exclusions = std::move(voting->exclusions);
  }
  return {};
}

Result<void> parse_settings(std::string_view body, reconcile::Observation& observation) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  const json::object& object = answer.get_object();
  const json::object* transient = object_in(object, "transient");
  const json::object* persistent = object_in(object, "persistent");
  if (transient == nullptr || persistent == nullptr) return bad("\"transient\" or \"persistent\" is missing");
  ESAAS_TRY(auto transient_settings, flat_settings(*transient));
  ESAAS_TRY(auto persistent_settings, flat_settings(*persistent));
  std::vector<std::string> excluded;
  for (const auto part : setting(object, "cluster.routing.allocation.exclude._name") | std::views::split(',')) {
    if (!part.empty()) excluded.emplace_back(part.begin(), part.end());
  }
  std::ranges::sort(excluded);
  std::uint32_t quorum = 0;
  const std::string_view text = setting(object, "discovery.zen.minimum_master_nodes");
  if (const auto end = std::from_chars(text.data(), text.data() + text.size(), quorum);
      !text.empty() && (end.ec != std::errc{} || end.ptr != text.data() + text.size())) {
    return bad("minimum_master_nodes is no count");
  }
  observation.excluded_nodes = std::move(excluded);
  observation.minimum_master_nodes = quorum;
  observation.allocation_enable = string_in(*transient, "cluster.routing.allocation.enable");
  observation.transient_settings = std::move(transient_settings);
  observation.persistent_settings = std::move(persistent_settings);
  return {};
}

Result<void> check_cluster_name(std::string_view body, std::string_view cluster) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  return check_name(answer.get_object(), cluster);
}

std::string reason_of_error(std::string_view body) {
  constexpr std::size_t kShown = 200;
  const auto answer = parse_object(body);
  if (answer) {
    if (const json::object* error = object_in(answer->get_object(), "error")) {
      const std::string_view type = string_in(*error, "type");
      const std::string_view reason = string_in(*error, "reason");
      if (!type.empty()) return reason.empty() ? std::string(type) : fmt::format("{}: {}", type, reason);
    }
  }
  return std::string(body.substr(0, kShown));
}

}  // namespace esaas::es
