#include "store/views/touched.h"

#include <algorithm>
#include <map>

#include "core/state/fleet_state.h"

namespace esaas::store {
namespace {

constexpr std::string_view kReplicas = "replicas of index ";
constexpr std::string_view kReplicasByPattern = "replicas of index *";
constexpr std::string_view kReplicasKey = "index.number_of_replicas";

std::string count_of(const std::string& group) { return "count of group " + group; }
std::string size_of(const std::string& group) { return "size of group " + group; }
std::string node_setting(const std::string& group, const std::string& key) {
  return "setting " + key + " of group " + group;
}
std::string plugin(const std::string& name) { return "plugin " + name; }
std::string cluster_setting(const std::string& scope, const std::string& key) { return scope + " setting " + key; }
std::string label(const std::string& key) { return "label " + key; }

using Settings = google::protobuf::RepeatedPtrField<model::Setting>;
using Plugins = google::protobuf::RepeatedPtrField<model::Plugin>;

void add_settings(const event::NodeGroupConfigured& payload, std::vector<Change>& changes) {
  std::map<std::string, std::pair<std::optional<std::string>, std::optional<std::string>>> values;
  for (const model::Setting& one : payload.before()) values[one.key()].first = one.value();
  for (const model::Setting& one : payload.after()) values[one.key()].second = one.value();
  for (const auto& [key, value] : values) {
    if (value.first == value.second) continue;
    Change change;
    change.thing = node_setting(payload.group(), key);
    change.before = value.first ? "=" + *value.first : "";
    change.after = value.second ? "=" + *value.second : "";
    change.group = payload.group();
    change.key = key;
    change.value_before = value.first;
    changes.push_back(std::move(change));
  }
}

void add_plugins(const event::PluginsChanged& payload, std::vector<Change>& changes) {
  std::map<std::string, std::pair<const model::Plugin*, const model::Plugin*>> plugins;
  for (const model::Plugin& one : payload.before()) plugins[one.name()].first = &one;
  for (const model::Plugin& one : payload.after()) plugins[one.name()].second = &one;
  for (const auto& [name, both] : plugins) {
    Change change;
    change.thing = plugin(name);
    change.before = both.first == nullptr ? "" : both.first->SerializeAsString();
    change.after = both.second == nullptr ? "" : both.second->SerializeAsString();
    if (change.before == change.after) continue;
    change.key = name;
    if (both.first != nullptr) change.plugin_before = *both.first;
    changes.push_back(std::move(change));
  }
}

void add_requested(const event::ElasticsearchRequestIntended& payload, std::vector<Change>& changes) {
  for (const event::SettingChange& one : payload.changes()) {
    Change change;
    const bool is_of_the_cluster = one.scope() == "persistent" || one.scope() == "transient";
    change.thing = is_of_the_cluster           ? cluster_setting(one.scope(), one.key())
                   : one.key() == kReplicasKey ? std::string(kReplicas) + one.scope()
                                               : one.key() + " of index " + one.scope();
    change.before = one.unset_before() ? "" : "=" + one.before();
    change.after = one.unset_after() ? "" : "=" + one.after();
    change.scope = one.scope();
    change.key = one.key();
    if (!one.unset_before()) change.value_before = one.before();
    changes.push_back(std::move(change));
  }
}

void add_labels(const event::OperationRequested& payload, std::vector<Change>& changes) {
  if (!payload.has_fulfilment()) return;
  for (const model::Label& one : payload.request().label().labels()) {
    Change change;
    change.thing = label(one.key());
    change.after = one.value().empty() ? "" : "=" + one.value();
    change.key = one.key();
    for (const model::Label& before : payload.fulfilment().labels_before()) {
      if (before.key() != one.key()) continue;
      change.before = "=" + before.value();
      change.value_before = before.value();
    }
    changes.push_back(std::move(change));
  }
}

Change of_count(const std::string& group, std::uint32_t before, std::uint32_t after) {
  Change change;
  change.thing = count_of(group);
  change.before = std::to_string(before);
  change.after = std::to_string(after);
  change.group = group;
  change.count_before = before;
  return change;
}

Change of_size(const event::NodeGroupResized& payload) {
  Change change;
  change.thing = size_of(payload.group());
  change.before = payload.before().SerializeAsString();
  change.after = payload.after().SerializeAsString();
  change.group = payload.group();
  change.size_before = payload.before();
  return change;
}

Change of_policies(const event::PoliciesChanged& payload) {
  Change change;
  change.thing = "policies";
  change.before = payload.before().SerializeAsString();
  change.after = payload.after().SerializeAsString();
  change.policies_before = payload.before();
  change.had_policies = payload.has_before();
  return change;
}

Change of_access(const event::ProxyAccessChanged& payload) {
  Change change;
  change.thing = "access";
  change.before = payload.before().SerializeAsString();
  change.after = payload.after().SerializeAsString();
  change.access_before = payload.before();
  return change;
}

bool is_pattern(const std::string& index) { return index == "_all" || index.find('*') != std::string::npos; }

}  // namespace

std::vector<Change> changes_of(const event::Event& event) {
  std::vector<Change> changes;
  switch (event.payload_case()) {
    case event::Event::kOperationRequested: add_labels(event.operation_requested(), changes); break;
    case event::Event::kNodeGroupScaled: {
      const auto& scaled = event.node_group_scaled();
      changes.push_back(of_count(scaled.group(), scaled.count_before(), scaled.count_after()));
      break;
    }
    case event::Event::kNodeGroupAdded: {
      const auto& group = event.node_group_added().group();
      changes.push_back(of_count(group.name(), 0, group.count()));
      break;
    }
    case event::Event::kNodeGroupResized: changes.push_back(of_size(event.node_group_resized())); break;
    case event::Event::kNodeGroupConfigured: add_settings(event.node_group_configured(), changes); break;
    case event::Event::kPluginsChanged: add_plugins(event.plugins_changed(), changes); break;
    case event::Event::kPoliciesChanged: changes.push_back(of_policies(event.policies_changed())); break;
    case event::Event::kProxyAccessChanged: changes.push_back(of_access(event.proxy_access_changed())); break;
    case event::Event::kElasticsearchRequestIntended:
      add_requested(event.elasticsearch_request_intended(), changes);
      break;
    default: break;
  }
  return changes;
}

std::vector<std::string> things_of(const model::Request& request) {
  std::vector<std::string> things;
  switch (request.kind_case()) {
    case model::Request::kScale: things.push_back(count_of(request.scale().group())); break;
    case model::Request::kResize:
      if (request.resize().has_resources()) things.push_back(size_of(request.resize().group()));
      if (request.resize().count() != 0) things.push_back(count_of(request.resize().group()));
      break;
    case model::Request::kConfigure:
      for (const auto& one : request.configure().settings()) {
        things.push_back(node_setting(request.configure().group(), one.key()));
      }
      break;
    case model::Request::kInstallPlugin: things.push_back(plugin(request.install_plugin().plugin().name())); break;
    case model::Request::kRemovePlugin: things.push_back(plugin(request.remove_plugin().name())); break;
    case model::Request::kSettings:
      for (const auto& one : request.settings().persistent())
        things.push_back(cluster_setting("persistent", one.key()));
      for (const auto& one : request.settings().transient()) things.push_back(cluster_setting("transient", one.key()));
      break;
    case model::Request::kReplicas:
      if (request.replicas().indices().empty()) things.emplace_back(kReplicasByPattern);
      for (const auto& one : request.replicas().indices()) {
        things.push_back(is_pattern(one) ? std::string(kReplicasByPattern) : std::string(kReplicas) + one);
      }
      break;
    case model::Request::kPolicies: things.emplace_back("policies"); break;
    case model::Request::kProxies:
      things.push_back(count_of("proxy"));
      if (request.proxies().has_resources()) things.push_back(size_of("proxy"));
      if (request.proxies().has_access()) things.emplace_back("access");
      break;
    default: break;
  }
  return things;
}

bool is_same_thing(std::string_view left, std::string_view right) {
  if (left == right) return true;
  return (left == kReplicasByPattern && right.starts_with(kReplicas)) ||
         (right == kReplicasByPattern && left.starts_with(kReplicas));
}

}  // namespace esaas::store
