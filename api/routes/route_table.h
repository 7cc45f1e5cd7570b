#pragma once
// The one table of all routes. The router, the access tests and the check against openapi.yaml all walk it, so that a
// route cannot be forgotten.

#include <vector>

#include "api/routes/call.h"

namespace esaas::api {

std::vector<Route> all_routes();

}  // namespace esaas::api
