#include "reconcilers/effects/elasticsearch/request_answer.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>

#include "reconcilers/effects/elasticsearch/observation_parser.h"

namespace esaas::es {
namespace {

namespace json = boost::json;

/// They come with 500, and come again however often one asks.
constexpr std::array<std::string_view, 6> kRefusalsOf500 = {
    "repository_exception",        "repository_verification_exception", "snapshot_restore_exception",
    "snapshot_creation_exception", "invalid_snapshot_name_exception",   "settings_exception"};

std::optional<json::object> object_of(std::string_view body) {
  json::error_code error;
  json::value value = json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

const json::object* child(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains({key.data(), key.size()});
  return found == nullptr ? nullptr : found->if_object();
}

bool is_error_of_a_refusal(std::string_view body) {
  const auto answer = object_of(body);
  const json::object* error = answer ? child(*answer, "error") : nullptr;
  const json::value* type = error == nullptr ? nullptr : error->if_contains("type");
  if (type == nullptr || !type->is_string()) return false;
  const std::string_view name(type->get_string().data(), type->get_string().size());
  return std::ranges::find(kRefusalsOf500, name) != kRefusalsOf500.end();
}

/// They go into the log and stay in the state for as long as somebody needs them.
constexpr std::size_t kWordsBytesMax = 2000;

std::string shortened(std::string words) {
  if (words.size() <= kWordsBytesMax) return words;
  words.resize(kWordsBytesMax);
  return words + "...";
}

/// What Elasticsearch says was wrong, with the reason at the bottom of it: the one at the top is often only "failed".
std::string words_of(std::string_view body) {
  std::string words = reason_of_error(body);
  const auto answer = object_of(body);
  const json::object* deepest = answer ? child(*answer, "error") : nullptr;
  for (const json::object* next = deepest; next != nullptr; next = child(*next, "caused_by")) deepest = next;
  const json::value* reason = deepest == nullptr ? nullptr : deepest->if_contains("reason");
  if (reason == nullptr || !reason->is_string()) return words;
  const std::string_view text(reason->get_string().data(), reason->get_string().size());
  if (words.find(text) == std::string::npos) words += ": " + std::string(text);
  return words;
}

bool is_refused(const RequestAnswer& answer) {
  if (answer.status >= 400 && answer.status < 500) return answer.status != 429 && answer.status != 408;
  return answer.status == 500 && is_error_of_a_refusal(answer.body);
}

bool is_unacknowledged(const json::object& answer) {
  const json::value* acknowledged = answer.if_contains("acknowledged");
  return acknowledged != nullptr && acknowledged->is_bool() && !acknowledged->get_bool();
}

/// Whether `settings`, flat or nested, has the key.
bool has_setting(const json::object& settings, std::string_view key) {
  if (settings.contains({key.data(), key.size()})) return true;
  for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.', dot + 1)) {
    const json::object* nested = child(settings, key.substr(0, dot));
    if (nested != nullptr && has_setting(*nested, key.substr(dot + 1))) return true;
  }
  return false;
}

/// What became of the settings that were sent with a value.
struct Echo {
  std::string left_out;  ///< those that are not in the answer
  bool some_taken = false;
};

Echo echo_of(const state::ElasticsearchRequest& request, const json::object& answer) {
  Echo echo;
  const auto sent = object_of(request.body());
  if (!sent) return echo;
  for (const std::string_view scope : {"persistent", "transient"}) {
    const json::object* settings = child(*sent, scope);
    if (settings == nullptr) continue;
    const json::object* taken = child(answer, scope);
    for (const auto& [key, value] : *settings) {
      const std::string_view name(key.data(), key.size());
      if (value.is_null()) continue;
      if (taken != nullptr && has_setting(*taken, name)) {
        echo.some_taken = true;
      } else {
        echo.left_out += (echo.left_out.empty() ? "" : ", ") + std::string(name);
      }
    }
  }
  return echo;
}

/// Copies of shards that did not do what the rest did (a flush, a refresh); empty when all did, or none is told of.
std::string failed_copies(const json::object& answer) {
  const json::object* shards = child(answer, "_shards");
  const json::value* failed = shards == nullptr ? nullptr : shards->if_contains("failed");
  if (failed == nullptr || !failed->is_int64() || failed->get_int64() == 0) return {};
  return fmt::format("{} copies of shards could not.", failed->get_int64());
}

}  // namespace

std::optional<Verdict> judge(const RequestAnswer& answer, const state::ElasticsearchRequest& request) {
  if (is_refused(answer)) return Verdict{false, shortened(words_of(answer.body))};
  if (answer.status < 200 || answer.status >= 300) return std::nullopt;
  const auto body = object_of(answer.body);
  if (!body) return Verdict{true, {}};
  if (is_unacknowledged(*body)) return std::nullopt;
  if (request.path().starts_with("/_cluster/settings")) {
    const Echo echo = echo_of(request, *body);
    if (!echo.left_out.empty()) {
      return Verdict{false, "Elasticsearch answered 200 and left out " + echo.left_out +
                                ": no such setting can be changed while the cluster runs, or the value is not valid." +
                                (echo.some_taken ? " It took the others." : "")};
    }
  }
  return Verdict{true, failed_copies(*body)};
}

Result<void> check_put(const RequestAnswer& answer) {
  if (answer.status >= 200 && answer.status < 300) {
    const auto body = object_of(answer.body);
    if (!body || !is_unacknowledged(*body)) return {};
    return fail(ErrorCode::kUnavailable, "Not all nodes have acknowledged the setting in time.");
  }
  return fail(is_refused(answer) ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
              fmt::format("Elasticsearch answered {}: {}", answer.status, shortened(words_of(answer.body))));
}

}  // namespace esaas::es
