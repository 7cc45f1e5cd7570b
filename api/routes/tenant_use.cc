#include "api/routes/tenant_use.h"

#include "core/model/task_state.h"

namespace esaas::api {
namespace {

void add(TenantUse& use, const state::Cluster& cluster) {
  use.wanted = use.wanted + command::wanted_by(cluster);
  for (const state::Node& node : cluster.nodes()) {
    const bool reserved =
        node.place_status() == state::PLACE_STATUS_RESERVED || node.place_status() == state::PLACE_STATUS_RELEASING;
    if (reserved) use.reserved = use.reserved + command::to_amounts(node.place().resources());
    if (node.has_task() && model::may_be_alive(node.task().state())) {
      use.used = use.used + command::to_amounts(node.place().resources());
    }
  }
}

}  // namespace

std::map<std::string, TenantUse, std::less<>> use_by_tenant(const loop::FleetView& fleet) {
  std::map<std::string, TenantUse, std::less<>> uses;
  for (const auto& cluster : fleet.clusters) add(uses[cluster->tenant()], *cluster);
  return uses;
}

TenantUse use_of(const loop::FleetView& fleet, const std::string& tenant) {
  TenantUse use;
  for (const auto& cluster : fleet.clusters) {
    if (cluster->tenant() == tenant) add(use, *cluster);
  }
  return use;
}

}  // namespace esaas::api
