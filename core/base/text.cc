#include "core/base/text.h"

#include <algorithm>
#include <cstddef>

namespace esaas {
namespace {

bool is_between(char c, unsigned least, unsigned most) {
  const auto value = static_cast<unsigned char>(c);
  return value >= least && value <= most;
}

/// The range of the second byte is what keeps overlong forms, surrogates and too large values out (Unicode, table 3-7).
struct Form {
  unsigned first_least, first_most;
  std::size_t size;
  unsigned second_least, second_most;
};
constexpr Form kForms[] = {
    {0x00, 0x7F, 1, 0, 0},       {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF}, {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF}, {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

/// Bytes of the well-formed character at the front of `text`, which is not empty; 0 when there is none.
std::size_t character_size(std::string_view text) {
  const auto* form = std::ranges::find_if(
      kForms, [&](const Form& one) { return is_between(text.front(), one.first_least, one.first_most); });
  if (form == std::end(kForms) || text.size() < form->size) return 0;
  if (form->size > 1 && !is_between(text[1], form->second_least, form->second_most)) return 0;
  for (std::size_t i = 2; i < form->size; ++i) {
    if (!is_between(text[i], 0x80, 0xBF)) return 0;
  }
  return form->size;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    valid.append(size == 0 ? "\xEF\xBF\xBD" : text.substr(0, size));
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return valid;
}

}  // namespace esaas
