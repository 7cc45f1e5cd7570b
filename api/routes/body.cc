#include "api/routes/body.h"

#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>

#include "core/base/proto_json.h"
#include "core/base/text.h"

namespace esaas::api {
namespace json = boost::json;

Result<json::object> read_object(const http::Request& request) {
  if (request.body.empty()) return json::object{};
  std::string_view type = request.content_type;
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  std::string lower(type);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  if (lower != "application/json") {
    return fail(ErrorCode::kInvalidArgument, "send the body as Content-Type: application/json", "Content-Type",
                "content_type_is_json");
  }
  ESAAS_TRY(auto value, parse_json(request.body));
  if (!value.is_object()) {
    return fail(ErrorCode::kInvalidArgument, "the body is not a JSON object", "body", "type");
  }
  return std::move(value.get_object());
}

Result<std::string> take_text(json::object& object, std::string_view name, std::size_t length_max) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  const auto* text = found->value().if_string();
  if (text == nullptr) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ": is not a string", std::string(name), "type");
  }
  if (text->size() > length_max) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(name) + ": is longer than " + std::to_string(length_max) + " bytes", std::string(name),
                "length");
  }
  std::string value(text->data(), text->size());
  object.erase(found);
  return value;
}

Result<std::optional<std::uint64_t>> take_number(json::object& object, std::string_view name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::optional<std::uint64_t>();
  boost::system::error_code ec;
  const bool whole = found->value().is_int64() || found->value().is_uint64();
  const auto number = whole ? found->value().to_number<std::uint64_t>(ec) : 0;
  if (!whole || ec) {
    return fail(ErrorCode::kInvalidArgument, std::string(name) + ": is not a whole number of 0 or more",
                std::string(name), "type");
  }
  object.erase(found);
  return std::optional<std::uint64_t>(number);
}

Result<void> refuse_rest(const json::object& object, std::string_view known) {
  if (object.empty()) return {};
  const std::string name(object.begin()->key());
  return fail(ErrorCode::kInvalidArgument,
              "there is no field \"" + name.substr(0, 64) + "\" here; known are " + std::string(known),
              name.substr(0, 64), "known_field");
}

Result<std::string> take_reason(const http::Request& request, json::object& object) {
  ESAAS_TRY(std::string reason, take_text(object, "reason", kReasonLengthMax));
  if (request.reason.empty()) return reason;
  if (request.reason.size() > kReasonLengthMax) {
    return fail(ErrorCode::kInvalidArgument, "X-Reason is longer than " + std::to_string(kReasonLengthMax) + " bytes",
                "X-Reason", "length");
  }
  if (!is_valid_utf8(request.reason)) {
    return fail(ErrorCode::kInvalidArgument, "X-Reason is not UTF-8 text", "X-Reason", "utf8");
  }
  if (!reason.empty() && reason != request.reason) {
    return fail(ErrorCode::kInvalidArgument, "reason: the body and X-Reason give two reasons", "reason", "one_reason");
  }
  return request.reason;
}

Result<void> check_idempotency_key(std::string_view key, std::string_view field) {
  const bool printable = std::ranges::all_of(key, [](char c) { return c >= 0x21 && c <= 0x7e; });
  if (key.empty() || key.size() > 255 || !printable) {
    return fail(ErrorCode::kInvalidArgument,
                std::string(field) + ": 1 to 255 printable ASCII characters without a space", std::string(field),
                "idempotency_key");
  }
  return {};
}

Result<std::string> idempotency_key_of(const http::Request& request) {
  if (!request.has_idempotency_key) return std::string();
  ESAAS_CHECK(check_idempotency_key(request.idempotency_key, "Idempotency-Key"));
  return request.idempotency_key;
}

Result<std::optional<std::uint64_t>> if_match_of(const http::Request& request) {
  const std::string_view text = request.if_match;
  if (text.empty() || text == "*") return std::optional<std::uint64_t>();
  std::uint64_t revision = 0;
  const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
  const auto digits = quoted ? text.substr(1, text.size() - 2) : std::string_view();
  const auto* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, revision);
  if (!quoted || parsed.ec != std::errc{} || parsed.ptr != end) {
    return fail(ErrorCode::kInvalidArgument, "If-Match is not an ETag of a cluster, such as \"42\" in quotes",
                "If-Match", "etag");
  }
  return std::optional<std::uint64_t>(revision);
}

}  // namespace esaas::api
