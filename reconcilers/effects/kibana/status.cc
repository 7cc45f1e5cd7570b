#include "reconcilers/effects/kibana/status.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>

namespace esaas::kibana {
namespace {

namespace json = boost::json;

/// Null when there is no such text.
const json::string* find_text(const json::value& value, const char* pointer) {
  boost::system::error_code error;
  const json::value* found = value.find_pointer(pointer, error);
  return found == nullptr ? nullptr : found->if_string();
}

}  // namespace

Result<void> parse_status(std::string_view body) {
  boost::system::error_code error;
  const json::value status = json::parse({body.data(), body.size()}, error);
  const json::string* state = error ? nullptr : find_text(status, "/status/overall/state");
  if (state == nullptr) return fail(ErrorCode::kUnavailable, "What answers is not Kibana.");
  if (*state == "green") return {};
  const json::string* nickname = find_text(status, "/status/overall/nickname");
  return fail(ErrorCode::kUnavailable,
              "Kibana is " + std::string(*state) + (nickname == nullptr ? "." : " (" + std::string(*nickname) + ")."));
}

}  // namespace esaas::kibana
