#include "api/config/toml_text.h"

#include <algorithm>
#include <charconv>

#include "core/base/text.h"

namespace esaas::api::config {
namespace {

/// What stands before the two hexadecimal digits of a masked byte. Letters that are as good in a bare key as in a
/// string.
constexpr std::string_view kMark = "-u8-";

std::string mask(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string masked;
  masked.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80 && !text.substr(i).starts_with(kMark)) {
      masked += text[i];
    } else {
      masked += kMark;
      masked += kDigits[byte / 16];
      masked += kDigits[byte % 16];
    }
  }
  return masked;
}

/// 0 when all of it is UTF-8.
std::uint32_t line_that_is_not_utf8(std::string_view text) {
  for (std::uint32_t line = 1;; ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    if (!is_valid_utf8(text.substr(0, end))) return line;
    if (end == text.size()) return 0;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string unmask(std::string_view masked) {
  std::string text;
  text.reserve(masked.size());
  while (!masked.empty()) {
    unsigned char byte = 0;
    if (masked.starts_with(kMark) && masked.size() >= kMark.size() + 2) {
      const char* digits = masked.data() + kMark.size();
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
        text += static_cast<char>(byte);
        masked.remove_prefix(kMark.size() + 2);
        continue;
      }
    }
    text += masked.front();
    masked.remove_prefix(1);
  }
  return text;
}

std::expected<toml::table, Mistake> parse_masked(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (const std::uint32_t line = line_that_is_not_utf8(text); line != 0) {
    return std::unexpected(Mistake{line, "", "is not UTF-8"});
  }
  auto parsed = toml::parse(mask(text));
  if (parsed) return std::move(parsed).table();
  const auto& error = parsed.error();
  return std::unexpected(Mistake{static_cast<std::uint32_t>(error.source().begin.line), "",
                                 "is not TOML: " + unmask(error.description())});
}

}  // namespace esaas::api::config
