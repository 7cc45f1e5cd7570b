#pragma once
// What the checks of requests are made of. Pure; only for validate_*.cc and those who begin operations.

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/model.pb.h"

namespace esaas::command {

/// kInvalidArgument: "FIELD: WHAT", naming the field and the rule.
std::unexpected<Error> refuse(std::string_view field, const std::string& what, std::string_view rule);

Result<void> in_range(std::uint64_t value, std::uint64_t least, std::uint64_t most, const std::string& field);

inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 1 to `length_max` characters, each a letter, a digit or one of `also`.
Result<void> validate_word(std::string_view value, const std::string& field, std::string_view also,
                           std::size_t length_max = 100);

/// The cluster's name, once more: for what cannot be taken back, or stops it for a while.
Result<void> validate_confirm(const std::string& confirm, const std::string& cluster, const std::string& what);

/// Of a node; with `zero_allowed` 0 leaves a resource as it is.
Result<void> validate_resources(const model::Resources& resources, const std::string& field, bool zero_allowed);

/// "a, b, c"
template <typename Items>
std::string joined(const Items& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ", ") + std::string(item);
  return text;
}

}  // namespace esaas::command
