#pragma once
// The request target taken apart: path segments and query parameters, percent-decoded. Pure, thread-safe.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace esaas::api::http {

struct Target {
  std::string path;                                        ///< as it came, without the query
  std::vector<std::string> segments;                       ///< decoded; none for "/"
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  std::vector<std::string> taken = {};  ///< names of parameters that are read before the resource is asked
};

/// Bounds of what is taken apart, so that a short request cannot cost much.
inline constexpr std::size_t kTargetBytesMax = 4096;
inline constexpr std::size_t kSegmentsMax = 16;
inline constexpr std::size_t kQueryParametersMax = 32;

/// Parses origin form ("/v1/clusters?limit=5"). kInvalidArgument: no leading slash, too long, an empty or dot segment,
/// a bad percent escape, a control character, bytes that are no ASCII or decode to no UTF-8, a parameter given twice,
/// too many of either.
Result<Target> parse_target(std::string_view text);

/// The text with %XX decoded ('+' is a space in a query), which is UTF-8. kInvalidArgument for a bad escape, a control
/// character, a byte that is not ASCII and not escaped, or escapes that are no UTF-8.
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// The text with all but unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace esaas::api::http
