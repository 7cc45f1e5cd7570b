#include "reconcilers/effects/elasticsearch/launch.h"

#include <algorithm>

#include "reconcilers/effects/elasticsearch/launch_dialect.h"

namespace esaas::es {
namespace {

constexpr std::uint32_t kHeapMibMin = 64;
constexpr std::uint32_t kHeapMibMax = 31 * 1024;
/// A node flushes and closes its shards within seconds; a large one is given time.
constexpr std::uint32_t kKillGraceMs = 60'000;

/// The name that a fetched archive gets when it is checked before it is unpacked.
constexpr std::string_view kArchive = "elasticsearch.tar.gz";

/// Literal for the shell whatever it holds: names and addresses come from outside.
std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'') {
      text += "'\\''";
    } else {
      text += c;
    }
  }
  return text + '\'';
}

std::string option(std::string_view prefix, std::string_view key, std::string_view value) {
  std::string text = " " + std::string(prefix) + std::string(key) + "=";
  for (const std::string_view variable : {kSandbox, kVolume}) {
    if (!value.starts_with(variable)) continue;
    text += "\"" + std::string(variable) + "\"";
    value.remove_prefix(variable.size());
    if (value.empty()) return text;
  }
  return text + quoted(value);
}

/// The agent unpacks by itself unless the archive is to be checked first.
std::string unpack(const Artifact& artifact) {
  if (artifact.sha256.empty()) return {};
  return "echo " + quoted(artifact.sha256 + "  " + std::string(kArchive)) + " | sha256sum --check --quiet - && " +
         "tar --extract --gzip --no-same-owner --file " + std::string(kArchive) + " && ";
}

const LaunchDialect* dialect_of(std::string_view version) {
  return version.starts_with("2.") ? &launch_dialect_v2() : nullptr;
}

}  // namespace

std::uint32_t heap_mib(const model::Resources& resources) {
  return std::clamp(resources.mem_mib() / 2, kHeapMibMin, kHeapMibMax);
}

NodeSettings LaunchDialect::common_settings(const LaunchInput& input) {
  return {{"cluster.name", input.cluster},          {"node.name", input.node},
          {"network.host", input.place.hostname()}, {"http.port", std::to_string(input.place.http_port())},
          {"path.data", std::string(kVolume)},      {"path.logs", std::string(kSandbox) + "/logs"}};
}

NodeSettings LaunchDialect::awareness_settings(const LaunchInput& input, std::string_view zone_attribute) {
  if (input.place.zone().empty()) return {};
  NodeSettings settings{{std::string(zone_attribute), input.place.zone()}};
  if (input.zone_aware) settings.emplace_back("cluster.routing.allocation.awareness.attributes", "zone");
  return settings;
}

model::LaunchSpec LaunchDialect::render(const LaunchInput& input, const Artifact& artifact) const {
  const std::string home = artifact.directory.empty() ? "elasticsearch-" + input.version : artifact.directory;
  model::LaunchSpec spec;
  std::string& command = *spec.mutable_command();
  // The agent may link the volume, and an unpacked archive that tasks share, into the sandbox. The Java security
  // manager goes by real paths, so the node is told those.
  command = unpack(artifact) + (input.place.transient() ? "mkdir -p data && " : "") +
            "volume=$(readlink -f data) && home=$(readlink -f " + quoted(home) + ") && " + prepare(input, "\"$home\"") +
            "exec \"$home\"/bin/elasticsearch";
  for (const auto& [key, value] : settings(input, artifact)) {
    command += option(option_prefix(), key, value);
  }
  for (const auto& [name, value] : environment(input, artifact)) {
    model::EnvironmentVariable& variable = *spec.add_environment();
    variable.set_name(name);
    variable.set_value(value);
  }
  model::LaunchUri& uri = *spec.add_uris();
  uri.set_uri(artifact.uri);
  uri.set_extract(artifact.sha256.empty());
  if (!artifact.sha256.empty()) uri.set_output_file(std::string(kArchive));
  uri.set_cache(true);
  spec.set_kill_grace_ms(kKillGraceMs);
  return spec;
}

Result<model::LaunchSpec> render_launch(const LaunchInput& input, const Catalogue& catalogue) {
  const Artifact* artifact = catalogue.find(input.version);
  if (artifact == nullptr) {
    return fail(ErrorCode::kNotFound, "The artifact catalogue has no Elasticsearch " + input.version + ".");
  }
  const LaunchDialect* dialect = dialect_of(input.version);
  if (dialect == nullptr) {
    return fail(ErrorCode::kUnsupportedVersion, "How to start Elasticsearch " + input.version + " is not known here.");
  }
  return dialect->render(input, *artifact);
}

}  // namespace esaas::es
