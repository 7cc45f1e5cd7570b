#pragma once
// Prices, bills, invoices and budgets.

#include <span>

#include "api/routes/call.h"

namespace esaas::api {

std::span<const Route> billing_routes();

}  // namespace esaas::api
