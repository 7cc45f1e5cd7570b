#include "api/routes/present.h"

#include <boost/json/array.hpp>

#include "core/base/proto_json.h"
#include "core/base/time.h"
#include "core/events/event_kind.h"

namespace esaas::api {
namespace json = boost::json;

json::object present(const state::Cluster& cluster) {
  auto object = esaas::to_json(cluster);
  object.erase("next_ordinals");  // bookkeeping of names
  return object;
}

json::object present_summary(const state::Cluster& cluster) {
  const auto whole = esaas::to_json(cluster);
  json::object summary;
  for (const char* name : {"name", "tenant", "phase", "revision", "created_at", "labels", "active_operation",
                           "bootstrapped"}) {
    if (const auto* value = whole.if_contains(name)) summary[name] = *value;
  }
  summary["version"] = cluster.spec().version();
  const auto* health = whole.if_contains("health");
  const auto* status = health != nullptr ? health->as_object().if_contains("status") : nullptr;
  summary["health"] = status != nullptr ? *status : json::value("unknown");
  std::uint32_t wanted = 0;
  for (const auto& group : cluster.spec().node_groups()) wanted += group.count();
  std::uint32_t joined = 0;
  for (const auto& node : cluster.nodes()) joined += node.task().joined() ? 1U : 0U;
  summary["nodes_wanted"] = wanted;
  summary["nodes_joined"] = joined;
  summary["queued_operations"] = cluster.queued_operations_size();
  summary["holds"] = cluster.holds_size();
  return summary;
}

json::object present(const state::Node& node, const state::Cluster& cluster) {
  json::object object{{"cluster", cluster.name()}, {"tenant", cluster.tenant()}};
  for (auto& member : esaas::to_json(node)) object[member.key()] = std::move(member.value());
  return object;
}

json::object present(const state::Operation& operation) { return esaas::to_json(operation); }

json::object present(const state::Token& token) {
  auto object = esaas::to_json(token);
  object.erase("hash");
  return object;
}

json::object present(const event::Event& event) {
  json::object object{{"kind", event::kind_of(event)}};
  for (auto& member : esaas::to_json(event)) object[member.key()] = std::move(member.value());
  if (auto* issued = object.if_contains("token_issued")) issued->as_object().erase("hash");
  return object;
}

}  // namespace esaas::api
