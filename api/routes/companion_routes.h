#pragma once
// /v1/clusters/{cluster}/endpoints, /proxies, /kibana.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> companion_routes();

}  // namespace esaas::api
