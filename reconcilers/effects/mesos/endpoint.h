#pragma once
// Where a master listens, as configuration and redirects name it. Values only; no name is resolved
// here.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace esaas::mesos {

struct Endpoint {
  std::string host;  ///< a name or an address; an IPv6 address without its brackets
  std::uint16_t port = 0;

  /// `host:port`, with brackets where the host is an IPv6 address.
  std::string to_string() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "host:port". kInvalidArgument says what is wrong with the text.
Result<Endpoint> parse_endpoint(std::string_view text);

/// "host:port,host:port": at least one, none twice, tried in this order.
Result<std::vector<Endpoint>> parse_endpoints(std::string_view text);

/// The target of a redirect. Masters write `//host:port/path` (relative to the scheme); absolute
/// http and https URLs are taken too. A location without a host, or with another scheme than the
/// request used, is refused: following it would either loop or leave TLS.
Result<Endpoint> parse_redirect(std::string_view location, bool tls);

}  // namespace esaas::mesos
