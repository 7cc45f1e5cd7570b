#pragma once
// What only a log can answer: what differs between two moments, and why an event happened.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> past_routes();

}  // namespace esaas::api
