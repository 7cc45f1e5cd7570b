#include "reconcilers/effects/elasticsearch/questions_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "reconcilers/effects/elasticsearch/json_reading.h"

namespace esaas::es {
namespace {

namespace json = boost::json;
using reconcile::NodeInfo;
using reconcile::NodeStore;
using reconcile::SnapshotInfo;

constexpr std::int64_t kMib = 1024 * 1024;
constexpr std::size_t kExplanationMax = 600;

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

/// Each node of an answer that has a name.
template <typename Function>
Result<void> for_each_node(const json::object& answer, std::string_view cluster, Function&& function) {
  ESAAS_CHECK(check_name(answer, cluster));
  const json::object* nodes = object_in(answer, "nodes");
  if (nodes == nullptr) return bad("\"nodes\" is missing");
  for (const auto& [id, value] : *nodes) {
    const std::string_view name = value.is_object() ? string_in(value.get_object(), "name") : std::string_view{};
    if (name.empty()) return bad("a node has no name");
    ESAAS_CHECK(function(name, value.get_object()));
  }
  return {};
}

Result<NodeInfo> parse_node_info(std::string_view name, const json::object& object) {
  NodeInfo info;
  info.name = name;
  info.version = string_in(object, "version");
  if (info.version.empty()) return bad("a node has no version");
  if (const json::object* attributes = object_in(object, "attributes")) {
    for (const auto& [key, value] : *attributes) {
      if (const json::string* text = value.if_string()) {
        info.attributes.emplace(std::string(key.data(), key.size()), std::string(text->data(), text->size()));
      }
    }
  }
  if (const json::array* plugins = array_in(object, "plugins")) {
    for (const json::value& plugin : *plugins) {
      const std::string_view plugin_name =
          plugin.is_object() ? string_in(plugin.get_object(), "name") : std::string_view{};
      if (plugin_name.empty()) return bad("a plugin has no name");
      info.plugins.emplace_back(plugin_name);
    }
  }
  std::ranges::sort(info.plugins);
  return info;
}

/// The reasons against single nodes, each once.
std::string reasons_of(const json::object& answer) {
  const json::array* nodes = array_in(answer, "node_allocation_decisions");
  std::string text;
  if (nodes == nullptr) return text;
  std::set<std::string_view> told;
  for (const json::value& node : *nodes) {
    const json::array* deciders = node.is_object() ? array_in(node.get_object(), "deciders") : nullptr;
    if (deciders == nullptr) continue;
    for (const json::value& decider : *deciders) {
      if (!decider.is_object() || string_in(decider.get_object(), "decision") == "YES") continue;
      const std::string_view explanation = string_in(decider.get_object(), "explanation");
      if (explanation.empty() || !told.insert(string_in(decider.get_object(), "decider")).second) continue;
      text += fmt::format("; {}: {}", string_in(node.get_object(), "node_name"), explanation);
    }
  }
  return text;
}

/// 7.x answers 200 to a question for a repository that it does not have.
Result<void> check_repository(const json::object& answer, std::string_view repository) {
  const json::object* failures = object_in(answer, "failures");
  const json::object* failure = failures == nullptr ? nullptr : object_in(*failures, repository);
  if (failure == nullptr) return {};
  return fail(ErrorCode::kNotFound, std::string(string_in(*failure, "reason")));
}

/// Why it is not whole: Elasticsearch's reason, or that of the first shard.
std::string reason_of(const json::object& snapshot) {
  if (const auto reason = string_in(snapshot, "reason"); !reason.empty()) return std::string(reason);
  const json::array* failures = array_in(snapshot, "failures");
  if (failures == nullptr || failures->empty() || !failures->front().is_object()) return {};
  return std::string(string_in(failures->front().get_object(), "reason"));
}

/// Microseconds since the epoch; 0 when there is none.
std::int64_t moment_in(const json::object& object, std::string_view key) {
  constexpr std::int64_t kLatestMs = 253'402'300'799'000;  // the year 9999: what is beyond it is no moment
  return std::min(large_number_in(object, key, 0), kLatestMs) * 1000;
}

/// 0 when there is none.
std::uint32_t count_in(const json::object& object, std::string_view key) { return number_in(object, key).value_or(0U); }

/// No longer than it may be, and no character cut in the middle.
std::string shortened(std::string text) {
  if (text.size() <= kExplanationMax) return text;
  std::size_t end = kExplanationMax - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  text.resize(end);
  return text + "...";
}

}  // namespace

std::string snapshots_path(std::string_view repository, std::string_view snapshot) {
  return fmt::format("/_snapshot/{}/{}?master_timeout=2s", percent_encoded(repository),
                     snapshot.empty() ? "_all" : percent_encoded(snapshot));
}

Result<std::vector<NodeInfo>> parse_node_infos(std::string_view body, std::string_view cluster) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  std::vector<NodeInfo> infos;
  ESAAS_CHECK(for_each_node(answer.get_object(), cluster,
                            [&](std::string_view name, const json::object& object) -> Result<void> {
                              ESAAS_TRY(NodeInfo info, parse_node_info(name, object));
                              infos.push_back(std::move(info));
                              return {};
                            }));
  std::ranges::sort(infos, {}, &NodeInfo::name);
  return infos;
}

