#include "reconcilers/effects/elasticsearch/json_reading.h"

#include <fmt/format.h>
#include <boost/json/parse.hpp>

#include <limits>

namespace esaas::es {

namespace json = boost::json;

std::unexpected<Error> bad(std::string_view what) {
  return fail(ErrorCode::kDataLoss, fmt::format("Elasticsearch's answer can not be used: {}.", what));
}

Result<json::value> parse_object(std::string_view body) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  json::value value = json::parse({body.data(), body.size()}, error, {}, options);
  if (error) return bad("it is not JSON (" + error.message() + ")");
  if (!value.is_object()) return bad("it is not a JSON object");
  return value;
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr ? nullptr : value->if_object();
}

std::string_view string_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view{} : std::string_view(text->data(), text->size());
}

Result<std::uint32_t> number_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) {
    return bad(fmt::format("\"{}\" is no count", key));
  }
  return static_cast<std::uint32_t>(*number);
}

const json::array* array_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  return value == nullptr ? nullptr : value->if_array();
}

std::int64_t large_number_in(const json::object& object, std::string_view key, std::int64_t otherwise) {
  const json::value* value = object.if_contains({key.data(), key.size()});
  const std::int64_t* number = value == nullptr ? nullptr : value->if_int64();
  return number == nullptr || *number < 0 ? otherwise : *number;
}

Result<void> check_name(const json::object& answer, std::string_view cluster) {
  const std::string_view name = string_in(answer, "cluster_name");
  if (name.empty()) return bad("\"cluster_name\" is missing");
  if (name != cluster) {
    return fail(ErrorCode::kNotFound, fmt::format("Cluster {} answered instead of {}.", name, cluster));
  }
  return {};
}

}  // namespace esaas::es
