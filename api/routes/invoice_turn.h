#pragma once
// Invoice turns: of one tenant one invoice at a time is derived and logged. A correction is what has to be added to all
// that was billed so far, so two that were derived beside each other would correct twice. One process at a time writes
// a log, so that turns within the process are enough. Thread-safe.

#include <memory>
#include <string>

#include "core/base/result.h"

namespace esaas::store {
class EventLog;
}

namespace esaas::api {

/// As long as a copy of it lives nobody else has a turn: it is kept until the answer of the log is there, however late
/// that is.
using InvoiceTurn = std::shared_ptr<const void>;

/// kConflict, rule `corrected_meanwhile`: another invoice of the tenant is on its way into this log.
Result<InvoiceTurn> take_invoice_turn(const store::EventLog& log, const std::string& tenant);

}  // namespace esaas::api
