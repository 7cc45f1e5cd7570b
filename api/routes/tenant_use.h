#pragma once
// What the clusters of tenants want, have reserved, and run on now. Pure.

#include <map>
#include <string>

#include "core/commands/admission.h"
#include "reconcilers/loop/front.h"

namespace esaas::api {

struct TenantUse {
  command::Amounts wanted, reserved, used;
};

/// Of all tenants that have clusters, by name.
std::map<std::string, TenantUse, std::less<>> use_by_tenant(const loop::FleetView& fleet);
TenantUse use_of(const loop::FleetView& fleet, const std::string& tenant);

}  // namespace esaas::api
