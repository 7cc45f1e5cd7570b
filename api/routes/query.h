#pragma once
// Query: the query parameters of a call, read by name and type; what was not asked for is refused by name. Pure.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/http/target.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace esaas::api {

class Query {
 public:
  explicit Query(const http::Target& target) : target_(target), known_(target.taken.begin(), target.taken.end()) {}

  /// The text, or empty. An error (too long) is kept for `done`, as are those of the others.
  std::string text(std::string_view name, std::size_t length_max = 255);
  std::uint64_t number(std::string_view name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise);
  bool flag(std::string_view name);
  /// RFC 3339 or a date.
  std::optional<Time> time(std::string_view name);
  /// One of the words in `allowed` ("a|b|c"), or the first of them when the parameter is absent.
  std::string choice(std::string_view name, std::string_view allowed);
  /// One of the words in `allowed`, or empty when the parameter is absent.
  std::string optional_choice(std::string_view name, std::string_view allowed);

  /// The first mistake of all: a bad value, or a parameter that nobody has read.
  [[nodiscard]] Result<void> done() const;

 private:
  const std::string* find(std::string_view name);
  void refuse(std::string_view name, std::string detail, std::string_view rule);

  const http::Target& target_;
  std::set<std::string, std::less<>> known_;
  std::optional<Error> error_;
};

}  // namespace esaas::api
