#include "reconcilers/effects/kibana/launch.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/version.h"

namespace esaas::kibana {
namespace {

constexpr std::uint32_t kKillGraceMs = 10'000;
/// Below this the first start, which bundles the pages, does not get through.
constexpr std::uint32_t kHeapMibMin = 256;
constexpr std::string_view kArchive = "kibana.tar.gz";

std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + '\'';
}

/// A string of YAML, and of JSON.
std::string in_quotes(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string settings(const LaunchInput& input) {
  return fmt::format(
      "server.host: {}\nserver.port: {}\nserver.basePath: {}\nelasticsearch.url: {}\npath.data: \"data\"\n"
      "logging.quiet: true\n",
      in_quotes(input.place.hostname()), input.place.http_port(), in_quotes(input.base_path),
      in_quotes("http://" + input.elasticsearch_address));
}

std::string unpack(const Artifact& artifact) {
  if (artifact.sha256.empty()) return {};
  return "echo " + quoted(artifact.sha256 + "  " + std::string(kArchive)) + " | sha256sum --check --quiet -\n" +
         "tar --extract --gzip --no-same-owner --file " + std::string(kArchive) + "\n";
}

}  // namespace

const Artifact* choose(const Catalogue& catalogue, const std::string& version, const std::string& cluster_version) {
  if (!version.empty()) return catalogue.find(version);
  const auto found = std::ranges::find_if(
      catalogue.artifacts, [&](const auto& entry) { return entry.second.elasticsearch == cluster_version; });
  return found == catalogue.artifacts.end() ? nullptr : &found->second;
}

Result<model::LaunchSpec> render_launch(const LaunchInput& input, const Catalogue& catalogue) {
  const Artifact* artifact = choose(catalogue, input.version, input.cluster_version);
  if (artifact == nullptr) {
    return fail(ErrorCode::kNotFound,
                input.version.empty()
                    ? "The configuration names no Kibana for Elasticsearch " + input.cluster_version + "."
                    : "The configuration names no Kibana " + input.version + ".");
  }
  if (!model::kibana_works_with(artifact->version, input.cluster_version)) {
    return fail(ErrorCode::kConflict,
                "Kibana " + artifact->version + " does not work with Elasticsearch " + input.cluster_version + ".");
  }
  const std::string home = artifact->directory.empty() ? "kibana-" + artifact->version : artifact->directory;
  model::LaunchSpec spec;
  std::string& command = *spec.mutable_command();
  // An unpacked archive may be shared by tasks, and Kibana writes its bundles into it: each has a copy.
  command = "set -e\n" + unpack(*artifact) + "mkdir -p data\n" + fmt::format("home=$(readlink -f {})\n", quoted(home)) +
            "if [ ! -w \"$home\" ]; then cp -r \"$home\" own && chmod -R u+w own && home=\"$PWD/own\"; fi\n" +
            fmt::format("cat > kibana.yml <<'END_OF_FILE'\n{}END_OF_FILE\n", settings(input));
  const std::uint32_t heap = std::max(input.resources.mem_mib() * 3 / 4, kHeapMibMin);
  if (artifact->node.empty()) {
    command += fmt::format("NODE_OPTIONS=--max-old-space-size={}\nexport NODE_OPTIONS\n", heap) +
               "exec \"$home\"/bin/kibana --config \"$PWD/kibana.yml\"\n";
  } else {
    const bool is_within = !artifact->node.starts_with('/');
    const std::string node = is_within ? "\"$home\"/" + quoted(artifact->node) : quoted(artifact->node);
    command += fmt::format(
        "exec {} --max-old-space-size={} --no-warnings \"$home\"/src/cli --config \"$PWD/kibana.yml\"\n", node, heap);
  }
  model::LaunchUri& uri = *spec.add_uris();
  uri.set_uri(artifact->uri);
  uri.set_extract(artifact->sha256.empty());
  if (!artifact->sha256.empty()) uri.set_output_file(std::string(kArchive));
  uri.set_cache(true);
  spec.set_kill_grace_ms(kKillGraceMs);
  return spec;
}

}  // namespace esaas::kibana
