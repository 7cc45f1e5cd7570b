#pragma once
// Sinks: webhooks and topics that the events of the log are sent on to.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> sink_routes();

}  // namespace esaas::api