Result<void> parse_disks(std::string_view body, std::string_view cluster, std::vector<NodeInfo>& nodes) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  return for_each_node(answer.get_object(), cluster, [&](std::string_view name, const json::object& object) {
    const json::object* disks = object_in(object, "fs");
    const json::object* total = disks == nullptr ? nullptr : object_in(*disks, "total");
    const auto found = std::ranges::find(nodes, name, &NodeInfo::name);
    if (total == nullptr || found == nodes.end()) return Result<void>{};
    found->disk_total_mib = large_number_in(*total, "total_in_bytes", 0) / kMib;
    found->disk_available_mib = large_number_in(*total, "available_in_bytes", 0) / kMib;
    return Result<void>{};
  });
}

Result<std::vector<NodeStore>> parse_stores(std::string_view body, std::string_view cluster) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  std::vector<NodeStore> stores;
  const auto add = [&](std::string_view name, const json::object& object) -> Result<void> {
    NodeStore& store = stores.emplace_back();
    store.node = name;
    const json::object* all = object_in(object, "indices");
    const json::object* indices = all == nullptr ? nullptr : object_in(*all, "indices");
    if (indices == nullptr) return {};  // it holds none
    for (const auto& [index, value] : *indices) {
      const json::object* kept = value.is_object() ? object_in(value.get_object(), "store") : nullptr;
      const std::int64_t bytes = kept == nullptr ? -1 : large_number_in(*kept, "size_in_bytes", -1);
      if (bytes < 0) return bad("an index on a node has no size");
      store.indices.emplace(std::string(index.data(), index.size()), static_cast<std::uint64_t>(bytes));
    }
    return {};
  };
  ESAAS_CHECK(for_each_node(answer.get_object(), cluster, add));
  std::ranges::sort(stores, {}, &NodeStore::node);
  return stores;
}

Result<std::vector<SnapshotInfo>> parse_snapshots(std::string_view body, std::string_view repository) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  ESAAS_CHECK(check_repository(answer.get_object(), repository));
  const json::array* list = array_in(answer.get_object(), "snapshots");
  if (list == nullptr) return bad("\"snapshots\" is missing");
  std::vector<SnapshotInfo> snapshots;
  for (const json::value& value : *list) {
    const json::object* object = value.if_object();
    if (object == nullptr) return bad("a snapshot is no object");
    SnapshotInfo& snapshot = snapshots.emplace_back();
    snapshot.repository = repository;
    snapshot.name = string_in(*object, "snapshot");
    snapshot.state = string_in(*object, "state");
    if (snapshot.name.empty() || snapshot.state.empty()) return bad("a snapshot has no name or no state");
    snapshot.reason = reason_of(*object);
    snapshot.started_at_us = moment_in(*object, "start_time_in_millis");
    if (snapshot.state != "IN_PROGRESS") snapshot.ended_at_us = moment_in(*object, "end_time_in_millis");
    if (const json::object* shards = object_in(*object, "shards")) {
      snapshot.shards = count_in(*shards, "total");
      snapshot.failed = count_in(*shards, "failed");
    }
  }
  return snapshots;
}

bool says_snapshot_is_missing(std::string_view body) {
  const auto answer = parse_object(body);
  const json::object* error = answer ? object_in(answer->get_object(), "error") : nullptr;
  return error != nullptr && string_in(*error, "type") == "snapshot_missing_exception";
}

Result<std::string> parse_explanation(std::string_view body) {
  ESAAS_TRY(const json::value answer, parse_object(body));
  const json::object& object = answer.get_object();
  const std::string_view index = string_in(object, "index");
  if (index.empty()) return bad("\"index\" is missing");
  ESAAS_TRY(const std::uint32_t shard, number_in(object, "shard"));
  const json::value* primary = object.if_contains("primary");
  if (primary == nullptr || !primary->is_bool()) return bad("\"primary\" is missing");
  const std::string_view state = string_in(object, "current_state");
  std::string text = fmt::format("{} of shard {} of {} is {}", primary->get_bool() ? "The primary" : "A replica", shard,
                                 index, state.empty() ? "unassigned" : state);
  if (const json::object* unassigned = object_in(object, "unassigned_info")) {
    if (const auto reason = string_in(*unassigned, "reason"); !reason.empty()) text += fmt::format(" ({})", reason);
  }
  if (const auto why = string_in(object, "allocate_explanation"); !why.empty()) text += fmt::format(": {}", why);
  return shortened(text + reasons_of(object));
}

}  // namespace esaas::es
