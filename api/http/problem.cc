#include "api/http/problem.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

#include "core/base/text.h"

namespace esaas::api::http {
namespace {

struct Row {
  ErrorCode code;
  unsigned status;
};

/// The one table from ErrorCode to status.
constexpr std::array kStatuses{
    Row{ErrorCode::kInvalidArgument, 400},    Row{ErrorCode::kNotFound, 404},
    Row{ErrorCode::kAlreadyExists, 409},      Row{ErrorCode::kConflict, 409},
    Row{ErrorCode::kPermissionDenied, 403},   Row{ErrorCode::kUnauthenticated, 401},
    Row{ErrorCode::kResourceExhausted, 429},  Row{ErrorCode::kUnavailable, 503},
    Row{ErrorCode::kDeadlineExceeded, 504},   Row{ErrorCode::kDataLoss, 500},
    Row{ErrorCode::kUnsupportedVersion, 500}, Row{ErrorCode::kInternal, 500},
};

struct RuleRow {
  std::string_view rule;
  unsigned status;
};

/// Rules that HTTP has a status of its own for: a client can tell a lost update from a busy cluster.
constexpr std::array kRuleStatuses{
    RuleRow{"revision_matches", 412}, RuleRow{"content_type_is_json", 415},
    RuleRow{"tenant_quota", 409},  // no use in trying again, unlike other things that are full
};

/// A problem may quote what a client sent, which need not be text; JSON is.
std::string to_text(std::string_view type, unsigned status, std::string_view detail, std::string_view field,
                    std::string_view rule, std::string_view instance) {
  boost::json::object problem;
  problem["type"] = "urn:esaas:problem:" + std::string(type);
  problem["title"] = reason_phrase(status);
  problem["status"] = status;
  problem["detail"] = to_valid_utf8(detail);
  if (!field.empty()) problem["field"] = to_valid_utf8(field);
  if (!rule.empty()) problem["rule"] = rule;
  if (!instance.empty()) problem["instance"] = to_valid_utf8(instance);
  return boost::json::serialize(problem);
}

Response to_response(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = std::move(body);
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"esaas\"");
  return response;
}

}  // namespace

unsigned status_of(const Error& error) {
  const auto* special = std::ranges::find(kRuleStatuses, error.rule, &RuleRow::rule);
  if (special != kRuleStatuses.end()) return special->status;
  const auto* row = std::ranges::find(kStatuses, error.code, &Row::code);
  return row == kStatuses.end() ? 500 : row->status;
}

std::string problem_json(const Error& error, std::string_view instance) {
  return to_text(esaas::name_of(error.code), status_of(error), error.detail, error.field, error.rule, instance);
}

Response problem_response(const Error& error, std::string_view instance) {
  return to_response(status_of(error), problem_json(error, instance));
}

Response problem_response(unsigned status, std::string_view detail, std::string_view rule, std::string_view instance) {
  return to_response(status, to_text("http_" + std::to_string(status), status, detail, {}, rule, instance));
}

}  // namespace esaas::api::http
