#include "api/routes/query.h"

#include <charconv>

namespace esaas::api {

const std::string* Query::find(std::string_view name) {
  known_.emplace(name);
  for (const auto& [key, value] : target_.query) {
    if (key == name) return &value;
  }
  return nullptr;
}

void Query::refuse(std::string_view name, std::string detail, std::string_view rule) {
  if (error_) return;
  error_ = Error{ErrorCode::kInvalidArgument, std::string(name) + ": " + std::move(detail), std::string(name),
                 std::string(rule)};
}

std::string Query::text(std::string_view name, std::size_t length_max) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (value->empty()) refuse(name, "is empty", "required");
  if (value->size() > length_max) refuse(name, "is longer than " + std::to_string(length_max), "length");
  return *value;
}

std::uint64_t Query::number(std::string_view name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) {
  const auto* value = find(name);
  if (value == nullptr) return otherwise;
  std::uint64_t number = 0;
  const auto* end = value->data() + value->size();
  const auto parsed = std::from_chars(value->data(), end, number);
  if (value->empty() || parsed.ec != std::errc{} || parsed.ptr != end || number < least || number > most) {
    refuse(name, "is not a whole number between " + std::to_string(least) + " and " + std::to_string(most), "range");
    return otherwise;
  }
  return number;
}

bool Query::flag(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr || *value == "false") return false;
  if (*value != "true") refuse(name, "is neither true nor false", "boolean");
  return *value == "true";
}

std::optional<Time> Query::time(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  auto time = parse_rfc3339(*value);
  if (!time) {
    refuse(name, time.error().detail, "rfc3339");
    return std::nullopt;
  }
  return *time;
}

std::string Query::choice(std::string_view name, std::string_view allowed) {
  if (find(name) == nullptr) return std::string(allowed.substr(0, allowed.find('|')));
  return optional_choice(name, allowed);
}

std::string Query::optional_choice(std::string_view name, std::string_view allowed) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  std::string list;
  for (std::size_t begin = 0; begin <= allowed.size();) {
    const auto end = std::min(allowed.find('|', begin), allowed.size());
    const auto word = allowed.substr(begin, end - begin);
    if (*value == word) return std::string(word);
    list += (list.empty() ? "" : ", ") + std::string(word);
    begin = end + 1;
  }
  refuse(name, "is none of " + list, "choice");
  return {};
}

Result<void> Query::done() const {
  for (const auto& [key, unused] : target_.query) {
    if (known_.contains(key)) continue;
    std::string list;
    for (const auto& name : known_) list += (list.empty() ? "" : ", ") + name;
    return fail(ErrorCode::kInvalidArgument,
                "there is no query parameter \"" + key + "\" here" +
                    (list.empty() ? std::string(": this resource takes none") : "; known are " + list),
                key, "known_parameter");
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace esaas::api
