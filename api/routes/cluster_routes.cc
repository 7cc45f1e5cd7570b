#include "api/routes/cluster_routes.h"

#include <boost/json/array.hpp>

#include <array>

#include "api/http/co_try.h"
#include "api/routes/body.h"
#include "api/routes/page.h"
#include "api/routes/present.h"
#include "api/routes/query.h"
#include "api/routes/submit.h"
#include "core/base/proto_json.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using Answer = asio::awaitable<Result<http::Response>>;

struct ClusterFilter {
  std::string tenant, phase, health, label, text;
};

bool has_label(const state::Cluster& cluster, std::string_view wanted) {
  const auto colon = wanted.find(':');
  const auto key = wanted.substr(0, colon);
  for (const auto& label : cluster.labels()) {
    if (label.key() != key) continue;
    return colon == std::string_view::npos || label.value() == wanted.substr(colon + 1);
  }
  return false;
}

bool matches(const ClusterFilter& filter, const state::Cluster& cluster) {
  if (!filter.tenant.empty() && cluster.tenant() != filter.tenant) return false;
  if (!filter.label.empty() && !has_label(cluster, filter.label)) return false;
  if (!filter.text.empty() && cluster.name().find(filter.text) == std::string::npos) return false;
  return true;
}

Result<http::Response> list_clusters(Call& call) {
  Query query(call.target);
  ClusterFilter filter;
  filter.tenant = query.text("tenant");
  filter.phase = query.choice("phase", "any|running|suspended|deleting");
  filter.health = query.choice("health", "any|unknown|red|yellow|green");
  filter.label = query.text("label");
  filter.text = query.text("text");
  const auto page = read_page(query);
  ESAAS_CHECK(query.done());
  const auto view = call.foundation.front.fleet();
  PageBuilder builder(page);
  for (const auto& cluster : view.clusters) {
    if (!auth::may_see(call.caller, cluster->tenant()) || !matches(filter, *cluster)) continue;
    if (!builder.is_after_cursor(cluster->name())) continue;
    auto summary = present_summary(*cluster);
    if (filter.phase != "any" && summary["phase"].as_string() != filter.phase) continue;
    if (filter.health != "any" && summary["health"].as_string() != filter.health) continue;
    if (!builder.add(cluster->name(), std::move(summary))) break;
  }
  auto object = builder.finish();
  object["seq"] = view.seq;
  return http::json_response(object);
}

Result<http::Response> get_cluster(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  ESAAS_TRY(const auto cluster, find_cluster(call, call.parameters[0]));
  const std::string etag = '"' + std::to_string(cluster->revision()) + '"';
  auto response = http::json_response(present(*cluster));
  response.headers.emplace_back("ETag", etag);
  return response;
}

Result<http::Response> list_nodes(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  ESAAS_TRY(const auto cluster, find_cluster(call, call.parameters[0]));
  json::array items;
  for (const auto& node : cluster->nodes()) items.push_back(present(node, *cluster));
  return http::json_response(json::object{{"items", std::move(items)}, {"revision", cluster->revision()}});
}

Result<http::Response> list_holds(Call& call) {
  ESAAS_CHECK(Query(call.target).done());
  ESAAS_TRY(const auto cluster, find_cluster(call, call.parameters[0]));
  json::array items;
  for (const auto& hold : cluster->holds()) items.push_back(esaas::to_json(hold));
  return http::json_response(json::object{{"items", std::move(items)}, {"revision", cluster->revision()}});
}

Result<http::Response> list_all_nodes(Call& call) {
  Query query(call.target);
  const auto tenant = query.text("tenant");
  const auto cluster_name = query.text("cluster");
  const auto agent = query.text("agent");
  const auto page = read_page(query);
  ESAAS_CHECK(query.done());
  const auto view = call.foundation.front.fleet();
  PageBuilder builder(page);
  for (const auto& cluster : view.clusters) {
    if (!auth::may_see(call.caller, cluster->tenant())) continue;
    if (!tenant.empty() && cluster->tenant() != tenant) continue;
    if (!cluster_name.empty() && cluster->name() != cluster_name) continue;
    for (const auto& node : cluster->nodes()) {
      if (!agent.empty() && node.place().agent_id() != agent && node.place().hostname() != agent) continue;
      // Nodes keep the order in which they were added, and a space sorts before all that a name may hold: keys ascend.
      const auto key = cluster->name() + " " + padded(node.added_seq()) + " " + node.name();
      if (!builder.is_after_cursor(key)) continue;
      if (!builder.add(key, present(node, *cluster))) return http::json_response(builder.finish());
    }
  }
  return http::json_response(builder.finish());
}

Answer create_cluster(Call& call) {
  ESAAS_CO_TRY(auto options, read_change_options(call));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::SubmitOperation operation;
  ESAAS_CO_TRY(operation.reason, take_reason(call.request(), object));
  auto& create = *operation.request.mutable_create();
  ESAAS_CO_CHECK(from_json(object, create));
  if (create.tenant().empty()) create.set_tenant(call.caller.tenant);
  operation.cluster = create.name();
  co_return co_await submit_operation(call, std::move(options), std::move(operation));
}

/// The confirmation may be in the body or in the URL: not every client sends a body with DELETE.
Answer delete_cluster(Call& call) {
  std::string confirm;
  ESAAS_CO_TRY(auto options, read_change_options(call, "confirm", &confirm));
  ESAAS_CO_TRY(auto object, read_object(call.request()));
  command::SubmitOperation operation;
  operation.cluster = call.parameters[0];
  ESAAS_CO_TRY(operation.reason, take_reason(call.request(), object));
  ESAAS_CO_CHECK(from_json(object, *operation.request.mutable_delete_()));
  auto& request = *operation.request.mutable_delete_();
  if (!confirm.empty() && !request.confirm().empty() && confirm != request.confirm()) {
    co_return fail(ErrorCode::kInvalidArgument, "confirm: the body and the URL confirm two names", "confirm",
                   "one_confirmation");
  }
  if (!confirm.empty()) request.set_confirm(confirm);
  co_return co_await submit_operation(call, std::move(options), std::move(operation));
}

using http::Verb;
constexpr std::array kRoutes{
    Route{Verb::kGet, "/v1/clusters", auth::kReaders, &list_clusters, kTakesAt},
    Route{Verb::kPost, "/v1/clusters", auth::kOperators, &create_cluster},
    Route{Verb::kGet, "/v1/clusters/{cluster}", auth::kReaders, &get_cluster, kTakesAt},
    Route{Verb::kDelete, "/v1/clusters/{cluster}", auth::kOperators, &delete_cluster},
    Route{Verb::kGet, "/v1/clusters/{cluster}/nodes", auth::kReaders, &list_nodes, kTakesAt},
    Route{Verb::kGet, "/v1/clusters/{cluster}/holds", auth::kReaders, &list_holds, kTakesAt},
    Route{Verb::kGet, "/v1/nodes", auth::kReaders, &list_all_nodes, kTakesAt},
};

}  // namespace

std::span<const Route> cluster_routes() { return kRoutes; }

Result<std::shared_ptr<const state::Cluster>> find_cluster(const Call& call, std::string_view name) {
  auto cluster = call.foundation.front.cluster(name);
  if (!cluster || !auth::may_see(call.caller, cluster->tenant())) {
    return fail(ErrorCode::kNotFound, "there is no cluster " + std::string(name));
  }
  return cluster;
}

}  // namespace esaas::api
