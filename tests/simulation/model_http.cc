// The routes of a node, as far as the controller and the contract suite use them.

#include <algorithm>

#include "tests/simulation/cluster_json.h"
#include "tests/simulation/model_elasticsearch.h"

namespace esaas::simulation {
namespace {

HttpAnswer error(int status, std::string_view type, std::string_view reason = {}) {
  return {status, error_body(type, reason, status)};
}

HttpAnswer acknowledged(bool done) {
  if (done) return {200, R"({"acknowledged":true})"};
  return error(400, "illegal_argument_exception", "refused");
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

reconcile::ShardState observed_state(CopyState state) {
  switch (state) {
    case CopyState::kUnassigned: return reconcile::ShardState::kUnassigned;
    case CopyState::kInitializing: return reconcile::ShardState::kInitializing;
    case CopyState::kStarted: return reconcile::ShardState::kStarted;
    case CopyState::kRelocating: return reconcile::ShardState::kRelocating;
  }
  return reconcile::ShardState::kUnassigned;
}

void observe_shards(const ElectedCluster& cluster, reconcile::Observation& observation) {
  const auto name_of = [&](const std::string& id) {
    const auto found = cluster.members().find(id);
    return found == cluster.members().end() ? std::string() : found->second.name;
  };
  for (const auto& [key, copies] : cluster.routing()) {
    for (const RoutedCopy& copy : copies) {
      observation.shards.push_back(
          {key.index, key.shard, copy.primary, observed_state(copy.state), name_of(copy.node), name_of(copy.target)});
    }
  }
}

}  // namespace

ElasticsearchProcess* ModelElasticsearch::listening_on(const std::string& host, std::uint32_t port) {
  for (auto& [id, process] : processes_) {
    if (process.state != ElasticsearchProcess::State::kUp) continue;
    if (process.launch.host == host && process.launch.http_port == port) return &process;
  }
  return nullptr;
}

std::optional<HttpAnswer> ModelElasticsearch::request(const std::string& host, std::uint32_t port,
                                                      const HttpRequest& request) {
  const ElasticsearchProcess* process = listening_on(host, port);
  if (process == nullptr || silent_.contains(process->launch.cluster)) return std::nullopt;
  const std::string_view path = path_of(request.target);
  if (path == "/" && request.method == "GET") {
    return HttpAnswer{200, root_body(process->launch.node, process->launch.cluster)};
  }
  ElectedCluster* cluster = cluster_of(process->launch.cluster, process->node_id);
  if (cluster == nullptr || cluster->master().empty()) return error(503, "master_not_discovered_exception");
  if (path.starts_with("/_cluster/state") && request.method == "GET") return HttpAnswer{200, state_body(*cluster)};
  if (path == "/_cluster/health" && request.method == "GET") return HttpAnswer{200, health_body(*cluster)};
  if (path == "/_cluster/settings" && request.method == "GET") return HttpAnswer{200, settings_body(*cluster)};
  if (path == "/_cluster/settings" && request.method == "PUT") return put_settings(*cluster, request.body);
  if (path == "/_flush/synced" && request.method == "POST") {
    return HttpAnswer{200, R"({"_shards":{"total":1,"successful":1,"failed":0}})"};
  }
  return index_request(*cluster, request, path);
}

/// What Elasticsearch 2.x does not take it leaves out of its answer, and answers 200 all the same.
HttpAnswer ModelElasticsearch::put_settings(ElectedCluster& cluster, std::string_view body) {
  const auto changes = parse_setting_changes(body);
  if (!changes) {
    const bool syntax = changes.error().detail == "json_parse_exception";
    return error(syntax ? 500 : 400, changes.error().detail);
  }
  std::string taken[2];
  for (const SettingChange& change : *changes) {
    if (!cluster.put_setting(change.persistent, change.key, change.value)) continue;
    std::string nested = "\"" + change.value + "\"";
    for (std::size_t end = change.key.size(); end != std::string::npos;) {
      const auto dot = change.key.rfind('.', end - 1);
      const std::size_t begin = dot == std::string::npos ? 0 : dot + 1;
      nested = "{\"" + change.key.substr(begin, end - begin) + "\":" + nested + "}";
      end = dot;
    }
    taken[change.persistent ? 0 : 1] = std::move(nested);
  }
  tell_settings(cluster);
  reconsider(cluster.name());
  for (std::string& scope : taken) {
    if (scope.empty()) scope = "{}";
  }
  return {200, R"({"acknowledged":true,"persistent":)" + taken[0] + R"(,"transient":)" + taken[1] + "}"};
}

/// PUT /I, POST /I/_close, POST /I/_open, POST /I/doc, GET /I/_count.
HttpAnswer ModelElasticsearch::index_request(ElectedCluster& cluster, const HttpRequest& request,
                                             std::string_view path) {
  path.remove_prefix(1);
  const auto slash = path.find('/');
  const std::string index(path.substr(0, slash));
  const std::string_view rest = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  if (request.method == "PUT" && rest.empty()) {
    const auto settings = parse_index_settings(request.body);
    return settings ? acknowledged(cluster.create_index(index, *settings)) : error(400, settings.error().detail);
  }
  if (!cluster.metadata().indices.contains(index)) return error(404, "index_not_found_exception", "no such index");
  if (request.method == "POST" && rest == "_close") return acknowledged(cluster.close_index(index));
  if (request.method == "POST" && rest == "_open") return acknowledged(cluster.open_index(index));
  if (cluster.metadata().indices.at(index).closed) return error(403, "index_closed_exception", "closed");
  if (request.method == "GET" && rest == "_count") {
    return {200, R"({"count":)" + std::to_string(cluster.document_count(index)) + "}"};
  }
  if (request.method == "POST" && rest == "doc") {
    if (write_document(cluster.name(), index)) return {201, R"({"_index":")" + index + R"(","created":true})"};
    return error(503, "unavailable_shards_exception", "primary shard is not active");
  }
  return error(400, "illegal_argument_exception", "no handler found");
}

std::optional<reconcile::Observation> ModelElasticsearch::observe(const std::string& host, std::uint32_t port,
                                                                  const std::string& name) {
  const ElasticsearchProcess* process = listening_on(host, port);
  if (process == nullptr || process->launch.cluster != name || silent_.contains(name)) return std::nullopt;
  const ElectedCluster* cluster = cluster_of(name, process->node_id);
  if (cluster == nullptr || cluster->master().empty() || !cluster->state_recovered()) return std::nullopt;
  reconcile::Observation observation;
  observation.observed_at = clock_.now();
  observation.health = cluster->health();
  observation.master = cluster->members().at(cluster->master()).name;
  for (const auto& [id, member] : cluster->members()) {
    observation.nodes.push_back(member.name);
    reconcile::NodeInfo& info = observation.node_infos.emplace_back();
    info.name = member.name;
    info.disk_total_mib = 65'536;
    info.disk_available_mib = 60'000;
  }
  std::ranges::sort(observation.node_infos, {}, &reconcile::NodeInfo::name);
  std::ranges::sort(observation.nodes);
  observe_shards(*cluster, observation);
  for (const auto& [index, settings] : cluster->metadata().indices) {
    if (settings.closed) observation.closed_indices.push_back(index);
  }
  const auto excluded = cluster->excluded_names();
  observation.excluded_nodes.emplace(excluded.begin(), excluded.end());
  observation.minimum_master_nodes = cluster->minimum_master_nodes();
  observation.allocation_enable = cluster->allocation_enable();
  for (const auto& [index, settings] : cluster->metadata().indices) {
    observation.indices.push_back({.name = index,
                                   .open = !settings.closed,
                                   .shards = settings.shards,
                                   .replicas = settings.replicas,
                                   .auto_expand_replicas = {},
                                   .created_version = 2'030'399});
  }
  return observation;
}

}  // namespace esaas::simulation
