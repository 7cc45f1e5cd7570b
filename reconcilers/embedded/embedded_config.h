#pragma once
// EmbeddedConfig: what an embedded Mesos is made of, with defaults that fit a laptop, and how it is read from a command
// line. A value.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "reconcilers/embedded/front/http_front.h"
#include "reconcilers/embedded/model/mesos_model.h"

namespace esaas::embedded {

/// The agents together may offer more than the host has, on purpose: cpus are shared by the kernel, and a node that
/// waits for shards needs next to none, so four nodes of one cpu each run well on two. Memory is offered as the host
/// has it: three quarters of it, split over the agents.
struct EmbeddedConfig {
  std::filesystem::path work_dir;  ///< made if it is not there; must not be empty
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 5050;                ///< 0: any free one, written to `work_dir`/port
  std::uint32_t agents = 6;                        ///< 1 to 100
  std::string first_agent_address = "127.0.0.11";  ///< the next agents get the next addresses
  std::int64_t agent_cpus_milli = 0;               ///< 0: 4 cpus
  std::int64_t agent_mem_mib = 0;                  ///< 0: three quarters of the host's memory by the number of agents
  std::int64_t agent_revocable_cpus_milli = 0;     ///< lent beside them to whoever takes revocable resources
  std::int64_t agent_revocable_mem_mib = 0;
  std::int64_t agent_disk_mib = 0;   ///< 0: half of what is free in work_dir by the number of agents
  std::uint32_t first_port = 31000;  ///< every agent has the same range: each has an address of its own
  std::uint32_t ports = 1000;
  std::uint32_t racks = 3;           ///< attribute rack:r1, r2, ...; agents take turns
  std::uint32_t zones = 0;           ///< fault domains z1, z2, ... of the region "embedded"; agents take turns; 0: none
  std::string task_user = "nobody";  ///< takes the place of root, and of no user, when run as root
  std::string principal;             ///< with `secret`: HTTP basic credentials are asked for
  std::string secret;
  std::chrono::milliseconds heartbeat{15'000};
  std::chrono::milliseconds allocation_interval{50};
  std::vector<std::string> supervisor;  ///< empty: this very program with `task-supervisor`
};

/// "127.0.0.1:5050" into its parts.
Result<void> parse_listen(const std::string& text, EmbeddedConfig& config);

/// What the host decides: fills in the quantities that are 0.
struct HostFacts {
  std::int64_t mem_mib = 0;
  std::int64_t disk_free_mib = 0;
};
EmbeddedConfig with_defaults(EmbeddedConfig config, const HostFacts& host);

/// Every mistake at once, as sentences; empty when there is none.
std::vector<std::string> check(const EmbeddedConfig& config);

/// The agents of a configuration without mistakes and with its defaults filled in.
std::vector<AgentSpec> agents_of(const EmbeddedConfig& config);

/// Reads `embedded-mesos --work-dir DIR [--listen HOST:PORT] ...`; `arguments` are what follows the sub-command. The
/// error is kInvalidArgument with all mistakes; its detail is the help text when --help was asked for and its rule
/// "help".
Result<EmbeddedConfig> parse_arguments(const std::vector<std::string>& arguments);

}  // namespace esaas::embedded
