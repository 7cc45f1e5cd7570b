#pragma once
// Text from outside, made safe to keep. Pure, thread-safe.

#include <string>
#include <string_view>

namespace esaas {

/// True for well-formed UTF-8 (no overlong forms, no surrogates, nothing beyond U+10FFFF).
bool is_valid_utf8(std::string_view text);

/// `text` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace esaas
