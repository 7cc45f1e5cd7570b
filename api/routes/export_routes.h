#pragma once
// Use as files: CSV, JSON lines, CloudEvents and FOCUS, in pages or as one stream.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> export_routes();

}  // namespace esaas::api
