#pragma once
// A look at what a cluster's Elasticsearch says now, for a route that tells of it.

#include <boost/asio/awaitable.hpp>

#include <string>

#include "api/routes/call.h"
#include "core/base/result.h"
#include "reconcilers/observation.h"

namespace esaas::api {

/// Asks it and waits for the answer. Errors: those of loop::Front::observe, and kDeadlineExceeded.
boost::asio::awaitable<Result<reconcile::Observation>> look_at(const Call& call, std::string cluster,
                                                               reconcile::Questions questions);

}  // namespace esaas::api
