#pragma once
// Which versions of Kibana can be started, and from where. A plain value, filled from the configuration.

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace esaas::kibana {

/// One version.
struct Artifact {
  std::string version = {};
  std::string uri = {};        ///< of the archive (tar.gz) that the agent fetches
  std::string sha256 = {};     ///< of the archive, 64 hexadecimal digits; empty: not checked
  std::string directory = {};  ///< the folder that unpacking makes; empty: "kibana-" and the version
  std::string node =
      {};  ///< the Node.js program: a path on the agents, or within the folder; empty: bin/kibana finds it
  std::string elasticsearch = {};  ///< the version of Elasticsearch that it is the default for; empty: none
};

struct Catalogue {
  std::map<std::string, Artifact, std::less<>> artifacts;  ///< by version

  [[nodiscard]] const Artifact* find(std::string_view version) const {
    const auto found = artifacts.find(version);
    return found == artifacts.end() ? nullptr : &found->second;
  }

  /// Each version with the version of Elasticsearch that it is the default for; empty: none.
  [[nodiscard]] std::map<std::string, std::string, std::less<>> defaults() const {
    std::map<std::string, std::string, std::less<>> defaults;
    for (const auto& [version, artifact] : artifacts) defaults.emplace(version, artifact.elasticsearch);
    return defaults;
  }
};

}  // namespace esaas::kibana
