// How operations on the nodes of Elasticsearch begin: scale, resize, restart, upgrade, configure, plugins.

#include <algorithm>

#include "core/commands/begin.h"
#include "core/commands/checks.h"
#include "core/commands/validate.h"
#include "core/commands/validate_settings.h"
#include "core/model/version.h"

namespace esaas::command {
namespace {

Result<void> check_count(const state::Cluster& cluster, const std::string& group, std::uint32_t count) {
  model::ClusterSpec after = cluster.spec();
  for (auto& changed : *after.mutable_node_groups()) {
    if (changed.name() == group) changed.set_count(count);
  }
  return validate_shape(after, "count");
}

event::Event full_restart_began(std::string why) {
  event::Event event;
  event.mutable_full_restart_began()->set_why(std::move(why));
  return event;
}

event::Event plugins_changed(const state::Cluster& cluster, Plugins after) {
  std::ranges::sort(after, {}, [](const model::Plugin& plugin) { return plugin.name(); });
  event::Event event;
  auto& payload = *event.mutable_plugins_changed();
  *payload.mutable_before() = cluster.spec().plugins();
  *payload.mutable_after() = std::move(after);
  return event;
}

bool equal(const model::Plugin& left, const model::Plugin& right) {
  return left.name() == right.name() && left.uri() == right.uri() && left.sha256() == right.sha256();
}

}  // namespace

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ScaleNodeGroup& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* group, elasticsearch_group_of(cluster, request.group()));
  if (group->count() == request.count()) {
    return refuse("count", "group " + group->name() + " has " + std::to_string(group->count()) + " nodes already",
                  "changes_something");
  }
  ESAAS_CHECK(check_count(cluster, request.group(), request.count()));
  return Events{started(id), scaled(request.group(), group->count(), request.count())};
}

/// Larger nodes and more of them are one change, so that no node is made twice.
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ResizeNodeGroup& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* group, elasticsearch_group_of(cluster, request.group()));
  const model::Resources after = with(group->resources(), request.resources());
  const std::uint32_t count = request.count() == 0 ? group->count() : request.count();
  if (same(after, group->resources()) && count == group->count()) {
    return refuse("resources", "group " + group->name() + " has these already", "changes_something");
  }
  Events events{started(id)};
  if (!same(after, group->resources())) events.push_back(resized(request.group(), group->resources(), after));
  if (count != group->count()) {
    ESAAS_CHECK(check_count(cluster, request.group(), count));
    events.push_back(scaled(request.group(), group->count(), count));
  }
  return events;
}

/// Companions go on unless they are named: a restart of the proxies cuts connections for nothing.
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::RestartCluster& request) {
  ESAAS_CHECK(must_run(cluster));
  if (request.full()) {
    ESAAS_CHECK(validate_confirm(request.confirm(), cluster.name(), "a full restart answers nobody meanwhile"));
  }
  event::Event event;
  auto& payload = *event.mutable_restart_requested();
  if (request.group().empty()) {
    for (const model::NodeGroup& group : cluster.spec().node_groups()) {
      if (!state::is_companion(group)) payload.add_groups(group.name());
    }
  } else {
    ESAAS_TRY(const model::NodeGroup* group, group_of(cluster, request.group()));
    payload.add_groups(group->name());
  }
  Events events{started(id), std::move(event)};
  if (request.full()) events.push_back(full_restart_began("A full restart was asked for."));
  return events;
}

/// What is wanted changes when the indices have been looked at and the snapshot is there: that is a reconciler's.
Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::UpgradeCluster& request) {
  ESAAS_CHECK(must_run(cluster));
  const model::UpgradePath path = model::upgrade_path(cluster.spec().version(), request.version());
  if (path.kind == model::UpgradeKind::kRefused) return refuse("version", path.why, path.rule);
  if (path.kind == model::UpgradeKind::kFullRestart) {
    ESAAS_CHECK(validate_confirm(request.confirm(), cluster.name(),
                                 path.why + ", so all of them stop and nobody is answered meanwhile; there is no way "
                                            "back"));
  }
  return Events{started(id)};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::ConfigureNodeGroup& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* group, elasticsearch_group_of(cluster, request.group()));
  const Settings after = merged(group->settings(), request.settings());
  if (after.size() > kSettingsMax) {
    return refuse("settings", "the group would have more than " + std::to_string(kSettingsMax), "settings_max");
  }
  const auto equal = [](const model::Setting& left, const model::Setting& right) {
    return left.key() == right.key() && left.value() == right.value();
  };
  if (std::ranges::equal(group->settings(), after, equal)) {
    return refuse("settings", "group " + group->name() + " has these already", "changes_something");
  }
  event::Event event;
  auto& payload = *event.mutable_node_group_configured();
  payload.set_group(request.group());
  *payload.mutable_before() = group->settings();
  *payload.mutable_after() = after;
  return Events{started(id), std::move(event)};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::InstallPlugin& request) {
  ESAAS_CHECK(must_run(cluster));
  Plugins after = cluster.spec().plugins();
  const auto found = std::ranges::find(after, request.plugin().name(), &model::Plugin::name);
  if (found == after.end()) {
    *after.Add() = request.plugin();
  } else if (equal(*found, request.plugin())) {
    return refuse("plugin", request.plugin().name() + " is installed already", "changes_something");
  } else {
    *found = request.plugin();
  }
  if (after.size() > kPluginsMax) {
    return refuse("plugin", "the cluster would have more than " + std::to_string(kPluginsMax), "plugins_max");
  }
  return Events{started(id), plugins_changed(cluster, std::move(after))};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::RemovePlugin& request) {
  ESAAS_CHECK(must_run(cluster));
  Plugins after = cluster.spec().plugins();
  const auto found = std::ranges::find(after, request.name(), &model::Plugin::name);
  if (found == after.end()) {
    std::string known;
    for (const model::Plugin& plugin : after) known += (known.empty() ? "" : ", ") + plugin.name();
    return refuse(
        "name",
        "cluster " + cluster.name() + " has " + (known.empty() ? "no plugin" : known) + ", not " + request.name(),
        "known_plugin");
  }
  after.erase(found);
  return Events{started(id), plugins_changed(cluster, std::move(after))};
}

}  // namespace esaas::command
