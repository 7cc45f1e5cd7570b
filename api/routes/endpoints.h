#pragma once
// The addresses at which clients reach a cluster, whatever its nodes do. Pure.

#include <boost/json/array.hpp>

#include "core/state/state.pb.h"

namespace esaas::api {

/// One object for each proxy that has a place, in the order in which the proxies were added: its node, the URL of
/// Elasticsearch, the URL of Kibana where the cluster has one, and whether it serves now. Empty without proxies.
boost::json::array endpoints_of(const state::Cluster& cluster);

}  // namespace esaas::api
