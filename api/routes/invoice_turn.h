#pragma once
// Invoice turns: of one tenant one invoice at a time is derived and logged. A correction is what has to be added to all
// that was billed so far, so two that were derived beside each other would correct twice.

#include <string>

#include "api/routes/turn.h"
#include "core/base/result.h"

namespace esaas::api {

/// kConflict, rule `corrected_meanwhile`: another invoice of the tenant is on its way into this log.
Result<Turn> take_invoice_turn(const store::EventLog& log, const std::string& tenant);

}  // namespace esaas::api
