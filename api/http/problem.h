#pragma once
// Errors as RFC 9457 problem details. Pure, thread-safe.

#include <string>
#include <string_view>

#include "api/http/response.h"
#include "core/base/result.h"

namespace esaas::api::http {

/// The HTTP status of an expected failure.
unsigned status_of(const Error& error);

/// The problem object as JSON text: type, title, status, detail, and field, rule and instance where they apply.
std::string problem_json(const Error& error, std::string_view instance);

/// The whole answer. 429 and 503 carry Retry-After; 401 carries WWW-Authenticate.
Response problem_response(const Error& error, std::string_view instance);

/// A refusal by HTTP itself (405, 408, 413, 415, 431), which no ErrorCode stands for. `rule` names the limit.
Response problem_response(unsigned status, std::string_view detail, std::string_view rule, std::string_view instance);

}  // namespace esaas::api::http
