#pragma once
// LaunchDialect: how one line of Elasticsearch versions wants to be started. The base holds what
// all have in common; a version overrides only what it does differently. Dialects are stateless and
// live for ever.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/model.pb.h"
#include "reconcilers/effects/elasticsearch/launch.h"

namespace esaas::es {

/// A setting's value that begins with this is a path in the sandbox; all others are literal.
inline constexpr std::string_view kSandbox = "$PWD";
/// The volume's own path. Agents link it into the sandbox, and the Java security manager of Elasticsearch lets a node
/// write where `path.data` says and not where that link leads.
inline constexpr std::string_view kVolume = "$volume";

/// Settings in the order in which they are written.
using NodeSettings = std::vector<std::pair<std::string, std::string>>;

class LaunchDialect {
 public:
  virtual ~LaunchDialect() = default;

  /// The whole specification. `artifact` is the catalogue's entry for the input's version.
  /// Errors: kInvalidArgument when a plugin's name or address could not be given to the tool.
  [[nodiscard]] Result<model::LaunchSpec> render(const LaunchInput& input, const Artifact& artifact) const;

 protected:
  /// Names, addresses, paths and roles that no version writes differently.
  [[nodiscard]] static NodeSettings common_settings(const LaunchInput& input, const Artifact& artifact);
  /// In which zone the node is, under the name that the version has for it, and that copies of a shard are kept in
  /// different zones. Empty for a place without a zone.
  [[nodiscard]] NodeSettings awareness_settings(const LaunchInput& input) const;
  [[nodiscard]] static std::string_view flag(bool value);

  /// Our own settings of the node. The last one never ends in "-d": start scripts before 7 would put the node into the
  /// background.
  [[nodiscard]] virtual NodeSettings settings(const LaunchInput& input, const Artifact& artifact) const = 0;
  /// Shell commands that make the sandbox ready, each ending in " && ". They find the unpacked program at `$home`, may
  /// set that anew, and leave a configuration in ./conf.
  [[nodiscard]] virtual std::string prepare(const LaunchInput& input, const Artifact& artifact) const = 0;
  /// The environment of the start script; values are literal.
  [[nodiscard]] virtual NodeSettings environment(const LaunchInput& input, const Artifact& artifact) const = 0;
  /// How a setting is given on the command line: "-Des." or "-E".
  [[nodiscard]] virtual std::string_view option_prefix() const = 0;
  /// The words, for the shell, that install the plugin whose name or address follows them.
  [[nodiscard]] virtual std::string_view plugin_tool() const = 0;
  /// Where an installed plugin gets a folder of its name, for the shell.
  [[nodiscard]] virtual std::string_view plugin_folder() const = 0;
  /// What the names of the node's own attributes begin with: "node." or "node.attr.".
  [[nodiscard]] virtual std::string_view attribute_prefix() const = 0;
  /// The last words for the shell before the program starts, ending in " && "; or none.
  [[nodiscard]] virtual std::string_view before_start() const { return {}; }
  /// How long a node that is told to stop may take until it is killed: it flushes and closes its shards within seconds,
  /// and a large one is given time.
  [[nodiscard]] virtual std::uint32_t kill_grace_ms() const { return 60'000; }
  /// It refuses to run as root, and nothing can change its mind.
  [[nodiscard]] virtual bool refuses_root() const { return true; }
};

/// 2.x.
const LaunchDialect& launch_dialect_v2();
/// 5.x.
const LaunchDialect& launch_dialect_v5();
/// 6.x.
const LaunchDialect& launch_dialect_v6();
/// 7.x.
const LaunchDialect& launch_dialect_v7();

}  // namespace esaas::es
