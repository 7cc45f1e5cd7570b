#include "api/routes/endpoints.h"

#include <boost/json/object.hpp>

#include <algorithm>
#include <string>

#include "core/state/fleet_state.h"
#include "reconcilers/effects/haproxy/launch.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

bool has_role(const state::Cluster& cluster, const state::Node& node, bool (*role)(const model::NodeGroup&)) {
  const model::NodeGroup* group = state::find_group(cluster.spec(), node.group());
  return group != nullptr && role(*group) && !node.removing();
}

}  // namespace

json::array endpoints_of(const state::Cluster& cluster) {
  const bool has_kibana = std::ranges::any_of(
      cluster.nodes(), [&](const state::Node& node) { return has_role(cluster, node, state::is_kibana); });
  json::array endpoints;
  for (const state::Node& node : cluster.nodes()) {
    if (!has_role(cluster, node, state::is_proxy) || node.place_status() == state::PLACE_STATUS_NONE) continue;
    const std::string url = "http://" + node.place().hostname() + ":" + std::to_string(node.place().http_port());
    json::object endpoint{{"node", node.name()}, {"url", url}};
    if (has_kibana) endpoint["kibana_url"] = url + std::string(haproxy::kKibanaPath);
    // What was last heard of one that is out of sight says nothing.
    endpoint["serves"] = node.task().joined() && node.task().state() == model::TASK_STATE_RUNNING;
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

}  // namespace esaas::api
