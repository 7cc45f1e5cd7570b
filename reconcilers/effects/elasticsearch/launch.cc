#include "reconcilers/effects/elasticsearch/launch.h"

#include <algorithm>

#include "reconcilers/effects/elasticsearch/launch_dialect.h"

namespace esaas::es {
namespace {

constexpr std::uint32_t kHeapMibMin = 64;
constexpr std::uint32_t kHeapMibMax = 31 * 1024;

bool is_zip(const Artifact& artifact) { return artifact.uri.ends_with(".zip"); }

/// The name that a fetched archive gets when it is checked before it is unpacked.
std::string archive_name(const Artifact& artifact) {
  return is_zip(artifact) ? "elasticsearch.zip" : "elasticsearch.tar.gz";
}

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
  const std::string archive = archive_name(artifact);
  return "echo " + quoted(artifact.sha256 + "  " + archive) + " | sha256sum --check --quiet - && " +
         (is_zip(artifact) ? "unzip -q -o " + archive : "tar --extract --gzip --no-same-owner --file " + archive) +
         " && ";
}

const LaunchDialect* dialect_of(std::string_view version) {
  if (version.starts_with("2.")) return &launch_dialect_v2();
  if (version.starts_with("5.")) return &launch_dialect_v5();
  if (version.starts_with("6.")) return &launch_dialect_v6();
  if (version.starts_with("7.")) return &launch_dialect_v7();
  return nullptr;
}

/// One plugin and where its archive is.
struct PluginSource {
  std::string name;
  std::string uri;  ///< empty: the tool knows one of this name
  std::string sha256;
  /// A checked archive is fetched by the agent under this name. What is not checked is left to the tool, whose words
  /// then say what is wrong with the address.
  std::string file;
};

bool is_plain(std::string_view text, std::string_view besides) {
  return std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || besides.contains(c);
  });
}

/// kInvalidArgument: the tool of 2.x gives its arguments to the shell once more.
Result<std::vector<PluginSource>> plugin_sources(const LaunchInput& input, const Artifact& artifact) {
  std::vector<PluginSource> sources;
  for (const model::Plugin& plugin : input.plugins) {
    PluginSource source{plugin.name(), plugin.uri(), plugin.sha256(), {}};
    if (const auto known = artifact.plugins.find(plugin.name());
        source.uri.empty() && known != artifact.plugins.end()) {
      source.uri = known->second.uri;
      source.sha256 = known->second.sha256;
    }
    if (source.name.empty() || !is_plain(source.name, "._-") || !is_plain(source.uri, "._-~:/?#@!&=+,%") ||
        !is_plain(source.sha256, "")) {
      return fail(ErrorCode::kInvalidArgument,
                  "Plugin \"" + source.name + "\" has a name or address of odd characters.");
    }
    if (source.uri.empty()) source.sha256.clear();
    if (source.uri.starts_with('/')) source.uri.insert(0, "file://");
    if (!source.sha256.empty()) source.file = "plugin-" + std::to_string(sources.size()) + ".zip";
    sources.push_back(std::move(source));
  }
  return sources;
}

/// A shell function `plugin NAME SOURCE SHA256` that installs one, and never fails: what went wrong first becomes an
/// attribute of the node. An archive that holds another plugin than it should is not kept.
constexpr std::string_view kInstallPlugin =
    R"(failed= && plugin() { before=$(echo @FOLDER@/*); )"
    R"(words='ERROR: The archive does not have the SHA-256 that it should have.'; )"
    R"(if [ -z "$3" ] || echo "$3  $2" | sha256sum --check --status -; then )"
    R"(words=$(timeout 300 @TOOL@ "${3:+file://$PWD/}$2" 2>&1 </dev/null) && [ -d @FOLDER@/"$1" ] && return 0; fi; )"
    R"(for other in @FOLDER@/*; do if [ -d "$other" ]; then case " $before " in *" $other "*) ;; )"
    R"(*) rm -rf "$other" && words="ERROR: The archive holds plugin ${other##*/}.";; esac; fi; done; )"
    R"(echo "Plugin $1 is not installed: $words" >&2; [ -z "$failed" ] || return 0; failed=yes; )"
    R"(line=$(printf '%s\n' "$words" | grep -m 1 -E '^ERROR|Exception' || printf '%s\n' "$words" | tail -n 1); )"
    R"(line=$(printf '%s' "$line" | tr -c 'A-Za-z0-9 ._:/()[]-' ' ' | tr -s ' ' | cut -c 1-200); )"
    R"(echo "@ATTRIBUTE@: \"$1: $line\"" >> conf/elasticsearch.yml; } && )";

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// The group's own settings win over ours. Elasticsearch 5 and later take no setting twice.
void drop_overridden(NodeSettings& settings, const std::vector<model::Setting>& by) {
  std::erase_if(settings, [&](const auto& own) {
    return std::ranges::any_of(by, [&](const model::Setting& one) { return one.key() == own.first; });
  });
}

}  // namespace

