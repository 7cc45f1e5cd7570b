// How Elasticsearch 7.x differs from 5.x and 6.x: a cluster that has never had a master is told once who elects it, and
// nobody counts masters any more.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reconcilers/effects/elasticsearch/launch_dialect_v5.h"

namespace esaas::es {
namespace {

class LaunchDialectV7 final : public LaunchDialectV6 {
 protected:
  NodeSettings discovery_settings(const LaunchInput& input, const Artifact&) const override {
    NodeSettings settings{{"discovery.seed_hosts", fmt::format("{}", fmt::join(input.seed_hosts, ","))}};
    if (!input.initial_master_nodes.empty()) {
      settings.emplace_back("cluster.initial_master_nodes",
                            fmt::format("{}", fmt::join(input.initial_master_nodes, ",")));
    }
    return settings;
  }
  NodeSettings environment(const LaunchInput& input, const Artifact& artifact) const override {
    NodeSettings environment = LaunchDialectV6::environment(input, artifact);
    // Wins over the Java that the distribution brings along.
    if (!artifact.java_home.empty()) environment.emplace_back("ES_JAVA_HOME", artifact.java_home);
    return environment;
  }
  /// Its launcher knows them.
  std::vector<std::string> own_jvm_options() const override { return {}; }
  std::string_view transport_port_key() const override { return "transport.port"; }
};

}  // namespace

const LaunchDialect& launch_dialect_v7() {
  static const LaunchDialectV7 dialect;
  return dialect;
}

}  // namespace esaas::es
