#include "core/state/fleet_state.h"

#include <algorithm>

namespace esaas::state {
namespace {

template <typename Map>
auto find_in(Map& map, std::string_view key) -> decltype(&map.begin()->second) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

template <typename Items, typename Matches>
auto find_item(Items& items, Matches matches) -> decltype(&*items.begin()) {
  const auto found = std::ranges::find_if(items, matches);
  return found == items.end() ? nullptr : &*found;
}

bool has_role(const model::NodeGroup& group, model::NodeRole wanted) {
  return std::ranges::find(group.roles(), static_cast<int>(wanted)) != group.roles().end();
}

}  // namespace

const Cluster* FleetState::find_cluster(std::string_view name) const { return find_in(clusters, name); }

const Operation* FleetState::find_operation(std::string_view id) const { return find_in(operations, id); }

const Tenant* FleetState::find_tenant(std::string_view name) const {
  return find_item(head.tenants(), [&](const Tenant& tenant) { return tenant.name() == name; });
}

const Token* FleetState::find_token(std::string_view token_id) const {
  return find_item(head.tokens(), [&](const Token& token) { return token.token_id() == token_id; });
}

const Node* find_node(const Cluster& cluster, std::string_view name) {
  return find_item(cluster.nodes(), [&](const Node& node) { return node.name() == name; });
}

Node* find_node(Cluster& cluster, std::string_view name) {
  return find_item(*cluster.mutable_nodes(), [&](const Node& node) { return node.name() == name; });
}

const Node* find_node_by_task(const Cluster& cluster, std::string_view task_id) {
  return find_item(cluster.nodes(), [&](const Node& node) { return node.task().task_id() == task_id; });
}

const model::NodeGroup* find_group(const model::ClusterSpec& spec, std::string_view name) {
  return find_item(spec.node_groups(), [&](const model::NodeGroup& group) { return group.name() == name; });
}

bool is_master_eligible(const model::NodeGroup& group) { return has_role(group, model::NODE_ROLE_MASTER); }

bool holds_data(const model::NodeGroup& group) { return has_role(group, model::NODE_ROLE_DATA); }

bool is_companion(const model::NodeGroup& group) { return is_proxy(group) || is_kibana(group); }

bool is_proxy(const model::NodeGroup& group) { return has_role(group, model::NODE_ROLE_PROXY); }

bool is_kibana(const model::NodeGroup& group) { return has_role(group, model::NODE_ROLE_KIBANA); }

}  // namespace esaas::state
