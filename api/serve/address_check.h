#pragma once
// Whether the server could listen where it shall: asked before anything is made or started that would outlive a start
// that fails.

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace esaas::api {

/// Binds and lets go at once. kInvalidArgument for what is no address, kUnavailable when the port is taken.
Result<void> check_address_is_free(const std::string& address, std::uint16_t port);

}  // namespace esaas::api
