#pragma once
// Whether the index may be asked for all that there is of something.

#include <string_view>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// kUnavailable, with `what` ("invoices") in the detail, while events of an older program lack entries: an answer by a
/// part of the index would be taken for all.
Result<void> check_indexed(const EventLog& log, std::string_view what);

}  // namespace esaas::store
