#pragma once
// What Kibana's GET /api/status says. Pure.

#include <string_view>

#include "core/base/result.h"

namespace esaas::kibana {

/// Good when it is green: it runs, and its Elasticsearch answers it. kUnavailable: it is not, in its own words, or the
/// text is not Kibana's.
Result<void> parse_status(std::string_view body);

}  // namespace esaas::kibana
