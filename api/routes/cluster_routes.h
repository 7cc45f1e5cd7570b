#pragma once
// Clusters, their nodes and holds; create and delete. What else changes them: change_routes.h.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> cluster_routes();

/// The cluster, if it exists and the caller may know of it; else kNotFound.
Result<std::shared_ptr<const state::Cluster>> find_cluster(const Call& call, std::string_view name);

}  // namespace esaas::api
