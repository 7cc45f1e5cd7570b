#include "core/model/version.h"

#include <array>
#include <charconv>

namespace esaas::model {
namespace {

constexpr std::uint32_t kAny = UINT32_MAX;

/// One step that Elasticsearch supports: from this major, at this minor or later, to that major.
struct Step {
  std::uint32_t from_major;
  std::uint32_t from_minor_least;
  std::uint32_t to_major;
  UpgradeKind kind;
};

constexpr std::array kSteps{
    Step{2, 0, 2, UpgradeKind::kRolling}, Step{2, 0, 5, UpgradeKind::kFullRestart},
    Step{5, 0, 5, UpgradeKind::kRolling}, Step{5, 6, 6, UpgradeKind::kRolling},
    Step{6, 0, 6, UpgradeKind::kRolling}, Step{6, 8, 7, UpgradeKind::kRolling},
    Step{7, 0, 7, UpgradeKind::kRolling},
};

/// The first minor of `major` from which a step leads to the next; kAny when none does.
std::uint32_t first_minor_to(const Version& from, std::uint32_t to_major) {
  for (const Step& step : kSteps) {
    if (step.from_major == from.major && step.to_major == to_major) return step.from_minor_least;
  }
  return kAny;
}

std::string ways_from(const Version& from) {
  std::string text;
  for (const Step& step : kSteps) {
    if (step.from_major != from.major) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(step.to_major) + ".x";
    if (step.from_minor_least > from.minor)
      text += " (from " + std::to_string(step.from_major) + "." + std::to_string(step.from_minor_least) + " on)";
  }
  return text.empty() ? "none" : text;
}

UpgradePath refused(std::string why, std::string rule) {
  return {.kind = UpgradeKind::kRefused, .why = std::move(why), .rule = std::move(rule)};
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  const char* at = text.data();
  const char* const end = at + text.size();
  std::uint32_t* const parts[] = {&version.major, &version.minor, &version.patch};
  for (std::uint32_t* part : parts) {
    if (part != parts[0] && (at == end || *at++ != '.')) return std::nullopt;
    const auto read = std::from_chars(at, end, *part);
    if (read.ec != std::errc()) return std::nullopt;
    at = read.ptr;
  }
  if (at != end) return std::nullopt;
  return version;
}

bool kibana_works_with(std::string_view kibana_text, std::string_view elasticsearch_text) {
  const auto kibana = parse_version(kibana_text);
  const auto elasticsearch = parse_version(elasticsearch_text);
  if (!kibana || !elasticsearch) return false;
  // Until 5.0 the two counted for themselves.
  constexpr std::uint32_t kFirstFor2 = 2;
  if (kibana->major == 4) {
    return kibana->minor >= kFirstFor2 && elasticsearch->major == 2 &&
           elasticsearch->minor >= kibana->minor - kFirstFor2;
  }
  return kibana->major >= 5 && elasticsearch->major == kibana->major && elasticsearch->minor >= kibana->minor;
}

UpgradePath upgrade_path(std::string_view from_text, std::string_view to_text) {
  const auto from = parse_version(from_text);
  const auto to = parse_version(to_text);
  const std::string both = std::string(from_text) + " to " + std::string(to_text);
  if (!from || !to) return refused("versions are three numbers: no way is known from " + both, "version_is_known");
  if (*to == *from) return refused("the cluster runs " + std::string(from_text) + " already", "changes_something");
  if (*to < *from) {
    return refused("an older version cannot read what a newer one has written: no way leads from " + both,
                   "no_downgrade");
  }
  const std::uint32_t least = first_minor_to(*from, to->major);
  if (least > from->minor) {
    return refused("Elasticsearch supports no upgrade from " + both + "; from there one leads to " + ways_from(*from),
                   "supported_upgrade");
  }
  for (const Step& step : kSteps) {
    if (step.from_major != from->major || step.to_major != to->major) continue;
    if (step.kind == UpgradeKind::kFullRestart) {
      return {.kind = step.kind, .why = "nodes of " + both + " do not work together", .rule = {}};
    }
    return {.kind = step.kind, .why = "nodes of both versions work together", .rule = {}};
  }
  return refused("no way is known from " + both, "supported_upgrade");
}

}  // namespace esaas::model
