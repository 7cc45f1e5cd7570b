#pragma once
// What the log has to tell of the past: audit, the trace of an operation, usage.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> report_routes();

}  // namespace esaas::api
