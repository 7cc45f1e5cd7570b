#pragma once
// Usage reports as JSON, CSV or JSON lines, written piece by piece. Sums are exact: hours with six decimals, rounded
// once from the integers of the fold.

#include <memory>
#include <string>
#include <vector>

#include "api/http/response.h"
#include "api/routes/call.h"
#include "store/export/usage_export.h"
#include "store/views/usage_view.h"

namespace esaas::api {

/// Sums, a line each. `format` is json, csv or jsonl.
std::unique_ptr<http::BodyStream> make_totals_stream(const store::UsageQuery& query, std::string format,
                                                     std::vector<store::UsageTotal> totals);

/// Every interval, a line each, read from the log page by page.
std::unique_ptr<http::BodyStream> make_interval_stream(const Call& call, const store::UsageQuery& query,
                                                       store::UsageFormat format);

/// value / divisor with six decimals, half up. Precondition: divisor is not 0.
std::string decimal(store::UsageQuantity value, store::UsageQuantity divisor);

}  // namespace esaas::api
