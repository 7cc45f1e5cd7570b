#pragma once
// How Elasticsearch 5 and later are started: settings by -E, the Java virtual machine by a file of options. What 6.x
// and 7.x do differently is in the subclasses.

#include <string>
#include <vector>

#include "reconcilers/effects/elasticsearch/launch_dialect.h"

namespace esaas::es {

class LaunchDialectV5 : public LaunchDialect {
 protected:
  NodeSettings settings(const LaunchInput& input, const Artifact& artifact) const override;
  std::string prepare(const LaunchInput& input, const Artifact& artifact) const override;
  NodeSettings environment(const LaunchInput& input, const Artifact& artifact) const override;
  std::string_view option_prefix() const override { return "-E"; }
  std::string_view plugin_tool() const override { return R"("$home"/bin/elasticsearch-plugin install --batch)"; }
  std::string_view plugin_folder() const override { return R"("$home"/plugins)"; }
  std::string_view attribute_prefix() const override { return "node.attr."; }

  /// Options of the Java virtual machine that only this line of versions needs; each begins with a dash, or with the
  /// Java versions that it is for.
  [[nodiscard]] virtual std::vector<std::string> own_jvm_options() const;
  /// Where the configuration is: by settings, and as the shell exports it, each assignment with a blank before it.
  [[nodiscard]] virtual NodeSettings configuration_settings() const;
  [[nodiscard]] virtual std::string_view exports() const;
  /// A plugin's folder is fixed below the program, which is shared and never written to, so a node with plugins gets a
  /// program of its own at ./program. True: of links, where the version follows them; false: of copies.
  [[nodiscard]] virtual bool follows_links() const { return false; }
  /// Where the masters are, and how one is elected.
  [[nodiscard]] virtual NodeSettings discovery_settings(const LaunchInput& input, const Artifact& artifact) const;
  /// Of the port between nodes.
  [[nodiscard]] virtual std::string_view transport_port_key() const { return "transport.tcp.port"; }
};

class LaunchDialectV6 : public LaunchDialectV5 {
 protected:
  std::vector<std::string> own_jvm_options() const override;
  NodeSettings configuration_settings() const override { return {}; }
  std::string_view exports() const override;
  bool follows_links() const override { return true; }
};

}  // namespace esaas::es
