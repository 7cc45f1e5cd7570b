#pragma once
// Operations: the list, one, any operation in one body, many in one body, and cancel, pause, continue.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> operation_routes();

/// The path whose body limit is the large one.
inline constexpr std::string_view kBatchPath = "/v1/operations/batch";

}  // namespace esaas::api
