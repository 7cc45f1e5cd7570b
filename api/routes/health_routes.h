#pragma once
// /healthz, /readyz and /metrics: for machines that watch, without /v1.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> health_routes();

}  // namespace esaas::api
