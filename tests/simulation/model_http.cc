// The routes of a node, as far as the controller and the contract suite use them.

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

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

/// The value of a parameter in the query; empty when there is none.
std::string_view parameter(std::string_view target, std::string_view name) {
  const auto question = target.find('?');
  std::string_view rest = question == std::string_view::npos ? std::string_view{} : target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
  return {};
}

std::vector<model::Setting> listed(const std::map<std::string, std::string>& settings) {
  std::vector<model::Setting> list;
  for (const auto& [key, value] : settings) {
    list.emplace_back().set_key(key);
    list.back().set_value(value);
  }
  return list;
}

std::vector<model::Setting> settings_of(const std::map<std::string, std::string>& values) {
  std::vector<model::Setting> settings;
  for (const auto& [key, value] : values) {
    settings.emplace_back().set_key(key);
    settings.back().set_value(value);
  }
  return settings;
}

std::set<std::string> names_in(std::string_view list) {
  std::set<std::string> names;
  for (const auto part : list | std::views::split(',')) {
    if (!part.empty()) names.emplace(part.begin(), part.end());
  }
  return names;
}

constexpr std::string_view kSnapshotPath = "/_snapshot/";
constexpr std::string_view kVotesPath = "/_cluster/voting_config_exclusions";

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
    return HttpAnswer{200, root_body(process->launch.node, process->launch.cluster, process->launch.version)};
  }
  ElectedCluster* cluster = cluster_of(process->launch.cluster, process->node_id);
  if (cluster == nullptr || cluster->master().empty()) return error(503, "master_not_discovered_exception");
  if (path.starts_with("/_cluster/state") && request.method == "GET") {
    return HttpAnswer{200, state_body(*cluster, process->launch.version)};
  }
  if (path == "/_cluster/health" && request.method == "GET") return HttpAnswer{200, health_body(*cluster)};
  if (path == "/_cluster/settings" && request.method == "GET") return HttpAnswer{200, settings_body(*cluster)};
  if (path == "/_cluster/settings" && request.method == "PUT") return put_settings(*cluster, request.body);
  if (path.starts_with(kVotesPath)) return change_votes(*cluster, request);
  if (path == "/_flush/synced" && request.method == "POST") {
    return HttpAnswer{200, R"({"_shards":{"total":1,"successful":1,"failed":0}})"};
  }
  if (path.starts_with(kSnapshotPath) && request.method == "PUT") return take_snapshot(*cluster, path);
  return index_request(*cluster, request, path);
}

/// PUT /_snapshot/REPOSITORY/NAME, which answers before it is taken. Some fail.
HttpAnswer ModelElasticsearch::take_snapshot(ElectedCluster& cluster, std::string_view path) {
  if (!cluster.can_publish()) return error(503, "master_not_discovered_exception");
  path.remove_prefix(kSnapshotPath.size());
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return error(400, "illegal_argument_exception", "name a snapshot");
  const std::pair key(std::string(path.substr(0, slash)), std::string(path.substr(slash + 1)));
  if (!cluster.metadata().repositories.contains(key.first)) {
    return error(404, "repository_missing_exception", "[" + key.first + "] missing");
  }
  auto& taken = snapshots_[cluster.name()];
  if (taken.contains(key)) {
    return error(400, "invalid_snapshot_name_exception", "snapshot with the same name already exists");
  }
  taken[key] = {clock_.now() + prng_.between(std::chrono::seconds{1}, std::chrono::seconds{15}), prng_.chance(1, 8)};
  return {200, R"({"accepted":true})"};
}

std::vector<reconcile::SnapshotInfo> ModelElasticsearch::snapshots(const std::string& cluster,
                                                                   const std::string& repository,
                                                                   const std::string& name) const {
  std::vector<reconcile::SnapshotInfo> infos;
  const auto taken = snapshots_.find(cluster);
  if (taken != snapshots_.end()) {
    for (const auto& [key, snapshot] : taken->second) {
      const bool is_running = clock_.now() < snapshot.done_at;
      const bool is_asked = name.empty() || name == key.second || (name == "_current" && is_running);
      if (key.first != repository || !is_asked) continue;
      reconcile::SnapshotInfo& info = infos.emplace_back();
      info.repository = repository;
      info.name = key.second;
      info.state = is_running ? "IN_PROGRESS" : snapshot.fails ? "FAILED" : "SUCCESS";
      if (!is_running && snapshot.fails) info.reason = "no space left on device";
    }
  }
  if (infos.empty() && !name.empty() && name != "_current") {
    infos.push_back({.repository = repository, .name = name, .state = "MISSING", .reason = {}});
  }
  return infos;
}

