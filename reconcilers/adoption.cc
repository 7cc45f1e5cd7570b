#include "reconcilers/adoption.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "reconcilers/disks.h"
#include "reconcilers/node_facts.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr std::array kOrphanPolicies{std::pair{OrphanPolicy::kAdopt, std::string_view("adopt")},
                                     std::pair{OrphanPolicy::kRelease, std::string_view("release")},
                                     std::pair{OrphanPolicy::kKeep, std::string_view("keep")}};
constexpr std::array kUnknownTaskPolicies{std::pair{UnknownTaskPolicy::kAdopt, std::string_view("adopt")},
                                          std::pair{UnknownTaskPolicy::kReport, std::string_view("report")},
                                          std::pair{UnknownTaskPolicy::kKill, std::string_view("kill")}};

template <typename Table, typename Policy>
std::string_view name_in(const Table& table, Policy policy) {
  for (const auto& [value, name] : table) {
    if (value == policy) return name;
  }
  return "unknown";
}

template <typename Table>
auto find_in(const Table& table, std::string_view wanted) -> std::optional<decltype(table.front().first)> {
  for (const auto& [value, name] : table) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

/// Exactly two, the smaller first: that is how they were chosen.
std::optional<std::pair<std::uint32_t, std::uint32_t>> ports_of(const ReservedPart& part) {
  std::vector<std::uint32_t> ports;
  for (const PortRange& range : part.ports) {
    for (std::uint64_t port = range.begin; port <= range.end; ++port) {
      if (ports.size() == 2) return std::nullopt;
      ports.push_back(static_cast<std::uint32_t>(port));
    }
  }
  if (ports.size() != 2) return std::nullopt;
  return std::minmax(ports[0], ports[1]);
}

/// A mount disk is taken whole: its volume may be larger than what was asked for.
bool has_size_of(const model::Place& place, const Node& node) {
  const model::Resources& has = place.resources();
  const model::Resources& wanted = node.resources();
  if (has.cpus_milli() != wanted.cpus_milli() || has.mem_mib() != wanted.mem_mib()) return false;
  const bool is_mount = place.disk_source().type() == kMountDisk;
  return is_mount ? has.disk_mib() >= wanted.disk_mib() : has.disk_mib() == wanted.disk_mib();
}

/// None, or one that was chosen and of which nothing has come.
bool has_only_an_intent(const Node& node) {
  if (!has_place(node)) return true;
  return node.place_status() == state::PLACE_STATUS_INTENDED && !node.reserve_finished() && !node.create_finished();
}

bool may_have_tasks(const state::Cluster& cluster) { return cluster.phase() == state::CLUSTER_PHASE_RUNNING; }

}  // namespace

std::string_view name_of(OrphanPolicy policy) { return name_in(kOrphanPolicies, policy); }
std::optional<OrphanPolicy> orphan_policy_of(std::string_view name) { return find_in(kOrphanPolicies, name); }
std::string_view name_of(UnknownTaskPolicy policy) { return name_in(kUnknownTaskPolicies, policy); }
std::optional<UnknownTaskPolicy> unknown_task_policy_of(std::string_view name) {
  return find_in(kUnknownTaskPolicies, name);
}

std::optional<model::Place> place_of(const Offer& agent, const ReservedPart& part,
                                     const model::DiskSource* disk_source) {
  const auto ports = ports_of(part);
  const bool is_whole = part.has_volume && part.volume_mib == part.quantities.disk_mib;  // else it was about to grow
  if (!is_whole || !ports) return std::nullopt;
  model::Place place;
  place.set_agent_id(agent.agent_id);
  place.set_hostname(agent.hostname);
  place.set_http_port(ports->first);
  place.set_transport_port(ports->second);
  place.set_volume_id(part.place);
  place.mutable_resources()->set_cpus_milli(static_cast<std::uint32_t>(part.quantities.cpus_milli));
  place.mutable_resources()->set_mem_mib(static_cast<std::uint32_t>(part.quantities.mem_mib));
  place.mutable_resources()->set_disk_mib(static_cast<std::uint32_t>(part.quantities.disk_mib));
  if (disk_source != nullptr) *place.mutable_disk_source() = *disk_source;
  place.set_zone(agent.zone);
  place.set_region(agent.region);
  for (const auto& [key, value] : agent.attributes) {
    model::Label& label = *place.add_attributes();
    label.set_key(key);
    label.set_value(value);
  }
  return place;
}

const Node* node_that_lacks(const state::FleetState& state, const ReservedPart& part, const model::Place& place) {
  const state::Cluster* cluster = state.find_cluster(part.cluster);
  if (cluster == nullptr || cluster->phase() == state::CLUSTER_PHASE_DELETING) return nullptr;
  if (part.role != model::role_of_tenant(cluster->tenant())) return nullptr;
  const Node* node = state::find_node(*cluster, part.node);
  if (node == nullptr || node->removing() || may_run(*node) || !has_only_an_intent(*node)) return nullptr;
  const auto id = model::parse_id(place.volume_id());
  if (!id || id->cluster != part.cluster || id->node != part.node || id->seq <= node->added_seq()) return nullptr;
  const bool is_taken = std::ranges::any_of(cluster->nodes(), [&](const Node& other) {
    return &other != node && has_place(other) && other.place().agent_id() == place.agent_id();
  });
  return !is_taken && has_size_of(place, *node) ? node : nullptr;
}

TaskOwner owner_of_task(const state::FleetState& state, const model::ParsedId& task, std::string_view agent_id) {
  const state::Cluster* cluster = state.find_cluster(task.cluster);
  if (cluster == nullptr || !may_have_tasks(*cluster)) return TaskOwner::kNobody;
  const Node* node = state::find_node(*cluster, task.node);
  if (node == nullptr || node->removing() || may_run(*node) || task.seq <= node->added_seq()) return TaskOwner::kNobody;
  if (has_only_an_intent(*node)) return TaskOwner::kNodeWithoutPlace;
  if (!is_reserved(*node) || is_given_up(*node) || node->place().agent_id() != agent_id) return TaskOwner::kNobody;
  // What is older than the volume ran on another one.
  const auto volume = model::parse_id(node->place().volume_id());
  return volume && task.seq > volume->seq ? TaskOwner::kNode : TaskOwner::kNobody;
}

}  // namespace esaas::reconcile
