#include "reconcilers/effects/elasticsearch/observation_parser.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <ranges>

namespace esaas::es {
namespace {

namespace json = boost::json;
using reconcile::ShardCopy;
using reconcile::ShardState;

/// The id of Elasticsearch's global block "state not recovered / initialized".
constexpr std::string_view kStateNotRecovered = "1";

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::kDataLoss, fmt::format("Elasticsearch's answer can not be used: {}.", what));
}

Result<json::value> parse_object(std::string_view body) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  json::value value = json::parse({body.data(), body.size()}, error, {}, options);
  if (error) return bad("it is not JSON (" + error.message() + ")");
  if (!value.is_object()) return bad("it is not a JSON object");
  return value;
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr ? nullptr : value->if_object();
}

std::string_view string_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

Result<std::uint32_t> number_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) {
    return bad(fmt::format("\"{}\" is no count", key));
  }
  return static_cast<std::uint32_t>(*number);
}

Result<void> check_name(const json::object& answer, std::string_view cluster) {
  const std::string_view name = string_in(answer, "cluster_name");
  if (name.empty()) return bad("\"cluster_name\" is missing");
  if (name != cluster) {
    return fail(ErrorCode::kNotFound, fmt::format("Cluster {} answered instead of {}.", name, cluster));
  }
  return {};
}

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

/// Closed indices have no routing; an open one must have one, or the shards that were read are not
/// all there are.
Result<std::vector<std::string>> parse_closed_indices(const json::object& answer) {
  std::vector<std::string> closed;
  const json::object* routing = object_in(answer, "routing_table");
  const json::object* routed = routing == nullptr ? nullptr : object_in(*routing, "indices");
  const json::object* metadata = object_in(answer, "metadata");
  const json::object* indices = metadata == nullptr ? nullptr : object_in(*metadata, "indices");
  if (indices == nullptr) return closed;  // left out when there are none
  for (const auto& [index, value] : *indices) {
    const std::string_view state = value.is_object() ? string_in(value.get_object(), "state") : std::string_view{};
    if (state != "open" && state != "close") return bad("an index is neither open nor closed");
    if (state == "close") closed.emplace_back(index.data(), index.size());
    if (state == "open" && (routed == nullptr || !routed->contains(index))) return bad("an open index has no shards");
  }
  std::ranges::sort(closed);
  return closed;
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
  if (const json::object* routing = object_in(object, "routing_table")) {
    ESAAS_CHECK(parse_routing(*routing, names, copies));
  }
  ESAAS_TRY(auto closed, parse_closed_indices(object));
  observation.master = master->second;
  observation.nodes.clear();
  for (const auto& [id, name] : names) observation.nodes.emplace_back(name);
  std::ranges::sort(observation.nodes);
  observation.shards = std::move(copies);
  observation.closed_indices = std::move(closed);
  return {};
}

Result<void> parse_settings(std::string_view body, reconcile::Observation& observation) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  const json::object& object = answer.get_object();
  if (object_in(object, "transient") == nullptr || object_in(object, "persistent") == nullptr) {
    return bad("\"transient\" or \"persistent\" is missing");
  }
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
  return {};
}

Result<void> check_cluster_name(std::string_view body, std::string_view cluster) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  return check_name(answer.get_object(), cluster);
}

Result<void> check_acknowledged(std::string_view body) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  const json::value* acknowledged = answer.get_object().if_contains("acknowledged");
  if (acknowledged == nullptr || !acknowledged->is_bool()) return bad("\"acknowledged\" is missing");
  if (acknowledged->get_bool()) return {};
  return fail(ErrorCode::kUnavailable, "Not all nodes have acknowledged the setting in time.");
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
