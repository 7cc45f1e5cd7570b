#pragma once
// Changes to a cluster that have a path of their own: its nodes, its settings and plugins, its indices and snapshots.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> change_routes();

}  // namespace esaas::api
