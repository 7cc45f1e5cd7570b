#pragma once
// GET /v1/events: the log as server-sent events, from a seq on and without a gap; as of a moment (?at=), up to it.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> event_routes();

}  // namespace esaas::api
