#include "core/commands/admission.h"

#include <algorithm>
#include <array>

#include "core/commands/begin.h"

namespace esaas::command {
namespace {

/// One resource of the three, wherever it is found.
struct Kind {
  const char* name;
  std::uint64_t Amounts::* amount;
  bool (model::Quantities::*is_set)() const;
  std::uint64_t (model::Quantities::*limit)() const;
};
constexpr std::array kKinds{
    Kind{"cpus_milli", &Amounts::cpus_milli, &model::Quantities::has_cpus_milli, &model::Quantities::cpus_milli},
    Kind{"mem_mib", &Amounts::mem_mib, &model::Quantities::has_mem_mib, &model::Quantities::mem_mib},
    Kind{"disk_mib", &Amounts::disk_mib, &model::Quantities::has_disk_mib, &model::Quantities::disk_mib},
};

Amounts wanted_by(const state::Cluster& cluster, const model::NodeGroup& group) {
  Amounts held;
  Amounts largest_outdated;
  bool outdated = false;
  std::uint64_t nodes = 0;
  for (const state::Node& node : cluster.nodes()) {
    if (node.group() != group.name()) continue;
    held = held + to_amounts(node.resources());
    ++nodes;
    if (same(node.resources(), group.resources())) continue;
    outdated = true;
    largest_outdated = most_of(largest_outdated, to_amounts(node.resources()));
  }
  const Amounts steady = to_amounts(group.resources(), group.count());
  if (!outdated) return most_of(held, steady);
  // The first replacement comes beside all the old nodes, the last beside all the new ones.
  if (nodes <= group.count()) held = held + to_amounts(group.resources());
  return most_of(held, steady + largest_outdated);
}

/// The group as the request would have it. Nothing is checked: what does not apply changes nothing.
void change(model::NodeGroup& group, const model::Request& request) {
  if (request.has_scale() && request.scale().group() == group.name()) group.set_count(request.scale().count());
  if (request.has_resize() && request.resize().group() == group.name()) {
    *group.mutable_resources() = with(group.resources(), request.resize().resources());
    if (request.resize().count() != 0) group.set_count(request.resize().count());
  }
  if (request.has_proxies() && state::is_proxy(group)) group = proxy_group(&group, request.proxies());
  if (request.has_install_kibana() && state::is_kibana(group)) group = kibana_group(&group, request.install_kibana());
}

/// The cluster as it would be told to be.
state::Cluster changed_by(state::Cluster cluster, const model::Request& request) {
  bool has_proxies = false;
  bool has_kibana = false;
  for (model::NodeGroup& group : *cluster.mutable_spec()->mutable_node_groups()) {
    has_proxies = has_proxies || state::is_proxy(group);
    has_kibana = has_kibana || state::is_kibana(group);
    change(group, request);
  }
  if (request.has_proxies() && !has_proxies) {
    *cluster.mutable_spec()->add_node_groups() = proxy_group(nullptr, request.proxies());
  }
  if (request.has_install_kibana() && !has_kibana) {
    *cluster.mutable_spec()->add_node_groups() = kibana_group(nullptr, request.install_kibana());
  }
  return cluster;
}

/// The resources of which `after` is no more than `before` do not count: to ask for less is always allowed.
Amounts only_grown(const Amounts& before, Amounts after) {
  for (const Kind& kind : kKinds) {
    if (after.*kind.amount <= before.*kind.amount) after.*kind.amount = 0;
  }
  return after;
}

}  // namespace

Amounts operator+(const Amounts& left, const Amounts& right) {
  return {left.cpus_milli + right.cpus_milli, left.mem_mib + right.mem_mib, left.disk_mib + right.disk_mib};
}

Amounts to_amounts(const model::Resources& resources, std::uint64_t count) {
  return {resources.cpus_milli() * count, resources.mem_mib() * count, resources.disk_mib() * count};
}

Amounts most_of(const Amounts& left, const Amounts& right) {
  return {std::max(left.cpus_milli, right.cpus_milli), std::max(left.mem_mib, right.mem_mib),
          std::max(left.disk_mib, right.disk_mib)};
}

Amounts wanted_by(const state::Cluster& cluster) {
  Amounts sum;
  if (cluster.phase() == state::CLUSTER_PHASE_DELETING) {
    for (const state::Node& node : cluster.nodes()) sum = sum + to_amounts(node.resources());
    return sum;
  }
  for (const model::NodeGroup& group : cluster.spec().node_groups()) sum = sum + wanted_by(cluster, group);
  return sum;
}

Amounts wanted_by_tenant(const state::FleetState& state, std::string_view tenant) {
  Amounts sum;
  for (const auto& [name, cluster] : state.clusters) {
    if (cluster.tenant() == tenant) sum = sum + wanted_by(cluster);
  }
  return sum;
}

model::Quantities binding_limit(const state::Tenant& tenant) {
  model::Quantities limit = tenant.quota().limit();
  const model::Quantities& coming = tenant.quota_intended().limit();
  if (coming.has_cpus_milli() && (!limit.has_cpus_milli() || coming.cpus_milli() < limit.cpus_milli())) {
    limit.set_cpus_milli(coming.cpus_milli());
  }
  if (coming.has_mem_mib() && (!limit.has_mem_mib() || coming.mem_mib() < limit.mem_mib())) {
    limit.set_mem_mib(coming.mem_mib());
  }
  if (coming.has_disk_mib() && (!limit.has_disk_mib() || coming.disk_mib() < limit.disk_mib())) {
    limit.set_disk_mib(coming.disk_mib());
  }
  return limit;
}

std::string excess_over(const model::Quantities& limit, const Amounts& wanted) {
  std::string text;
  for (const Kind& kind : kKinds) {
    if (!(limit.*kind.is_set)()) continue;
    const std::uint64_t most = (limit.*kind.limit)();
    const std::uint64_t amount = wanted.*kind.amount;
    if (amount <= most) continue;
    text += std::string(text.empty() ? "" : ", ") + kind.name + " by " + std::to_string(amount - most) + " (" +
            std::to_string(amount) + " wanted, the limit is " + std::to_string(most) + ")";
  }
  return text;
}

Result<void> admit(const state::FleetState& state, const state::Cluster* cluster, const model::Request& request) {
  const bool grows = request.has_create() || request.has_scale() || request.has_resize() || request.has_resume() ||
                     request.has_proxies() || request.has_install_kibana();
  if (!grows || (cluster == nullptr && !request.has_create())) return {};
  const std::string& name = request.has_create() ? request.create().tenant() : cluster->tenant();
  const state::Tenant* tenant = state.find_tenant(name);
  if (tenant == nullptr || (!tenant->has_quota() && !tenant->has_quota_intended())) return {};
  const model::Quantities limit = binding_limit(*tenant);

  Amounts wanted = wanted_by_tenant(state, name);
  if (request.has_create()) {
    for (const model::NodeGroup& group : request.create().spec().node_groups()) {
      wanted = wanted + to_amounts(group.resources(), group.count());
    }
  } else if (!request.has_resume()) {
    const Amounts before = wanted_by(*cluster);
    const Amounts after = wanted_by(changed_by(*cluster, request));
    const Amounts total{wanted.cpus_milli - before.cpus_milli + after.cpus_milli,
                        wanted.mem_mib - before.mem_mib + after.mem_mib,
                        wanted.disk_mib - before.disk_mib + after.disk_mib};
    wanted = only_grown(wanted, total);
  }
  const std::string excess = excess_over(limit, wanted);
  if (excess.empty()) return {};
  return fail(ErrorCode::kResourceExhausted, "the quota of tenant " + name + " would be exceeded: " + excess, "",
              "tenant_quota");
}

}  // namespace esaas::command
