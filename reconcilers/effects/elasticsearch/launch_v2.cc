// How Elasticsearch 2.x is started: settings as Java properties (-Des.), tuning by environment
// variables.

#include <fmt/ranges.h>

#include "reconcilers/effects/elasticsearch/launch_dialect.h"

namespace esaas::es {
namespace {

class LaunchDialectV2 final : public LaunchDialect {
 protected:
  NodeSettings settings(const LaunchInput& input, const Artifact& artifact) const override {
    NodeSettings settings = common_settings(input, artifact);
    const NodeSettings awareness = awareness_settings(input);
    settings.insert(settings.end(), awareness.begin(), awareness.end());
    settings.insert(settings.end(),
                    {{"path.conf", std::string(kSandbox) + "/conf"},
                     // The unpacked program may be shared by many nodes and is never written to.
                     {"path.plugins", std::string(kSandbox) + "/plugins"},
                     {"transport.tcp.port", std::to_string(input.place.transport_port())},
                     {"node.master", std::string(flag(input.master_eligible))},
                     {"node.data", std::string(flag(input.holds_data))},
                     // A second process on the same volume would start with an empty folder of its own and look
                     // like a node that lost its data; this makes it refuse to start.
                     {"node.max_local_storage_nodes", "1"},
                     {"discovery.zen.ping.multicast.enabled", "false"},
                     {"discovery.zen.ping.unicast.hosts", fmt::format("{}", fmt::join(input.seed_hosts, ","))},
                     {"discovery.zen.minimum_master_nodes", std::to_string(input.minimum_master_nodes)}});
    // How long a node listens for others before an election. That no two masters are elected rests
    // on minimum_master_nodes and not on this, so a quick network may use a quick election.
    if (artifact.profile == Profile::kSmall) settings.emplace_back("discovery.zen.ping_timeout", "500ms");
    if (artifact.allow_root) settings.emplace_back("insecure.allow.root", "true");
    return settings;
  }

  std::string prepare(const LaunchInput&, const Artifact&) const override {
    return "mkdir -p conf logs plugins tmp && cp \"$home\"/config/logging.yml conf/ && : > conf/elasticsearch.yml && "
           "export ES_JAVA_OPTS=\"$ES_JAVA_OPTS -Djava.io.tmpdir=$PWD/tmp\" && ";
  }

  NodeSettings environment(const LaunchInput& input, const Artifact& artifact) const override {
    NodeSettings environment{{"ES_HEAP_SIZE", std::to_string(heap_mib(input.resources)) + "m"}};
    if (!artifact.java_home.empty()) environment.emplace_back("JAVA_HOME", artifact.java_home);
    if (artifact.profile == Profile::kSmall) {
      // The start script's own choice, the CMS collector, is gone from JDK 14 on; serial is the
      // smallest that is left.
      environment.emplace_back("ES_GC_OPTS", "-XX:+UseSerialGC");
      environment.emplace_back("ES_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
    } else {
      environment.emplace_back("ES_GC_OPTS", "-XX:+UseG1GC");
    }
    return environment;
  }

  // 2.x loses acknowledged writes when it stops in good order: a primary whose node has left the cluster already, and
  // whose copies are out of its reach, still says yes. One that is killed says nothing any more, and what it said
  // before is in its synced translog and on the other copies. So it is deaf to SIGTERM, and SIGKILL follows at once.
  std::string_view before_start() const override { return "trap '' TERM && "; }
  std::uint32_t kill_grace_ms() const override { return 0; }

  std::string_view option_prefix() const override { return "-Des."; }
  std::string_view plugin_tool() const override {
    return R"("$home"/bin/plugin -Des.path.plugins="$PWD"/plugins -Des.path.conf="$PWD"/conf install)";
  }
  std::string_view plugin_folder() const override { return R"("$PWD"/plugins)"; }
  std::string_view attribute_prefix() const override { return "node."; }
  /// It does too, and the catalogue may allow it.
  bool refuses_root() const override { return false; }
};

}  // namespace

const LaunchDialect& launch_dialect_v2() {
  static const LaunchDialectV2 dialect;
  return dialect;
}

}  // namespace esaas::es
