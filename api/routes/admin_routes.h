#pragma once
// Tenants and tokens.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> admin_routes();

/// How long a token lives when its maker does not say.
inline constexpr Duration kTokenLifetime = std::chrono::hours{90 * 24};

}  // namespace esaas::api
