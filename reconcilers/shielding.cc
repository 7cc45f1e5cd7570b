#include "reconcilers/shielding.h"

#include <algorithm>
#include <chrono>

#include "core/state/fleet_state.h"

namespace esaas::reconcile {
namespace {

using state::Node;

constexpr Duration kPatience = std::chrono::seconds{30};

bool is_proxy(const state::Cluster& cluster, const Node& node) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
  return group != nullptr && state::is_proxy(*group);
}

Time patience_ends(const Node& node) { return from_us(node.shielded_at_us()) + kPatience; }

/// The list that the proxies follow lets nothing new to the node.
bool is_drained_in_list(const state::Cluster& cluster, const Node& node) {
  return std::ranges::none_of(cluster.servers(), [&](const event::ProxyServer& server) {
    return server.node() == node.name() && !server.drained();
  });
}

/// Requests to the node that the proxy has under way; nothing while that is not known.
std::optional<std::uint32_t> requests_through(const View& view, const Node& proxy, const Node& node) {
  if (proxy.servers_applied_seq() < view.cluster().servers_seq()) return std::nullopt;
  const ProxyObservations* proxies = view.input().proxies;
  if (proxies == nullptr) return std::nullopt;
  const auto seen = proxies->find(proxy.name());
  if (seen == proxies->end() || to_us(seen->second.observed_at) <= node.shielded_at_us()) return std::nullopt;
  const auto sessions = seen->second.sessions.find(node.name());
  return sessions == seen->second.sessions.end() ? 0 : sessions->second;
}

}  // namespace

bool has_proxies(const state::Cluster& cluster) {
  return std::ranges::any_of(cluster.nodes(),
                             [&](const Node& node) { return may_run(node) && is_proxy(cluster, node); });
}

bool is_drained_by_proxies(const View& view, const Node& node) {
  const state::Cluster& cluster = view.cluster();
  if (!has_proxies(cluster)) return true;
  if (node.shielded_at_us() == 0) return false;
  if (view.now() >= patience_ends(node)) return true;
  if (!is_drained_in_list(cluster, node)) return false;
  return std::ranges::all_of(cluster.nodes(), [&](const Node& proxy) {
    // One that is not joined was told of no node, or answers nobody.
    if (!is_proxy(cluster, proxy) || !is_joined(proxy)) return true;
    return requests_through(view, proxy, node) == 0U;
  });
}

bool shield(const View& view, Draft& draft, const Node& node) {
  if (is_drained_by_proxies(view, node)) return true;
  if (node.shielded_at_us() == 0) {
    event::Event event;
    event.mutable_node_shielded()->set_node(node.name());
    draft.act("shield_node", std::move(event));
    return false;
  }
  draft.hold(kWaitsForRequests, node.name(),
             {"The proxies send it nothing new, and requests that they sent it before are still under way.",
              {figure("until_us", static_cast<std::uint64_t>(to_us(patience_ends(node))))}},
             std::min(view.now() + view.settings().poll_interval, patience_ends(node)));
  return false;
}

}  // namespace esaas::reconcile
