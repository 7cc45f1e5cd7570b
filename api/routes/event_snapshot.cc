#include "api/routes/event_snapshot.h"

#include <boost/json/serialize.hpp>

#include <utility>

#include "api/auth/access.h"
#include "api/routes/present.h"

namespace esaas::api {
namespace {

namespace json = boost::json;

void append_object(std::string_view type, json::object object, std::string& text) {
  // JSON text has no line break, so one data line holds it all.
  text.append("event: snapshot\ndata: ");
  text.append(json::serialize(json::object{{"type", type}, {"object", std::move(object)}})).append("\n\n");
}

}  // namespace

EventSnapshot::EventSnapshot(loop::Picture picture, const EventFilter& filter, const command::Caller& caller)
    : picture_(std::move(picture)) {
  const auto is_theirs = [&](const std::string& tenant) {
    return auth::may_see(caller, tenant) && (filter.tenant.empty() || tenant == filter.tenant);
  };
  const auto is_wanted = [&](const std::string& tenant, const std::string& cluster) {
    return is_theirs(tenant) && (filter.cluster.empty() || cluster == filter.cluster);
  };
  std::erase_if(picture_.clusters, [&](const auto& one) { return !is_wanted(one->tenant(), one->name()); });
  std::erase_if(picture_.operations, [&](const auto& one) { return !is_wanted(one->tenant(), one->cluster()); });
  // A tenant is wider than a cluster.
  for (const state::Tenant& tenant : picture_.head->tenants()) {
    if (filter.cluster.empty() && is_theirs(tenant.name())) tenants_.push_back(tenant.name());
  }
  picture_.head.reset();
}

bool EventSnapshot::append_piece(std::string& text, std::size_t bytes) {
  const std::size_t clusters_from = tenants_.size();
  const std::size_t operations_from = clusters_from + picture_.clusters.size();
  const std::size_t count = operations_from + picture_.operations.size();
  while (next_ < count) {
    const std::size_t i = next_++;
    if (i < clusters_from) {
      append_object("tenant", {{"name", tenants_[i]}}, text);
    } else if (i < operations_from) {
      append_object("cluster", present(*picture_.clusters[i - clusters_from]), text);
      picture_.clusters[i - clusters_from].reset();
    } else {
      append_object("operation", present(*picture_.operations[i - operations_from]), text);
      picture_.operations[i - operations_from].reset();
    }
    if (text.size() >= bytes) return true;
  }
  const std::string seq = std::to_string(picture_.seq);
  text.append("id: ").append(seq).append("\nevent: snapshot_end\ndata: {\"seq\":").append(seq);
  text.append(",\"objects\":").append(std::to_string(count)).append("}\n\n");
  return false;
}

}  // namespace esaas::api
