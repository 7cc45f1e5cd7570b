#include "reconcilers/embedded/embedded_config.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <boost/asio/ip/address_v4.hpp>

namespace esaas::embedded {
namespace {

constexpr std::int64_t kDefaultCpusMilli = 4000;
constexpr std::int64_t kMemMinMib = 512;
constexpr std::int64_t kDiskMinMib = 1024;
constexpr std::uint32_t kAgentsMax = 100;

std::optional<std::uint32_t> loopback(const std::string& text) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address_v4(text, error);
  if (error || !address.is_loopback()) return std::nullopt;
  return address.to_uint();
}

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

Result<void> parse_listen(const std::string& text, EmbeddedConfig& config) {
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const bool good = colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
                    std::from_chars(text.data() + colon + 1, end, port).ptr == end;
  if (!good) return fail(ErrorCode::kInvalidArgument, "--listen: '" + text + "' is not HOST:PORT", "listen");
  config.listen_address = text.substr(0, colon);
  config.listen_port = port;
  return {};
}

EmbeddedConfig with_defaults(EmbeddedConfig config, const HostFacts& host) {
  const std::int64_t agents = std::max<std::int64_t>(config.agents, 1);
  if (config.agent_cpus_milli == 0) config.agent_cpus_milli = kDefaultCpusMilli;
  if (config.agent_mem_mib == 0) config.agent_mem_mib = std::max(host.mem_mib * 3 / 4 / agents, kMemMinMib);
  if (config.agent_disk_mib == 0) config.agent_disk_mib = std::max(host.disk_free_mib / 2 / agents, kDiskMinMib);
  return config;
}

std::vector<std::string> check(const EmbeddedConfig& config) {
  std::vector<std::string> mistakes;
  const auto need = [&](bool good, std::string text) {
    if (!good) mistakes.push_back(std::move(text));
  };
  need(!config.work_dir.empty(), "--work-dir is needed: where the state, sandboxes and volumes are kept");
  need(config.agents >= 1 && config.agents <= kAgentsMax, "--agents: from 1 to 100");
  const auto first = loopback(config.first_agent_address);
  need(first.has_value(), "--first-agent-address: '" + config.first_agent_address + "' is not in 127.0.0.0/8");
  need(!first || (*first & 0xffU) + config.agents <= 255, "--first-agent-address: " + std::to_string(config.agents) +
                                                              " agents do not fit behind " +
                                                              config.first_agent_address);
  need(config.agent_cpus_milli >= 0 && config.agent_mem_mib >= 0 && config.agent_disk_mib >= 0,
       "--agent-cpus, --agent-mem and --agent-disk must not be negative");
  need(config.agent_revocable_mem_mib >= 0, "--agent-revocable-mem must not be negative");
  need(config.first_port >= 1024 && config.ports >= 1 && config.first_port + config.ports <= 65536,
       "--first-port and --ports: the range has to lie between 1024 and 65535");
  need(config.racks >= 1, "--racks: at least 1");
  need(config.zones <= kAgentsMax, "--zones: at most 100");
  need(config.principal.empty() == config.secret.empty(), "--principal and the secret belong together");
  need(config.principal.find(':') == std::string::npos, "--principal: a colon cannot be in it");
  need(config.heartbeat.count() >= 10, "--heartbeat-ms: at least 10");
  need(config.allocation_interval.count() >= 1, "--allocation-ms: at least 1");
  return mistakes;
}

std::vector<AgentSpec> agents_of(const EmbeddedConfig& config) {
  std::vector<AgentSpec> agents;
  const std::uint32_t first = loopback(config.first_agent_address).value_or(0x7f00000b);
  for (std::uint32_t number = 0; number < config.agents; ++number) {
    AgentSpec spec;
    spec.name = "agent-" + std::to_string(number + 1);
    spec.hostname = boost::asio::ip::address_v4(first + number).to_string();
    spec.attributes = {{"rack", "r" + std::to_string(number % config.racks + 1)}};
    if (config.zones != 0) {
      spec.region = "embedded";
      spec.zone = "z" + std::to_string(number % config.zones + 1);
    }
    spec.cpus_milli = config.agent_cpus_milli;
    spec.mem_mib = config.agent_mem_mib;
    spec.disk_mib = config.agent_disk_mib;
    spec.revocable_cpus_milli = config.agent_revocable_cpus_milli;
    spec.revocable_mem_mib = config.agent_revocable_mem_mib;
    spec.port_begin = config.first_port;
    spec.port_end = config.first_port + config.ports - 1;
    agents.push_back(std::move(spec));
  }
  return agents;
}

Result<EmbeddedConfig> parse_arguments(const std::vector<std::string>& arguments) {
  EmbeddedConfig config;
  CLI::App app{"A single-host Mesos for a laptop, for tests and for simulation. Not for production.", "embedded-mesos"};
  std::string work_dir;
  std::string listen = "127.0.0.1:5050";
  double cpus = 0;
  double revocable_cpus = 0;
  std::int64_t heartbeat_ms = config.heartbeat.count();
  std::int64_t allocation_ms = config.allocation_interval.count();
  app.add_option("--work-dir", work_dir, "where the state, sandboxes and volumes are kept");
  app.add_option("--listen", listen, "HOST:PORT of the API; port 0 takes a free one and writes it to WORK_DIR/port")
      ->capture_default_str();
  app.add_option("--agents", config.agents, "how many agents")->capture_default_str();
  app.add_option("--first-agent-address", config.first_agent_address, "loopback address of the first agent")
      ->capture_default_str();
  app.add_option("--agent-cpus", cpus, "cpus of each agent, whatever the host has (default 4)");
  app.add_option("--agent-mem", config.agent_mem_mib, "MiB of each agent (default: its part of 3/4 of the host's)");
  app.add_option("--agent-disk", config.agent_disk_mib,
                 "MiB of each agent (default: its part of half of what is free)");
  app.add_option("--agent-revocable-cpus", revocable_cpus,
                 "cpus that each agent lends besides, and may take back (default 0)");
  app.add_option("--agent-revocable-mem", config.agent_revocable_mem_mib,
                 "MiB that each agent lends besides, and may take back (default 0)");
  app.add_option("--first-port", config.first_port, "first port of every agent")->capture_default_str();
  app.add_option("--ports", config.ports, "ports of every agent")->capture_default_str();
  app.add_option("--racks", config.racks, "how many racks the agents are spread over")->capture_default_str();
  app.add_option("--zones", config.zones, "how many fault domains the agents are spread over; 0: they have none")
      ->capture_default_str();
  app.add_option("--task-user", config.task_user, "whom tasks of root, or of nobody in particular, run as")
      ->capture_default_str();
  app.add_option("--principal", config.principal, "ask for basic credentials with this user name");
  app.add_option("--secret", config.secret, "the password of --principal")->envname("ESAAS_EMBEDDED_SECRET");
  app.add_option("--heartbeat-ms", heartbeat_ms, "between heartbeats")->capture_default_str();
  app.add_option("--allocation-ms", allocation_ms, "from freed resources to new offers")->capture_default_str();
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return fail(ErrorCode::kInvalidArgument, app.help(), {}, "help");
  } catch (const CLI::ParseError& error) {
    return fail(ErrorCode::kInvalidArgument, error.what());
  }
  config.work_dir = work_dir;
  config.heartbeat = std::chrono::milliseconds(heartbeat_ms);
  config.allocation_interval = std::chrono::milliseconds(allocation_ms);
  std::vector<std::string> mistakes;
  const auto take_cpus = [&](double value, const char* option, std::int64_t& milli) {
    if (!std::isfinite(value) || value < 0 || value > 100'000) {
      mistakes.push_back(std::string(option) + ": from 0 to 100000");
    } else {
      milli = std::llround(value * 1000);
    }
  };
  take_cpus(cpus, "--agent-cpus", config.agent_cpus_milli);
  take_cpus(revocable_cpus, "--agent-revocable-cpus", config.agent_revocable_cpus_milli);
  if (const auto parsed = parse_listen(listen, config); !parsed) mistakes.push_back(parsed.error().detail);
  const auto more = check(config);
  mistakes.insert(mistakes.end(), more.begin(), more.end());
  if (!mistakes.empty()) return fail(ErrorCode::kInvalidArgument, join(mistakes));
  return config;
}

}  // namespace esaas::embedded