std::uint32_t heap_mib(const model::Resources& resources) {
  return std::clamp(resources.mem_mib() / 2, kHeapMibMin, kHeapMibMax);
}

NodeSettings LaunchDialect::common_settings(const LaunchInput& input, const Artifact& artifact) {
  NodeSettings settings{
      {"cluster.name", input.cluster},          {"node.name", input.node},
      {"network.host", input.place.hostname()}, {"http.port", std::to_string(input.place.http_port())},
      {"path.data", std::string(kVolume)},      {"path.logs", std::string(kSandbox) + "/logs"}};
  // Elasticsearch takes no repository outside of it: what other tenants have kept there is none of its business.
  if (!artifact.repository_root.empty()) {
    settings.emplace_back("path.repo", artifact.repository_root + "/" + input.tenant);
  }
  return settings;
}

std::string_view LaunchDialect::flag(bool value) { return value ? "true" : "false"; }

NodeSettings LaunchDialect::awareness_settings(const LaunchInput& input) const {
  if (input.place.zone().empty()) return {};
  NodeSettings settings{{std::string(attribute_prefix()) + "zone", input.place.zone()}};
  if (input.zone_aware) settings.emplace_back("cluster.routing.allocation.awareness.attributes", "zone");
  return settings;
}

Result<model::LaunchSpec> LaunchDialect::render(const LaunchInput& input, const Artifact& artifact) const {
  const std::string home = artifact.directory.empty() ? "elasticsearch-" + input.version : artifact.directory;
  ESAAS_TRY(const std::vector<PluginSource> plugins, plugin_sources(input, artifact));
  model::LaunchSpec spec;
  std::string& command = *spec.mutable_command();
  // The agent may link the volume, and an unpacked archive that tasks share, into the sandbox. The Java security
  // manager goes by real paths, so the node is told those.
  if (refuses_root()) {
    command = "if [ \"$(id -u)\" = 0 ]; then echo " +
              quoted("Elasticsearch " + input.version + " never runs as root: set task_user to another user.") +
              " >&2; exit 1; fi && ";
  }
  command += unpack(artifact) + (input.place.transient() ? "mkdir -p data && " : "") +
             "volume=$(readlink -f data) && home=$(readlink -f " + quoted(home) + ") && " + prepare(input, artifact);
  if (!plugins.empty()) {
    std::string function = replaced(std::string(kInstallPlugin), "@FOLDER@", plugin_folder());
    function = replaced(function, "@TOOL@", plugin_tool());
    command += replaced(function, "@ATTRIBUTE@", std::string(attribute_prefix()) + kPluginFailure);
  }
  for (const PluginSource& plugin : plugins) {
    const std::string& from = !plugin.file.empty() ? plugin.file : plugin.uri.empty() ? plugin.name : plugin.uri;
    command += "plugin " + quoted(plugin.name) + " " + quoted(from) + " " + quoted(plugin.sha256) + " && ";
  }
  command += before_start();
  command += "exec \"$home\"/bin/elasticsearch";
  NodeSettings own = settings(input, artifact);
  drop_overridden(own, input.settings);
  for (const model::Setting& setting : input.settings) {
    command += " " + std::string(option_prefix()) + quoted(setting.key() + "=" + setting.value());
  }
  for (const auto& [key, value] : own) command += option(option_prefix(), key, value);
  for (const auto& [name, value] : environment(input, artifact)) {
    model::EnvironmentVariable& variable = *spec.add_environment();
    variable.set_name(name);
    variable.set_value(value);
  }
  model::LaunchUri& uri = *spec.add_uris();
  uri.set_uri(artifact.uri);
  uri.set_extract(artifact.sha256.empty());
  if (!artifact.sha256.empty()) uri.set_output_file(archive_name(artifact));
  uri.set_cache(true);
  for (const PluginSource& plugin : plugins) {
    if (plugin.file.empty()) continue;
    model::LaunchUri& archive = *spec.add_uris();
    archive.set_uri(plugin.uri);
    archive.set_output_file(plugin.file);
    archive.set_cache(true);
  }
  spec.set_kill_grace_ms(kill_grace_ms());
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
