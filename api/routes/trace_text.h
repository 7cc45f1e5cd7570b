#pragma once
// A trace as an answer: JSON, text, or OTLP.

#include <string_view>

#include "api/http/response.h"
#include "core/base/hash.h"
#include "store/views/trace_view.h"

namespace esaas::api {

inline constexpr std::string_view kTraceFormats = "json|text|otlp";

/// `format`: one of kTraceFormats.
http::Response trace_response(store::Trace trace, std::string_view format, const Hash& log_identity,
                              std::string_view version);

}  // namespace esaas::api
