#pragma once
// The artifact catalogue: which versions of Elasticsearch can be launched, and from where. A plain
// value that is filled from the configuration at start and not changed afterwards.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace esaas::es {

/// How the Java virtual machine is tuned.
enum class Profile : unsigned char {
  kProduction,  ///< the version's own choices
  kSmall,       ///< many small nodes on one machine: serial collector, quick compiler only, short
                ///< discovery pings
};

/// Where a plugin for one version of Elasticsearch comes from.
struct PluginArtifact {
  std::string uri;     ///< of the archive (zip)
  std::string sha256;  ///< of the archive, 64 hexadecimal digits; empty: not checked
};

/// Where one version comes from and what it needs.
struct Artifact {
  std::string uri;        ///< of the archive (tar.gz or zip) that the agent fetches and unpacks into the sandbox
  std::string sha256;     ///< of the archive, 64 hexadecimal digits; empty: not checked
  std::string directory;  ///< the folder that unpacking makes; empty: "elasticsearch-" and the version
  std::string java_home;  ///< on the agents; empty: their own JAVA_HOME or PATH decides
  Profile profile = Profile::kProduction;
  /// Lets 2.x run when the agent starts tasks as root. Elasticsearch refuses that by itself, and it
  /// is right: only for a machine that is thrown away afterwards. Later versions never allow it.
  bool allow_root = false;
  std::map<std::string, PluginArtifact, std::less<>> plugins;  ///< by name
  /// The folder that all nodes share and may write to. Below it each tenant has one of its own name, and in that its
  /// snapshot repositories (`path.repo`). Empty: there is none.
  std::string repository_root;
};

struct Catalogue {
  std::map<std::string, Artifact, std::less<>> artifacts;  ///< by version

  /// The artifact of this version, or null.
  [[nodiscard]] const Artifact* find(std::string_view version) const;
  /// The versions, for `decide`.
  [[nodiscard]] std::set<std::string> versions() const;
  /// Versions with the plugins that it has for them, for `decide`.
  [[nodiscard]] std::set<std::pair<std::string, std::string>> plugins() const;
};

}  // namespace esaas::es
