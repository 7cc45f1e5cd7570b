#include "api/routes/present.h"

#include <boost/json/array.hpp>

#include "api/routes/endpoints.h"
#include "core/base/proto_json.h"
#include "core/base/time.h"
#include "core/events/event_kind.h"
#include "core/state/fleet_state.h"
#include "core/state/launch_inputs.h"

namespace esaas::api {
namespace json = boost::json;

json::object present(const state::Cluster& cluster) {
  auto object = esaas::to_json(cluster);
  for (const char* bookkeeping : {"next_ordinals", "restart_seqs"}) object.erase(bookkeeping);
  object["endpoints"] = endpoints_of(cluster);
  return object;
}

json::object present_summary(const state::Cluster& cluster) {
  const auto whole = esaas::to_json(cluster);
  json::object summary;
  for (const char* name : {"name", "tenant", "phase", "revision", "created_at", "labels", "active_operation",
                           "side_operations", "bootstrapped"}) {
    if (const auto* value = whole.if_contains(name)) summary[name] = *value;
  }
  summary["version"] = cluster.spec().version();
  const auto* health = whole.if_contains("health");
  const auto* status = health != nullptr ? health->as_object().if_contains("status") : nullptr;
  summary["health"] = status != nullptr ? *status : json::value("unknown");
  std::uint32_t wanted = 0;  // companions are no nodes of Elasticsearch
  for (const auto& group : cluster.spec().node_groups()) wanted += state::is_companion(group) ? 0 : group.count();
  std::uint32_t joined = 0;
  for (const auto& node : cluster.nodes()) {
    const auto* group = state::find_group(cluster.spec(), node.group());
    if (group == nullptr || !state::is_companion(*group)) joined += node.task().joined() ? 1U : 0U;
  }
  summary["nodes_wanted"] = wanted;
  summary["nodes_joined"] = joined;
  summary["queued_operations"] = cluster.queued_operations_size();
  summary["holds"] = cluster.holds_size();
  return summary;
}

json::object present(const state::Node& node, const state::Cluster& cluster) {
  json::object object{{"cluster", cluster.name()}, {"tenant", cluster.tenant()}};
  for (auto& member : esaas::to_json(node)) object[member.key()] = std::move(member.value());
  if (const model::NodeGroup* group = state::find_group(cluster.spec(), node.group())) {
    object["roles"] = esaas::to_json(*group)["roles"];
  }
  object["runs_as_wanted"] = state::runs_as_wanted(cluster, node);
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

json::object present(const store::AuditEntry& entry) {
  json::object object{{"seq", entry.seq}, {"at", to_rfc3339(from_us(entry.at_us))}, {"action", entry.action}};
  const std::pair<const char*, const std::string*> texts[] = {{"user", &entry.user},
                                                              {"address", &entry.address},
                                                              {"tenant", &entry.tenant},
                                                              {"cluster", &entry.cluster},
                                                              {"operation_id", &entry.operation_id},
                                                              {"method", &entry.method},
                                                              {"url", &entry.url},
                                                              {"reason", &entry.reason},
                                                              {"outcome", &entry.outcome},
                                                              {"detail", &entry.detail}};
  for (const auto& [name, text] : texts) {
    if (!text->empty()) object[name] = *text;
  }
  if (!entry.request.empty()) object["request"] = entry.request;
  if (entry.finished_at_us != 0) object["finished_at"] = to_rfc3339(from_us(entry.finished_at_us));
  return object;
}

namespace {

json::object named(const std::vector<std::pair<std::string, std::string>>& pairs) {
  json::object object;
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

json::object present(const store::TraceNode& node) {
  json::object object{{"seq", node.seq},
                      {"cause_seq", node.cause_seq},
                      {"at", to_rfc3339(from_us(node.at_us))},
                      {"duration_us", node.duration_us},
                      {"kind", node.kind},
                      {"actor", node.actor},
                      {"sentence", node.sentence}};
  if (node.is_span) {
    auto& span = object["span"].emplace_object();
    span["outcome"] = node.is_open ? "open" : node.failed ? "failed" : "done";
    if (node.ended_seq != 0) span["ended_seq"] = node.ended_seq;
    auto& marks = span["marks"].emplace_array();
    for (const auto& mark : node.marks) {
      marks.push_back(json::object{{"name", mark.name},
                                   {"seq", mark.seq},
                                   {"at", to_rfc3339(from_us(mark.at_us))},
                                   {"after_us", mark.at_us - node.at_us}});
    }
  }
  if (!node.facts.empty()) object["facts"] = named(node.facts);
  if (!node.basis.empty()) object["basis"] = named(node.basis);
  return object;
}

}  // namespace

json::object present(store::Trace trace) {
  std::vector<json::object> nodes;
  nodes.reserve(trace.nodes.size());
  for (const auto& node : trace.nodes) {
    nodes.push_back(present(node));
  }
  // An event's seq is above its cause's: from the last to the first, every child is whole before its parent takes it.
  for (std::size_t i = nodes.size(); i-- > 0;) {
    auto& children = nodes[i]["children"].emplace_array();
    for (const auto child : trace.nodes[i].children) children.push_back(std::move(nodes[child]));
  }
  json::object object{{"operation_id", trace.operation_id},
                      {"tenant", trace.tenant},
                      {"cluster", trace.cluster},
                      {"truncated", trace.truncated}};
  if (trace.subject_seq != 0) object["subject_seq"] = trace.subject_seq;
  auto& roots = object["roots"].emplace_array();
  for (const auto root : trace.roots) roots.push_back(std::move(nodes[root]));
  return object;
}

}  // namespace esaas::api
