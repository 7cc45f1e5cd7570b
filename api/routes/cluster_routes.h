#pragma once
// Clusters, their nodes and holds; and the operations on them that have a path of their own.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> cluster_routes();

/// The cluster, if it exists and the caller may know of it; else kNotFound.
Result<std::shared_ptr<const state::Cluster>> find_cluster(const Call& call, std::string_view name);

}  // namespace esaas::api
