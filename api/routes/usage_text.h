#pragma once
// A usage report as JSON, CSV or JSON lines, written piece by piece. Figures are exact: whole unit-seconds, and hours with
// six decimals rounded from them once.

#include <memory>
#include <string>
#include <vector>

#include "api/http/response.h"
#include "api/routes/views.h"

namespace esaas::api {

/// `format` is json, csv or jsonl.
std::unique_ptr<http::BodyStream> make_usage_stream(const UsageQuery& query, const std::string& format,
                                                    std::vector<UsageLine> lines);

/// value / divisor with six decimals, half up.
std::string decimal(std::uint64_t value, std::uint64_t divisor);

/// A CSV field; quoted when it holds a separator, and never taken for a formula by a spreadsheet.
std::string csv_field(const std::string& text);

}  // namespace esaas::api
