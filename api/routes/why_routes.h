#pragma once
// Why: a cluster, an operation and a node explain themselves, from the state and the log.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> why_routes();

}  // namespace esaas::api
