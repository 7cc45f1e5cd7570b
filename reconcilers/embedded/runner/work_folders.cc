#include "reconcilers/embedded/runner/work_folders.h"

#include <charconv>

namespace esaas::embedded {

std::string escape_component(std::string_view name) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char each = name[at];
    const bool plain = (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z') || (each >= '0' && each <= '9') ||
                       each == '-' || each == '_' || (each == '.' && at > 0);
    if (plain) {
      escaped += each;
      continue;
    }
    const auto byte = static_cast<unsigned char>(each);
    escaped += '%';
    escaped += kDigits[byte >> 4U];
    escaped += kDigits[byte & 15U];
  }
  return escaped.empty() ? "%" : escaped;
}

std::string unescape_component(std::string_view component) {
  std::string name;
  for (std::size_t at = 0; at < component.size(); ++at) {
    unsigned byte = 0;
    const bool escaped =
        component[at] == '%' && at + 2 < component.size() &&
        std::from_chars(component.data() + at + 1, component.data() + at + 3, byte, 16).ec == std::errc();
    if (escaped) {
      name += static_cast<char>(byte);
      at += 2;
    } else if (component[at] != '%') {
      name += component[at];
    }
  }
  return name;
}

std::filesystem::path volume_folder(const std::filesystem::path& volumes, std::string_view role, std::string_view id) {
  return volumes / escape_component(role) / escape_component(id);
}

}  // namespace esaas::embedded
