#pragma once
// ModelProxies: the HAProxy processes of all clusters, as far as the controller tells and asks them: each starts empty,
// follows the servers that it is told of, and forgets them with its process. Requests go through it to every server
// that it may use, some of them long; to one that is drained there are no new ones.
//
// One thread; it lives as long as the clock runs callbacks for it.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "reconcilers/loop/controller.h"
#include "tests/simulation/model_elasticsearch.h"
#include "tests/support/prng.h"
#include "tests/support/simulation_clock.h"

namespace esaas::simulation {

/// What the command that starts a proxy says of it.
struct ProxyLaunch {
  std::string cluster;
  std::string node;
  std::string host;
  std::uint32_t client_port = 0;
  std::uint32_t control_port = 0;
};

/// The command is one of a proxy, whether it is a good one or not.
bool starts_proxy(std::string_view command);
/// Of the configuration in the command. kInvalidArgument: a line is missing or not as it is meant.
Result<ProxyLaunch> parse_proxy_launch(std::string_view command);

struct ProxyServerState {
  std::string host;
  std::uint32_t port = 0;
  bool drained = false;
  Time busy_until;  ///< the last of the requests that are under way ends
};

struct ProxyProcess {
  ProxyLaunch launch;
  bool is_up = false;
  std::map<std::string, ProxyServerState> servers;  ///< by node
};

class ModelProxies {
 public:
  ModelProxies(test::SimulationClock& clock, test::Prng prng) : clock_(clock), prng_(prng) {}

  void on_exit(std::function<void(const ProcessExit&)> callback) { exited_ = std::move(callback); }
  void start(const std::string& process, ProxyLaunch launch);
  /// SIGTERM: it ends a little later.
  void stop(const std::string& process);
  /// SIGKILL.
  void kill(const std::string& process);

  /// What the proxy says that listens there, after it was told `servers` (of an intent with a seq) or only asked.
  /// kUnavailable: nobody listens, or another one than the cluster's.
  Result<loop::ProxyAnswer> follow(const loop::CompanionAddress& address, const event::Event& intent);

  [[nodiscard]] const std::map<std::string, ProxyProcess>& processes() const { return processes_; }
  /// Something of it may go to the node, or is under way to it.
  [[nodiscard]] bool uses(const ProxyProcess& process, const std::string& node) const;

 private:
  void end(const std::string& process, const std::string& why);
  /// Requests that came in the meantime.
  void work(ProxyServerState& server);

  test::SimulationClock& clock_;
  test::Prng prng_;
  std::function<void(const ProcessExit&)> exited_ = [](const ProcessExit&) {};
  std::map<std::string, ProxyProcess> processes_;  // by task
};

}  // namespace esaas::simulation
