#include "reconcilers/effects/haproxy/launch.h"

#include <fmt/format.h>

#include <algorithm>

namespace esaas::haproxy {
namespace {

constexpr std::uint32_t kThreadsMax = 8;
constexpr std::uint32_t kKillGraceMs = 5'000;

/// One thread for each core that the proxy is given: by itself it would take all of the machine's.
std::uint32_t threads_of(const model::Resources& resources) {
  return std::clamp((resources.cpus_milli() + 999) / 1000, 1U, kThreadsMax);
}

bool is_host(std::string_view host) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:";
  return !host.empty() && host.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// Literal for the shell.
std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + '\'';
}

std::string here_document(std::string_view file, std::string_view text) {
  const std::string_view newline = text.ends_with('\n') ? "" : "\n";
  return fmt::format("cat > {} <<'END_OF_FILE'\n{}{}END_OF_FILE\n", file, text, newline);
}

std::string global_part(const LaunchInput& input) {
  return fmt::format(
      "# The proxy {} of cluster {}. What changes while it runs, it is told over its control port.\n"
      "global\n"
      "    log stdout format raw local0 notice\n"
      "    stats socket unix@./control.sock mode 600 level admin\n"
      "    nbthread {}\n"
      "    fd-hard-limit 20000\n"
      "    ssl-default-bind-options ssl-min-ver TLSv1.2\n",
      input.node, input.cluster, threads_of(input.resources));
}

std::string_view defaults_part() {
  // A request has a connection to the node of its own: a node that closes does so between requests, and what failed to
  // connect may be tried elsewhere whatever it is. A node that vanished with its machine is noticed by TCP: a server
  // that is down has its connections left alone, because those that are being tried elsewhere would be cut with them.
  return "defaults\n"
         "    mode http\n"
         "    log global\n"
         "    option http-server-close\n"
         "    option dontlognull\n"
         "    option redispatch 1\n"
         "    option clitcpka\n"
         "    option srvtcpka\n"
         "    srvtcpka-idle 10s\n"
         "    srvtcpka-intvl 3s\n"
         "    srvtcpka-cnt 3\n"
         "    retries 3\n"
         "    timeout connect 1s\n"
         "    timeout check 5s\n"
         "    timeout queue 10s\n"
         "    timeout http-request 30s\n"
         "    timeout http-keep-alive 60s\n"
         "    timeout client 10m\n"
         "    timeout server 10m\n";
}

std::string clients_part(const LaunchInput& input) {
  // Fail closed: a list that nobody filled lets nobody in.
  return fmt::format(
      "frontend clients\n"
      "    bind {host}:{port}\n"
      "    http-request deny deny_status 403 unless {{ str(networks),map_str({doors},listed) -m str all }} || "
      "{{ src -f {networks} }}\n"
      "    http-request auth realm {cluster} unless {{ str(users),map_str({doors},listed) -m str all }} || "
      "{{ req.hdr(authorization),sha2(256),hex,map({users}) -m found }}\n"
      "    http-request del-header authorization\n"
      "    use_backend {kibana} if {{ path_beg {path}/ }} || {{ path {path} }}\n"
      "    default_backend {elasticsearch}\n",
      fmt::arg("host", input.place.hostname()), fmt::arg("port", input.place.http_port()),
      fmt::arg("doors", kDoorsFile), fmt::arg("networks", kNetworksFile), fmt::arg("users", kUsersFile),
      fmt::arg("cluster", input.cluster), fmt::arg("kibana", kKibana), fmt::arg("path", kKibanaPath),
      fmt::arg("elasticsearch", kElasticsearch));
}

std::string servers_part() {
  // Any answer is a sign of life: while a master is elected Elasticsearch 2.x says 503 and still waits for it on behalf
  // of the requests that it gets. That a node is a member is what the controller sees to. HAProxy tries another
  // server only with a request that it has whole, so a body that comes behind its head is waited for.
  return fmt::format(
      "backend {elasticsearch}\n"
      "    balance leastconn\n"
      "    option httpchk GET /\n"
      "    http-check expect rstatus ^[1-5]\n"
      "    retry-on conn-failure empty-response\n"
      "    acl only_reads method GET HEAD OPTIONS\n"
      "    acl posts method POST\n"
      "    acl to_search path_end /_search /_msearch /_count /_mget\n"
      "    http-request disable-l7-retry unless only_reads || posts to_search\n"
      "    http-request wait-for-body time 30s if only_reads || posts to_search\n"
      "    default-server check inter 1s fastinter 500ms downinter 1s fall 3 rise 1\n"
      "    server-template es {es_slots} 127.0.0.1:1 disabled\n"
      "backend {kibana}\n"
      "    option httpchk GET /api/status\n"
      "    http-check expect status 200\n"
      "    http-request replace-path ^{path}/?(.*)$ /\\1\n"
      "    default-server check inter 2s fall 3 rise 1\n"
      "    server-template kibana {kibana_slots} 127.0.0.1:1 disabled\n",
      fmt::arg("elasticsearch", kElasticsearch), fmt::arg("es_slots", kElasticsearchSlots), fmt::arg("kibana", kKibana),
      fmt::arg("path", kKibanaPath), fmt::arg("kibana_slots", kKibanaSlots));
}

std::string control_part(const LaunchInput& input) {
  // HAProxy takes `ssl` on a stats socket and speaks plain text all the same: so TLS ends here, before the socket.
  return fmt::format(
      "listen control\n"
      "    mode tcp\n"
      "    timeout client 30s\n"
      "    timeout server 30s\n"
      "    maxconn 20\n"
      "    bind {}:{} ssl crt ./control.pem ca-file ./controller.crt verify required\n"
      "    server socket unix@./control.sock\n",
      input.place.hostname(), input.place.transport_port());
}

}  // namespace

std::string render_configuration(const LaunchInput& input) {
  return global_part(input) + std::string(defaults_part()) + clients_part(input) + servers_part() + control_part(input);
}

Result<model::LaunchSpec> render_launch(const LaunchInput& input, const Program& program) {
  if (program.controller_certificate.empty()) {
    return fail(ErrorCode::kUnavailable, "The controller has no certificate, so nobody could tell a proxy anything.");
  }
  if (!is_host(input.place.hostname())) {
    return fail(ErrorCode::kInvalidArgument, "\"" + input.place.hostname() + "\" is no name or address of a host.");
  }
  model::LaunchSpec spec;
  std::string& command = *spec.mutable_command();
  command = "set -e\numask 077\nPATH=\"$PATH:/usr/local/sbin:/usr/sbin:/sbin\"\nexport PATH\n";
  command += here_document("haproxy.cfg", render_configuration(input));
  command += here_document("controller.crt", program.controller_certificate);
  command +=
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=proxy "
      "-keyout control.key -out control.crt 2> openssl.log || { cat openssl.log >&2; exit 1; }\n"
      "cat control.crt control.key > control.pem\n"
      "rm control.key\n";
  for (const std::string_view file : {kUsersFile, kNetworksFile, kDoorsFile}) {
    command += fmt::format(": > {}\n", file);
  }
  command += "exec " + quoted(program.program) + " -db -f haproxy.cfg\n";
  spec.set_kill_grace_ms(kKillGraceMs);
  return spec;
}

}  // namespace esaas::haproxy
