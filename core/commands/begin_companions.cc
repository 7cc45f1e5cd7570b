// How operations on companions begin: the proxies, Kibana. A companion that is taken away is a group of no nodes.

#include <algorithm>

#include "core/commands/begin.h"
#include "core/commands/checks.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

model::Resources small(std::uint32_t cpus_milli, std::uint32_t mem_mib, std::uint32_t disk_mib) {
  model::Resources resources;
  resources.set_cpus_milli(cpus_milli);
  resources.set_mem_mib(mem_mib);
  resources.set_disk_mib(disk_mib);
  return resources;
}

model::ProxyAccess sorted(model::ProxyAccess access) {
  std::ranges::sort(*access.mutable_users(), {}, [](const model::ProxyUser& user) { return user.name(); });
  return access;
}

bool equal(const model::ProxyAccess& left, const model::ProxyAccess& right) {
  const auto same_user = [](const model::ProxyUser& one, const model::ProxyUser& other) {
    return one.name() == other.name() && one.secret_id() == other.secret_id() &&
           one.secret_version() == other.secret_version();
  };
  return std::ranges::equal(left.users(), right.users(), same_user) &&
         std::ranges::equal(left.allowed(), right.allowed());
}

/// The group of that name, null when there is none. An old cluster may have given the name to nodes of Elasticsearch.
Result<const model::NodeGroup*> find_companion(const state::Cluster& cluster, std::string_view name) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), name);
  if (group == nullptr || state::is_companion(*group)) return group;
  return fail(ErrorCode::kConflict, "group " + std::string(name) + " has nodes of Elasticsearch", "", "companion_name");
}

/// A group that has no nodes is made anew: nothing of what it was before holds any more.
bool is_made(const model::NodeGroup* before, const model::NodeGroup& after) {
  return after.count() != 0 && (before == nullptr || before->count() == 0);
}

event::Event added(model::NodeGroup group) {
  event::Event event;
  *event.mutable_node_group_added()->mutable_group() = std::move(group);
  return event;
}

Result<void> check_groups(const state::Cluster& cluster) {
  if (cluster.spec().node_groups_size() < static_cast<int>(kNodeGroupsMax)) return {};
  return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " has " + std::to_string(kNodeGroupsMax) + " groups",
              "", "node_groups_max");
}

}  // namespace

model::NodeGroup proxy_group(const model::NodeGroup* before, const model::SetProxies& request) {
  model::NodeGroup group = before == nullptr ? model::NodeGroup{} : *before;
  group.set_name(std::string(kProxyGroup));
  if (group.roles().empty()) group.add_roles(model::NODE_ROLE_PROXY);
  if (!group.has_resources()) *group.mutable_resources() = small(200, 256, 256);
  group.set_count(request.count());
  *group.mutable_resources() = with(group.resources(), request.resources());
  if (is_made(before, group)) *group.mutable_constraints() = request.constraints();
  return group;
}

model::NodeGroup kibana_group(const model::NodeGroup* before, const model::InstallKibana& request) {
  model::NodeGroup group;
  group.set_name(std::string(kKibanaGroup));
  group.add_roles(model::NODE_ROLE_KIBANA);
  group.set_count(1);
  *group.mutable_resources() =
      with(before == nullptr ? small(500, 1536, 2048) : before->resources(), request.resources());
  group.set_preemptible(request.preemptible());
  group.set_version(request.version());
  return group;
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::SetProxies& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* before, find_companion(cluster, kProxyGroup));
  const model::NodeGroup after = proxy_group(before, request);
  Events events{started(id)};
  if (is_made(before, after)) {
    if (before == nullptr) ESAAS_CHECK(check_groups(cluster));
    events.push_back(added(after));
  } else if (before != nullptr) {
    if (!request.constraints().empty()) {
      return refuse("constraints", "the proxies have their places: take them away first, with a count of 0",
                    "places_are_kept");
    }
    if (!same(before->resources(), after.resources())) {
      events.push_back(resized(after.name(), before->resources(), after.resources()));
    }
    if (before->count() != after.count()) events.push_back(scaled(after.name(), before->count(), after.count()));
  }
  if (request.has_access()) {
    const model::ProxyAccess access = sorted(request.access());
    if (!equal(access, cluster.spec().access())) {
      event::Event event;
      auto& payload = *event.mutable_proxy_access_changed();
      *payload.mutable_before() = cluster.spec().access();
      *payload.mutable_after() = access;
      events.push_back(std::move(event));
    }
  }
  if (events.size() > 1) return events;
  return refuse("count", "cluster " + cluster.name() + " has these proxies already", "changes_something");
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::InstallKibana& request) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* before, find_companion(cluster, kKibanaGroup));
  if (before != nullptr && before->count() != 0) {
    return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " has Kibana already: remove it first", "",
                "changes_something");
  }
  if (before == nullptr) ESAAS_CHECK(check_groups(cluster));
  return Events{started(id), added(kibana_group(before, request))};
}

Result<Events> begin(const state::Cluster& cluster, const std::string& id, const model::RemoveKibana&) {
  ESAAS_CHECK(must_run(cluster));
  ESAAS_TRY(const model::NodeGroup* before, find_companion(cluster, kKibanaGroup));
  if (before == nullptr || before->count() == 0) {
    return fail(ErrorCode::kConflict, "cluster " + cluster.name() + " has no Kibana", "", "changes_something");
  }
  return Events{started(id), scaled(before->name(), before->count(), 0)};
}

}  // namespace esaas::command
