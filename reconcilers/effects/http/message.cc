#include "reconcilers/effects/http/message.h"

#include <algorithm>

namespace esaas::http_client {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

bool is_line(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool has_length(const Request& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT";
}

}  // namespace

std::string Peer::to_string() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string_view Head::header(std::string_view name) const {
  const auto found = std::ranges::find_if(
      headers, [&](const auto& each) { return std::ranges::equal(each.first, name, {}, lower, lower); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::expected<std::string, std::string> to_bytes(const Request& request, const Peer& to) {
  if (!is_word(request.method) || !is_word(request.target)) {
    return std::unexpected("\"" + request.method + " " + request.target + "\" is no request");
  }
  if (!is_word(to.host)) return std::unexpected("\"" + to.host + "\" is no host");
  std::string bytes =
      request.method + " " + request.target + " HTTP/1.1\r\nHost: " + to.to_string() + "\r\nUser-Agent: esaas\r\n";
  for (const auto& [name, value] : request.headers) {
    // The value may be a secret.
    if (!is_word(name) || !is_line(value)) return std::unexpected("the header " + name + " is more than one line");
    bytes += name + ": " + value + "\r\n";
  }
  if (has_length(request)) bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return bytes + "\r\n" + request.body;
}

}  // namespace esaas::http_client
