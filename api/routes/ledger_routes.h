#pragma once
// The ledger of reservations: what the log says is ours beside what the master says.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> ledger_routes();

}  // namespace esaas::api
