#include "reconcilers/servers.h"

#include <algorithm>

#include "core/state/fleet_state.h"
#include "reconcilers/shielding.h"

namespace esaas::reconcile {
namespace {

using state::Node;

/// What a proxy has room for (effects/haproxy/launch.h).
constexpr std::size_t kServersMax = 100;
constexpr std::size_t kKibanasMax = 4;

bool serves(const Node& node) {
  return is_joined(node) && has_place(node) && node.task().state() == model::TASK_STATE_RUNNING &&
         !node.task().kill_intended();
}

bool is_coordinating(const model::NodeGroup& group) {
  return !state::is_companion(group) && !state::is_master_eligible(group) && !state::holds_data(group);
}

event::ProxyServer server_of(const Node& node, std::string kind) {
  event::ProxyServer server;
  server.set_node(node.name());
  server.set_host(node.place().hostname());
  server.set_port(node.place().http_port());
  server.set_drained(node.shielded_at_us() != 0);
  server.set_kind(std::move(kind));
  return server;
}

bool is_same(const event::ProxyServer& a, const event::ProxyServer& b) {
  return a.node() == b.node() && a.host() == b.host() && a.port() == b.port() && a.drained() == b.drained() &&
         a.kind() == b.kind();
}

bool any_ready(const std::vector<event::ProxyServer>& servers) {
  return std::ranges::any_of(servers, [](const event::ProxyServer& server) { return !server.drained(); });
}

/// One that leaves may be drained for hours; until it stops it serves when nobody else can.
void drain_leaving(const state::Cluster& cluster, std::vector<event::ProxyServer>& servers) {
  const auto leaves = [&](const event::ProxyServer& server) {
    return state::find_node(cluster, server.node())->removing();
  };
  const bool others = std::ranges::any_of(
      servers, [&](const event::ProxyServer& server) { return !server.drained() && !leaves(server); });
  if (!others) return;
  for (event::ProxyServer& server : servers) {
    if (leaves(server)) server.set_drained(true);
  }
}

event::Event intended(const state::Cluster& cluster) {
  event::Event event;
  event.set_seq(cluster.servers_seq());
  *event.mutable_servers_intended()->mutable_servers() = cluster.servers();
  return event;
}

/// Each that runs answered in its task's life, and follows the newest list.
bool all_follow(const state::Cluster& cluster) {
  return std::ranges::all_of(cluster.nodes(), [&](const Node& node) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group == nullptr || !state::is_proxy(*group) || node.task().state() != model::TASK_STATE_RUNNING) return true;
    return is_joined(node) && node.servers_applied_seq() >= cluster.servers_seq();
  });
}

/// An operation that changes the proxies has started since they were last told anything.
bool is_asked_for(const View& view) {
  const state::Operation* operation = view.input().operation;
  return operation != nullptr && operation->request().has_proxies() &&
         operation->started_seq() > view.cluster().servers_seq();
}

}  // namespace

std::vector<event::ProxyServer> wanted_servers(const View& view) {
  const state::Cluster& cluster = view.cluster();
  std::vector<event::ProxyServer> coordinating, data, kibana;
  for (const Node& node : cluster.nodes()) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group == nullptr || !serves(node)) continue;
    if (is_coordinating(*group)) coordinating.push_back(server_of(node, "elasticsearch"));
    if (state::holds_data(*group)) data.push_back(server_of(node, "elasticsearch"));
    if (state::is_kibana(*group)) kibana.push_back(server_of(node, "kibana"));
  }
  std::vector<event::ProxyServer> servers = std::move(coordinating);
  if (!any_ready(servers)) servers.insert(servers.end(), data.begin(), data.end());
  drain_leaving(cluster, servers);
  std::ranges::sort(servers, {}, &event::ProxyServer::node);
  if (servers.size() > kServersMax) servers.resize(kServersMax);
  if (kibana.size() > kKibanasMax) kibana.resize(kKibanasMax);
  servers.insert(servers.end(), kibana.begin(), kibana.end());
  std::ranges::sort(servers, {}, &event::ProxyServer::node);
  return servers;
}

void reconcile_servers(const View& view, Draft& draft) {
  const state::Cluster& cluster = view.cluster();
  if (!has_proxies(cluster)) return;
  const auto wanted = wanted_servers(view);
  if (!std::ranges::equal(wanted, cluster.servers(), is_same) || cluster.servers_seq() == 0 || is_asked_for(view)) {
    event::Event event;
    event::ServersIntended& payload = *event.mutable_servers_intended();  // with none, too
    for (const event::ProxyServer& server : wanted) *payload.add_servers() = server;
    draft.act("set_servers", std::move(event));
  } else if (!wanted.empty() && !all_follow(cluster)) {
    draft.repeat(intended(cluster));
    draft.check_soon();
  }
}

bool kibana_is_served(const View& view) {
  const state::Cluster& cluster = view.cluster();
  if (!has_proxies(cluster)) return true;
  const ProxyObservations* seen = view.input().proxies;
  if (seen == nullptr) return false;
  const auto finds_well = [&](const Node& proxy, const Node& kibana) {
    const auto said = seen->find(proxy.name());
    return said != seen->end() && to_us(said->second.observed_at) > proxy.task().launched_at_us() &&
           said->second.up.contains(kibana.name());
  };
  const auto is_of = [&](const Node& node, bool (*has_role)(const model::NodeGroup&)) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    return group != nullptr && has_role(*group) && is_joined(node);
  };
  bool is_served = false;
  for (const Node& proxy : cluster.nodes()) {
    if (!is_of(proxy, state::is_proxy)) continue;
    is_served = true;
    for (const Node& kibana : cluster.nodes()) {
      if (is_of(kibana, state::is_kibana) && !finds_well(proxy, kibana)) return false;
    }
  }
  return is_served;
}

bool servers_are_followed(const View& view) {
  const state::Cluster& cluster = view.cluster();
  if (!has_proxies(cluster)) return true;
  if (is_asked_for(view)) return false;
  return std::ranges::all_of(cluster.nodes(), [&](const Node& node) {
    const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
    if (group == nullptr || !state::is_proxy(*group) || !is_joined(node)) return true;
    return node.servers_applied_seq() >= cluster.servers_seq();
  });
}

}  // namespace esaas::reconcile
