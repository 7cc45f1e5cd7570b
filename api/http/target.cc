#include "api/http/target.h"

#include <algorithm>

#include "core/base/text.h"

namespace esaas::api::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Result<void> parse_path(std::string_view path, Target& target) {
  if (path == "/") return {};
  for (std::size_t begin = 1; begin <= path.size();) {
    const auto end = std::min(path.find('/', begin), path.size());
    ESAAS_TRY(auto segment, percent_decode(path.substr(begin, end - begin), false));
    if (segment.empty() || segment == "." || segment == "..") {
      return fail(ErrorCode::kInvalidArgument, "the path has an empty or dot segment", "path");
    }
    if (target.segments.size() == kSegmentsMax) {
      return fail(ErrorCode::kInvalidArgument, "the path has too many segments", "path");
    }
    target.segments.push_back(std::move(segment));
    begin = end + 1;
  }
  return {};
}

Result<void> parse_query(std::string_view query, Target& target) {
  for (std::size_t begin = 0; begin < query.size();) {
    const auto end = std::min(query.find('&', begin), query.size());
    const auto part = query.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    ESAAS_TRY(auto name, percent_decode(part.substr(0, equals), true));
    ESAAS_TRY(auto value, percent_decode(part.substr(std::min(equals + 1, part.size())), true));
    if (std::ranges::find(target.query, name, [](const auto& p) { return p.first; }) != target.query.end()) {
      return fail(ErrorCode::kInvalidArgument, "the query parameter is given twice", name);
    }
    if (target.query.size() == kQueryParametersMax) {
      return fail(ErrorCode::kInvalidArgument, "the query has too many parameters", "query");
    }
    target.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (!is_ascii(c)) {
      return fail(ErrorCode::kInvalidArgument, "the URL has a byte that is not ASCII: write it as %XX", "url", "ascii");
    }
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(ErrorCode::kInvalidArgument, "the URL has a bad percent escape", "url");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (is_control(c)) {
      return fail(ErrorCode::kInvalidArgument, "the URL has a control character", "url");
    }
    out += c;
  }
  if (!is_valid_utf8(out)) {
    return fail(ErrorCode::kInvalidArgument, "the URL has percent escapes that are not UTF-8", "url", "utf8");
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

Result<Target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return fail(ErrorCode::kInvalidArgument, "the request target does not begin with a slash", "url");
  }
  if (text.size() > kTargetBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "the URL is longer than 4096 bytes", "url");
  }
  Target target;
  const auto path_end = std::min(text.find('?'), text.size());
  target.path = text.substr(0, path_end);
  ESAAS_CHECK(parse_path(target.path, target));
  if (path_end < text.size()) ESAAS_CHECK(parse_query(text.substr(path_end + 1), target));
  return target;
}

}  // namespace esaas::api::http
