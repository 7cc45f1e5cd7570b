#pragma once
// POST /v1/operations/{operation}/undo: takes an operation's change back by another operation, made from the log.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> undo_routes();

}  // namespace esaas::api
