#pragma once
// Reading the configuration: every mistake of the file at once, each with its line.

#include <expected>
#include <filesystem>
#include <optional>
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

/// Secrets that may come by the environment instead of a file. One that is set and empty counts as not set.
struct Environment {
  std::optional<std::string> mesos_principal;     ///< ESAAS_MESOS_PRINCIPAL
  std::optional<std::string> mesos_secret;        ///< ESAAS_MESOS_SECRET
  std::optional<std::string> zookeeper_password;  ///< ESAAS_ZOOKEEPER_PASSWORD
};

/// Of this process. Not while another thread changes it.
Environment read_environment();

/// Parses and validates, also against the environment: a secret that is given by both is refused, since nobody could
/// tell which one is meant. Relative paths are taken from `directory`. Mistakes are in the order of their lines.
std::expected<Config, std::vector<Mistake>> parse(std::string_view text, const std::filesystem::path& directory,
                                                  const Environment& environment = {});

/// Reads the file, then as above.
std::expected<Config, std::vector<Mistake>> load(const std::filesystem::path& file,
                                                 const Environment& environment = {});

}  // namespace esaas::api::config
