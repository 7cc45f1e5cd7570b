#pragma once
// The quota of a tenant: what it is promised and may use, and what its clusters want, hold and use of it.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> tenant_routes();

}  // namespace esaas::api
