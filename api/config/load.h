#pragma once
// Reading the configuration: every mistake of the file at once, each with its line.

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "api/config/config.h"

namespace esaas::api::config {

struct Mistake {
  std::uint32_t line = 0;  ///< 0: of the file as a whole
  std::string key;         ///< "http.port"; empty for the file as a whole
  std::string detail;

  friend bool operator==(const Mistake&, const Mistake&) = default;
};

/// "esaas.toml:12: http.port: ..."; one line per mistake.
std::string to_text(const std::vector<Mistake>& mistakes, std::string_view file);

/// Parses and validates. Relative paths are taken from `directory`. Mistakes are in the order of their lines.
std::expected<Config, std::vector<Mistake>> parse(std::string_view text, const std::filesystem::path& directory);

/// Reads the file, then as above.
std::expected<Config, std::vector<Mistake>> load(const std::filesystem::path& file);

}  // namespace esaas::api::config
