#include "reconcilers/effects/mesos/endpoint.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace esaas::mesos {
namespace {

std::unexpected<Error> wrong(std::string_view text, std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("master address \"{}\": {}", text, what));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_host_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '.' ||
         byte == '-' || byte == '_';
}

bool is_address_byte(char byte) { return is_host_byte(byte) || byte == ':' || byte == '%'; }

}  // namespace

std::string Endpoint::to_string() const {
  const bool bare_ipv6 = host.find(':') != std::string::npos;
  return bare_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<Endpoint> parse_endpoint(std::string_view text) {
  std::string_view host;
  std::string_view rest;
  bool bracketed = false;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return wrong(text, "no ] after the IPv6 address");
    host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    bracketed = true;
  } else {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return wrong(text, "no port (host:port)");
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (host.empty()) return wrong(text, "no host");
  if (bracketed && host.find(':') == std::string_view::npos) return wrong(text, "no IPv6 address in the brackets");
  if (!std::ranges::all_of(host, bracketed ? is_address_byte : is_host_byte)) {
    return wrong(text, "the host has a character that does not belong in one");
  }
  if (!rest.starts_with(':')) return wrong(text, "no port (host:port)");
  rest.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (error != std::errc{} || end != rest.data() + rest.size() || port == 0) {
    return wrong(text, "the port is not a number from 1 to 65535");
  }
  return Endpoint{std::string(host), port};
}

Result<std::vector<Endpoint>> parse_endpoints(std::string_view text) {
  std::vector<Endpoint> endpoints;
  while (true) {
    const auto comma = text.find(',');
    ESAAS_TRY(Endpoint endpoint, parse_endpoint(trimmed(text.substr(0, comma))));
    if (std::ranges::find(endpoints, endpoint) != endpoints.end()) {
      return wrong(endpoint.to_string(), "named twice");
    }
    endpoints.push_back(std::move(endpoint));
    if (comma == std::string_view::npos) return endpoints;
    text.remove_prefix(comma + 1);
  }
}

Result<Endpoint> parse_redirect(std::string_view location, bool tls) {
  const std::string_view scheme = tls ? "https:" : "http:";
  std::string_view rest = location;
  if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  if (!rest.starts_with("//")) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("redirect to \"{}\": expected {}//host:port or //host:port", location, scheme));
  }
  rest.remove_prefix(2);
  return parse_endpoint(rest.substr(0, rest.find_first_of("/?#")));
}

}  // namespace esaas::mesos
