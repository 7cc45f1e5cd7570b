#pragma once
// Body: a request's JSON object, from which a route takes the members it knows; what is left over is refused by name.
// Pure.

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/request.h"
#include "core/base/result.h"

namespace esaas::api {

/// The longest reason that is kept with an operation.
inline constexpr std::size_t kReasonLengthMax = 500;

/// The body as an object; an empty body is the empty object. kInvalidArgument: another content type, no JSON, no
/// object.
Result<boost::json::object> read_object(const http::Request& request);

/// Takes a member out; empty when it is absent. kInvalidArgument: another type, or too long.
Result<std::string> take_text(boost::json::object& object, std::string_view name, std::size_t length_max = 255);
Result<std::optional<std::uint64_t>> take_number(boost::json::object& object, std::string_view name);

/// kInvalidArgument naming the first member that is left; `known` names those that exist.
Result<void> refuse_rest(const boost::json::object& object, std::string_view known);

/// The reason: of the header X-Reason, or of the member "reason" (taken out). kInvalidArgument when both differ.
Result<std::string> take_reason(const http::Request& request, boost::json::object& object);

/// The Idempotency-Key header, checked: 1 to 255 printable ASCII characters. Empty when absent.
Result<std::string> idempotency_key_of(const http::Request& request);
Result<void> check_idempotency_key(std::string_view key, std::string_view field);

/// If-Match as a revision; nothing when absent or "*".
Result<std::optional<std::uint64_t>> if_match_of(const http::Request& request);

}  // namespace esaas::api
