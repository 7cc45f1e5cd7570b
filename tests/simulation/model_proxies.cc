#include "tests/simulation/model_proxies.h"

#include <algorithm>
#include <charconv>

namespace esaas::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kConfiguration = "cat > haproxy.cfg <<'END_OF_FILE'\n";

std::unexpected<Error> bad(const std::string& what) {
  return fail(ErrorCode::kInvalidArgument, "the proxy would not start as it is meant: " + what);
}

/// The text between the first `before` and the `after` that follows it.
Result<std::string> between(std::string_view text, std::string_view before, std::string_view after) {
  const auto begin = text.find(before);
  if (begin == std::string_view::npos) return bad("\"" + std::string(before) + "\" is missing");
  const std::string_view rest = text.substr(begin + before.size());
  const auto end = rest.find(after);
  if (end == std::string_view::npos) return bad("\"" + std::string(after) + "\" is missing");
  return std::string(rest.substr(0, end));
}

Result<std::uint32_t> port_of(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return bad(address + " has no port");
  std::uint32_t port = 0;
  const auto end = std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
  if (end.ec != std::errc{} || end.ptr != address.data() + address.size()) return bad(address + " has no port");
  return port;
}

}  // namespace

bool starts_proxy(std::string_view command) { return command.find(kConfiguration) != std::string_view::npos; }

Result<ProxyLaunch> parse_proxy_launch(std::string_view command) {
  ESAAS_TRY(const std::string configuration, between(command, kConfiguration, "END_OF_FILE\n"));
  if (command.find("\nexec 'haproxy' -db -f haproxy.cfg") == std::string_view::npos) return bad("it is not executed");
  ProxyLaunch launch;
  ESAAS_TRY(launch.node, between(configuration, "# The proxy ", " of cluster "));
  ESAAS_TRY(launch.cluster, between(configuration, " of cluster ", ". "));
  ESAAS_TRY(const std::string clients, between(configuration, "frontend clients\n    bind ", "\n"));
  ESAAS_TRY(launch.client_port, port_of(clients));
  launch.host = clients.substr(0, clients.rfind(':'));
  ESAAS_TRY(const std::string control, between(configuration, "listen control\n", "server socket"));
  ESAAS_TRY(const std::string bound, between(control, "    bind ", " ssl "));
  ESAAS_TRY(launch.control_port, port_of(bound));
  if (bound.substr(0, bound.rfind(':')) != launch.host) return bad("its ports are on two hosts");
  if (launch.client_port == launch.control_port) return bad("clients come in where it is controlled");
  return launch;
}

void ModelProxies::start(const std::string& process, ProxyLaunch launch) {
  processes_[process].launch = std::move(launch);
  clock_.after(prng_.between(milliseconds{100}, seconds{2}), [this, process] {
    const auto found = processes_.find(process);
    if (found != processes_.end()) found->second.is_up = true;
  });
}

void ModelProxies::stop(const std::string& process) {
  clock_.after(prng_.between(milliseconds{5}, milliseconds{200}), [this, process] { end(process, ""); });
}

void ModelProxies::kill(const std::string& process) { end(process, "killed"); }

void ModelProxies::end(const std::string& process, const std::string& why) {
  if (processes_.erase(process) == 0) return;
  clock_.after(Duration{0}, [this, process, why] { exited_({process, false, why}); });
}

void ModelProxies::work(ProxyServerState& server) {
  if (server.drained) return;
  const Duration lasts = prng_.chance(1, 6)   ? prng_.between(seconds{5}, seconds{90})
                         : prng_.chance(1, 2) ? prng_.between(milliseconds{1}, seconds{3})
                                              : Duration{0};
  server.busy_until = std::max(server.busy_until, clock_.now() + lasts);
}

Result<loop::ProxyAnswer> ModelProxies::follow(const loop::CompanionAddress& address, const event::Event& intent) {
  const auto found = std::ranges::find_if(processes_, [&](const auto& entry) {
    const ProxyProcess& process = entry.second;
    return process.is_up && process.launch.host == address.host && process.launch.control_port == address.port;
  });
  if (found == processes_.end()) return fail(ErrorCode::kUnavailable, "nobody listens");
  // The real one shows a certificate that was made for its task.
  if (found->first != address.task_id) return fail(ErrorCode::kUnavailable, "another proxy listens");
  std::map<std::string, ProxyServerState>& servers = found->second.servers;
  for (auto& [node, server] : servers) work(server);
  if (intent.seq() != 0) {
    std::map<std::string, ProxyServerState> told;
    for (const event::ProxyServer& server : intent.servers_intended().servers()) {
      ProxyServerState& state = told[server.node()];
      const auto before = servers.find(server.node());
      const bool is_same =
          before != servers.end() && before->second.host == server.host() && before->second.port == server.port();
      if (is_same) state = before->second;
      state.host = server.host();
      state.port = server.port();
      state.drained = server.drained();
    }
    servers = std::move(told);
  }
  loop::ProxyAnswer answer;
  for (const event::ProxyServer& server : intent.servers_intended().servers()) {
    const auto known = servers.find(server.node());
    if (known == servers.end()) continue;
    if (known->second.busy_until > clock_.now()) answer.sessions[server.node()] = 1;
    answer.up.insert(server.node());
  }
  return answer;
}

bool ModelProxies::uses(const ProxyProcess& process, const std::string& node) const {
  const auto server = process.servers.find(node);
  if (server == process.servers.end()) return false;
  return !server->second.drained || server->second.busy_until > clock_.now();
}

}  // namespace esaas::simulation