/// POST and DELETE of the voting exclusions. The answer comes when the votes are handed over, or when that takes too
/// long.
HttpAnswer ModelElasticsearch::change_votes(ElectedCluster& cluster, const HttpRequest& request) {
  if (!cluster.keeps_votes()) return error(500, "action_not_found_transport_exception", "no handler for action");
  if (!cluster.can_publish()) return error(503, "master_not_discovered_exception");
  if (request.method == "DELETE") {
    cluster.clear_voting_exclusions();
    reconsider(cluster.name());
    return {200, {}};
  }
  const std::string_view path = path_of(request.target).substr(kVotesPath.size());
  const bool in_query = cluster.oldest_version() >= model::Version{.major = 7, .minor = 8, .patch = 0};
  const std::set<std::string> names =
      names_in(in_query ? parameter(request.target, "node_names") : path.substr(std::min<std::size_t>(path.size(), 1)));
  const std::set<std::string> ids = names_in(in_query ? parameter(request.target, "node_ids") : std::string_view{});
  if (request.method != "POST" || names.empty() == ids.empty()) {
    return error(400, "illegal_argument_exception", "one and only one of [node_names] and [node_ids] has to be set");
  }
  const bool is_taken = names.empty() ? cluster.exclude_voters_by_id(ids) : cluster.exclude_voters(names);
  if (cluster.master().empty()) form_later(cluster.name());  // it gave its own vote away
  if (!is_taken) return error(400, "illegal_argument_exception", "too many voting exclusions");
  const auto is_handed_over = [&](const std::string& id) {
    return !ids.contains(id) && !names.contains(cluster.name_of_voter(id));
  };
  if (std::ranges::all_of(cluster.metadata().voting, is_handed_over)) return {200, {}};
  return error(500, "timeout_exception", "timed out waiting for voting config exclusions to take effect");
}

/// What Elasticsearch 2.x does not take it leaves out of its answer, and answers 200 all the same; from 5 on all is
/// refused.
HttpAnswer ModelElasticsearch::put_settings(ElectedCluster& cluster, std::string_view body) {
  const auto changes = parse_setting_changes(body);
  if (!changes) {
    const bool syntax = changes.error().detail == "json_parse_exception";
    return error(syntax ? 500 : 400, changes.error().detail);
  }
  if (!cluster.can_publish()) return error(503, "master_not_discovered_exception");
  const bool is_strict = cluster.oldest_version().major >= 5;
  std::string taken[2];
  for (const SettingChange& change : *changes) {
    if (change.removes) {
      if (is_strict) cluster.remove_setting(change.persistent, change.key);
      continue;
    }
    if (!cluster.put_setting(change.persistent, change.key, change.value)) {
      if (is_strict) return error(400, "illegal_argument_exception", "setting [" + change.key + "], not recognized");
      continue;
    }
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
    const auto settings = parse_index_settings(request.body, cluster.oldest_version());
    return settings ? acknowledged(cluster.create_index(index, *settings)) : error(400, settings.error().detail);
  }
  if (request.method == "PUT" && rest == "_settings") {
    const std::string value = initial_shards_in(request.body);
    if (value.empty()) return error(400, "illegal_argument_exception", "no such setting is modelled");
    if (!cluster.can_publish()) return error(503, "master_not_discovered_exception");
    if (cluster.set_initial_shards(names_in(index), value)) return acknowledged(true);
    return error(404, "index_not_found_exception", "no such index");
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
    const model::Version& version = member.version;
    info.version = fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
  }
  std::ranges::sort(observation.node_infos, {}, &reconcile::NodeInfo::name);
  std::ranges::sort(observation.nodes);
  observe_shards(*cluster, observation);
  for (const auto& [index, settings] : cluster->metadata().indices) {
    if (settings.closed && !settings.closed_is_routed) observation.closed_indices.push_back(index);
  }
  const auto excluded = cluster->excluded_names();
  observation.excluded_nodes.emplace(excluded.begin(), excluded.end());
  observation.minimum_master_nodes = cluster->minimum_master_nodes();
  observation.repositories.assign(cluster->metadata().repositories.begin(), cluster->metadata().repositories.end());
  observation.allocation_enable = cluster->allocation_enable();
  observation.persistent_settings = settings_of(cluster->metadata().persistent_settings);
  observation.transient_settings = settings_of(cluster->transient_settings());
  observation.persistent_settings = listed(cluster->metadata().persistent_settings);
  observation.transient_settings = listed(cluster->transient_settings());
  for (const auto& [index, settings] : cluster->metadata().indices) {
    observation.indices.push_back({.name = index,
                                   .open = !settings.closed,
                                   .shards = settings.shards,
                                   .replicas = settings.replicas,
                                   .auto_expand_replicas = {},
                                   .created_version = settings.created_version,
                                   .initial_shards = settings.initial_shards});
  }
  if (process->launch.version.major >= 7) {
    auto& voting = observation.voting_configuration.emplace();
    for (const std::string& id : cluster->metadata().voting) voting.push_back(cluster->name_of_voter(id));
    std::ranges::sort(voting);
    observation.voting_exclusions = cluster->names_of_excluded_voters();
  }
  return observation;
}

}  // namespace esaas::simulation
