#include "reconcilers/effects/elasticsearch/catalogue.h"

namespace esaas::es {

const Artifact* Catalogue::find(std::string_view version) const {
  const auto found = artifacts.find(version);
  return found == artifacts.end() ? nullptr : &found->second;
}

std::set<std::string> Catalogue::versions() const {
  std::set<std::string> versions;
  for (const auto& [version, artifact] : artifacts) versions.insert(version);
  return versions;
}

std::set<std::pair<std::string, std::string>> Catalogue::plugins() const {
  std::set<std::pair<std::string, std::string>> plugins;
  for (const auto& [version, artifact] : artifacts) {
    for (const auto& [name, plugin] : artifact.plugins) plugins.emplace(version, name);
  }
  return plugins;
}

}  // namespace esaas::es
