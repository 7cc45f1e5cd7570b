#pragma once
// What a node of Elasticsearch, 2.x to 7.x, understands of the command that starts it. The model reads the controller's
// own rendering, so that a wrong one is caught here as it would be on a machine. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/model.pb.h"
#include "core/model/version.h"

namespace esaas::simulation {

struct ElasticsearchLaunch {
  model::Version version{2, 3, 3};
  std::string cluster;
  std::string node;
  std::string host;
  std::uint32_t http_port = 0;
  std::uint32_t transport_port = 0;
  bool master_eligible = false;
  bool holds_data = false;
  std::vector<std::string> seed_hosts;            ///< host:transport_port
  std::uint32_t minimum_master_nodes = 0;         ///< before 7
  std::vector<std::string> initial_master_nodes;  ///< from 7 on: names; none for a cluster that has had a master
  std::uint32_t heap_mib = 0;

  [[nodiscard]] std::string transport_address() const { return host + ":" + std::to_string(transport_port); }
};

/// The words of the last command of a shell line, quotes resolved and `$PWD` kept as it is. Knows what a launch command
/// uses: plain words, single and double quotes, `&&` between commands, and `>`.
/// kInvalidArgument: an open quote, or an expansion of anything but PWD in the last command.
Result<std::vector<std::string>> words_of_last_command(std::string_view line);

/// kInvalidArgument, naming the setting, for everything that would not start the node as it is meant: no `exec` of
/// bin/elasticsearch, no version, a setting that is missing, twice, of the wrong kind or of another version, data
/// beside the volume, a port that others share, multicast left on, a heap that may grow.
Result<ElasticsearchLaunch> parse_launch(std::string_view command,
                                         const std::map<std::string, std::string>& environment);
Result<ElasticsearchLaunch> parse_launch(const model::LaunchSpec& spec);

}  // namespace esaas::simulation
