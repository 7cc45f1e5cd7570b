#pragma once
// Shielding: before a node stops, the cluster's proxies send it nothing new (NodeShielded, servers.h), and what is
// under way through them is waited for. Half a minute at the most: a request that takes longer is cut, as it would be
// without proxies.

#include <string_view>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// The rule by which a node waits for its last requests.
inline constexpr std::string_view kWaitsForRequests = "requests_end_first";

/// Some proxy of the cluster may run.
bool has_proxies(const state::Cluster& cluster);

/// Nothing goes through a proxy to the node any more: there is no proxy that serves, or each has said, after it was
/// told to send the node nothing new, that none of its requests is under way there, or the node has been shielded for
/// 30 s.
bool is_drained_by_proxies(const View& view, const state::Node& node);

/// Shields the node unless it is shielded, and holds while requests are under way. True: it may be stopped.
bool shield(const View& view, Draft& draft, const state::Node& node);

}  // namespace esaas::reconcile
