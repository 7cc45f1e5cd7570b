#pragma once
// What snapshots and repositories a cluster has, as Elasticsearch says now, and who took them, as the log says.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> snapshot_routes();

}  // namespace esaas::api
