#pragma once
// Backups of the log, taken and listed. Where they are is in the configuration; the way back is `esaas restore`.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> backup_routes();

}  // namespace esaas::api
