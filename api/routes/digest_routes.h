#pragma once
// Digests of the log, and proofs that an event is under one.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> digest_routes();

}  // namespace esaas::api
