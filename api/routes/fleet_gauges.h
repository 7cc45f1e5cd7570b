#pragma once
// Gauges of the fleet: the ledger's lines by status, and each tenant's quota beside what it uses. They are read from
// what the controller publishes, at each scrape; nothing is counted in between.

#include "api/routes/metrics.h"
#include "reconcilers/loop/front.h"

namespace esaas::api {

/// `front` outlives the last scrape.
void add_fleet_gauges(Metrics& metrics, const loop::Front& front);

}  // namespace esaas::api
