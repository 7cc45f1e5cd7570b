#pragma once
// Versions of Elasticsearch, and which may follow which. Pure.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace esaas::model {

struct Version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;

  friend auto operator<=>(const Version&, const Version&) = default;
};

/// "2.3.3"; nothing for anything else (a suffix, a missing part).
std::optional<Version> parse_version(std::string_view text);

enum class UpgradeKind : std::uint8_t {
  kRolling,      ///< nodes of both versions work together: one is replaced after the other
  kFullRestart,  ///< they do not: none of the new version starts before all of the old one have stopped
  kRefused,
};

struct UpgradePath {
  UpgradeKind kind = UpgradeKind::kRefused;
  std::string why;   ///< a sentence: why so, or why not
  std::string rule;  ///< of a refusal
};

/// Kibana of this version works with Elasticsearch of that one, as Elastic says: of the same major version and no older
/// minor one; Kibana 4.2 to 4.6 with 2.0 to 2.4, one by one, or a later minor version. False for what is no version.
bool kibana_works_with(std::string_view kibana, std::string_view elasticsearch);

/// How a cluster gets from one version to another, as Elasticsearch supports it. Never a way back.
UpgradePath upgrade_path(std::string_view from, std::string_view to);

}  // namespace esaas::model
