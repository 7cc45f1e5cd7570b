#pragma once
// Where the cluster's proxies send requests: every node of Elasticsearch that runs and is a member, but no dedicated
// master; coordinating nodes alone while one of them can serve. A node that is about to stop (NodeShielded) gets
// nothing new, nor does one that leaves while another can serve. Kibana is among them, for the path that is its own.

#include <vector>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// As the proxies shall have them, sorted by node.
std::vector<event::ProxyServer> wanted_servers(const View& view);

/// Intends the list when it differs from the one that the proxies follow, and once more when an operation changed who
/// may use them: they are told both together. Nothing while the cluster has no proxies.
void reconcile_servers(const View& view, Draft& draft);

/// Every proxy that is joined follows the newest list, and, of an operation that changes the proxies, one that was made
/// after it had started.
bool servers_are_followed(const View& view);

/// Every Kibana that is joined was found well by every proxy that is, and some proxy is; or there are no proxies.
bool kibana_is_served(const View& view);

}  // namespace esaas::reconcile
