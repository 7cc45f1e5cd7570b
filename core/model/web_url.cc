#include "core/model/web_url.h"

#include <algorithm>
#include <charconv>

namespace esaas::model {
namespace {

std::unexpected<Error> wrong(std::string detail) { return fail(ErrorCode::kInvalidArgument, std::move(detail)); }

/// "host", "host:port", "[address]:port".
Result<void> read_authority(std::string_view authority, WebUrl& url) {
  if (authority.contains('@')) return wrong("may hold no user and password: it is shown and logged");
  std::string_view rest = authority;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return wrong("a bracket is not closed");
    url.host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else {
    url.host = authority.substr(0, authority.find(':'));
    rest = authority.substr(url.host.size());
  }
  if (url.host.empty()) return wrong("has no host");
  if (rest.empty()) return {};
  if (rest.front() != ':') return wrong("has something else than a port after the host");
  rest.remove_prefix(1);
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), url.port);
  if (parsed.ec != std::errc{} || parsed.ptr != rest.data() + rest.size() || url.port == 0) {
    return wrong("has no port between 1 and 65535 after the host");
  }
  return {};
}

}  // namespace

Result<WebUrl> parse_web_url(std::string_view text) {
  WebUrl url;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    url.tls = true;
  } else {
    return wrong("begins neither with http:// nor with https://");
  }
  if (!std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '<' && c != '>'; })) {
    return wrong("holds a character that has to be percent-encoded");
  }
  if (rest.contains('#')) return wrong("may have no fragment");
  url.port = url.tls ? 443 : 80;
  const auto slash = std::min(rest.find_first_of("/?"), rest.size());
  ESAAS_CHECK(read_authority(rest.substr(0, slash), url));
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

}  // namespace esaas::model
