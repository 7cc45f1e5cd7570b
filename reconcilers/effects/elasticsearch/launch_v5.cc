#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reconcilers/effects/elasticsearch/launch_dialect_v5.h"

namespace esaas::es {
namespace {

/// Off loopback Elasticsearch holds a node against its bootstrap checks, which take no serial collector.
bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "localhost" || host == "::1"; }

}  // namespace

NodeSettings LaunchDialectV5::settings(const LaunchInput& input, const Artifact& artifact) const {
  NodeSettings settings = common_settings(input, artifact);
  const NodeSettings awareness = awareness_settings(input);
  settings.insert(settings.end(), awareness.begin(), awareness.end());
  settings.insert(settings.end(), {{"node.master", std::string(flag(input.master_eligible))},
                                   {"node.data", std::string(flag(input.holds_data))}});
  const NodeSettings configuration = configuration_settings();
  settings.insert(settings.end(), configuration.begin(), configuration.end());
  const NodeSettings discovery = discovery_settings(input, artifact);
  settings.insert(settings.end(), discovery.begin(), discovery.end());
  settings.emplace_back(transport_port_key(), std::to_string(input.place.transport_port()));
  return settings;
}

NodeSettings LaunchDialectV5::configuration_settings() const {
  return {{"path.conf", std::string(kSandbox) + "/conf"}};
}

NodeSettings LaunchDialectV5::discovery_settings(const LaunchInput& input, const Artifact& artifact) const {
  NodeSettings settings{// A second process on the same volume would start with an empty folder of its own and look
                        // like a node that lost its data; this makes it refuse to start.
                        {"node.max_local_storage_nodes", "1"},
                        {"discovery.zen.ping.unicast.hosts", fmt::format("{}", fmt::join(input.seed_hosts, ","))},
                        {"discovery.zen.minimum_master_nodes", std::to_string(input.minimum_master_nodes)}};
  // As in 2.x: that no two masters are elected does not rest on this.
  if (artifact.profile == Profile::kSmall) settings.emplace_back("discovery.zen.ping_timeout", "500ms");
  return settings;
}

std::vector<std::string> LaunchDialectV5::own_jvm_options() const {
  // What early 5.x reaches into is closed from Java 16 on; Java 8 knows no such option and is told to bear it.
  return {"-XX:+IgnoreUnrecognizedVMOptions", "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED", "-Djdk.io.permissionsUseCanonicalPath=true"};
}

std::string_view LaunchDialectV5::exports() const {
  return R"( ES_JVM_OPTIONS="$PWD"/conf/jvm.options CONF_DIR="$PWD"/conf)";
}

std::vector<std::string> LaunchDialectV6::own_jvm_options() const {
  // From Java 9 on dates are written in another way unless it is asked for the old one.
  return {"9-:-Djava.locale.providers=COMPAT", "-Dlog4j2.formatMsgNoLookups=true"};
}

std::string_view LaunchDialectV6::exports() const { return R"( ES_PATH_CONF="$PWD"/conf ES_TMPDIR="$PWD"/tmp)"; }

std::string LaunchDialectV5::prepare(const LaunchInput& input, const Artifact& artifact) const {
  const bool small = artifact.profile == Profile::kSmall;
  std::vector<std::string> options{fmt::format("-Xms{}m", heap_mib(input.resources)),
                                   fmt::format("-Xmx{}m", heap_mib(input.resources))};
  if (small && is_loopback(input.place.hostname())) {
    options.emplace_back("-XX:+UseSerialGC");
  } else {
    options.emplace_back("-XX:+UseG1GC");
  }
  if (small) {
    options.insert(options.end(), {"-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"});
  } else {
    options.emplace_back("-XX:+AlwaysPreTouch");
  }
  options.insert(options.end(), {"-Xss1m", "-Djava.awt.headless=true", "-Dfile.encoding=UTF-8", "-Djna.nosys=true",
                                 "-Dio.netty.noUnsafe=true", "-Dio.netty.noKeySetOptimization=true",
                                 "-Dio.netty.recycler.maxCapacityPerThread=0", "-Dlog4j.shutdownHookEnabled=false",
                                 "-Dlog4j2.disable.jmx=true"});
  const auto own = own_jvm_options();
  options.insert(options.end(), own.begin(), own.end());
  // The bootstrap checks ask for as many files as the agent allows at the most.
  std::string text =
      R"sh(ulimit -S -n "$(ulimit -H -n)" && mkdir -p conf logs tmp && cp "$home"/config/log4j2.properties conf/ && )sh"
      R"(chmod u+w conf/log4j2.properties && : > conf/elasticsearch.yml && )";
  text +=
      fmt::format(R"(printf '%s\n' '{}' "-Djava.io.tmpdir=$PWD/tmp" "-Djna.tmpdir=$PWD/tmp" > conf/jvm.options && )",
                  fmt::join(options, "' '"));
  text += fmt::format("export{} && ", exports());
  if (input.plugins.empty()) return text;
  text += follows_links() ? R"(rm -rf program && mkdir program && for part in "$home"/*; do case "${part##*/}" in )"
                            R"(bin|plugins) cp -R "$part" program/;; *) ln -s "$part" program/;; esac; done && )"
                          : R"(rm -rf program && cp -R "$home" program && )";
  return text + R"(mkdir -p program/plugins && chmod -R u+w program && home=$PWD/program && )";
}

NodeSettings LaunchDialectV5::environment(const LaunchInput&, const Artifact& artifact) const {
  if (artifact.java_home.empty()) return {};
  return {{"JAVA_HOME", artifact.java_home}};
}

const LaunchDialect& launch_dialect_v5() {
  static const LaunchDialectV5 dialect;
  return dialect;
}

const LaunchDialect& launch_dialect_v6() {
  static const LaunchDialectV6 dialect;
  return dialect;
}

}  // namespace esaas::es
