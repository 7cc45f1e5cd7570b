#pragma once
// WebUrl: an http or https URL taken apart. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::model {

struct WebUrl {
  bool tls = false;
  std::string host;  ///< an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string target;  ///< path and query; at least "/"
};

/// kInvalidArgument with a sentence: not http or https, no host, a bad port, a user or password (which a URL that is
/// logged must not hold), a fragment, or a character that no URL has.
Result<WebUrl> parse_web_url(std::string_view text);

}  // namespace esaas::model
