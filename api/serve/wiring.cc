#include "api/serve/wiring.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "api/config/layout.h"

namespace esaas::api {
namespace {

constexpr const char* kDefaultPrincipal = "esaas";
constexpr std::size_t kLineBytesMax = 4096;

/// One HTTP thread leaves a core to the controller and the log writer on a small machine.
std::size_t threads_of(const config::HttpConfig& config) {
  if (config.threads != 0) return config.threads;
  const unsigned cores = std::thread::hardware_concurrency();
  return cores <= 2 ? 1 : 1 + (cores - 2) / 2;
}

Result<std::string> first_line(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string line(kLineBytesMax, '\0');
  stream.get(line.data(), static_cast<std::streamsize>(line.size()), '\n');
  line.resize(static_cast<std::size_t>(stream.gcount()));
  if (!stream.is_open() || stream.bad()) {
    return fail(ErrorCode::kInvalidArgument, file.string() + " cannot be read");
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.pop_back();
  if (line.empty()) return fail(ErrorCode::kInvalidArgument, file.string() + " begins with no text");
  return line;
}

/// Nothing of a wrong line is repeated: it may be the secret.
Result<mesos::Credentials> parse_credentials(const std::string& line) {
  std::istringstream words(line);
  mesos::Credentials credentials;
  std::string rest;
  if (!(words >> credentials.principal >> credentials.secret) || words >> rest) {
    return fail(ErrorCode::kInvalidArgument, "the first line must be PRINCIPAL SECRET");
  }
  if (credentials.principal.find(':') != std::string::npos) {
    return fail(ErrorCode::kInvalidArgument,
                "the principal has a colon, which HTTP basic authentication does not allow");
  }
  return credentials;
}

}  // namespace

es::Catalogue catalogue_of(const config::Config& config) {
  es::Catalogue catalogue;
  for (const config::ArtifactConfig& entry : config.artifacts) {
    es::Artifact& artifact = catalogue.artifacts[entry.version];
    artifact.uri = entry.uri;
    artifact.sha256 = entry.sha256;
    artifact.directory = entry.directory;
    artifact.java_home = entry.java_home;
    artifact.profile = entry.small ? es::Profile::kSmall : es::Profile::kProduction;
    artifact.allow_root = entry.allow_root;
    artifact.repository_root = entry.repository_root;
    for (const config::PluginConfig& plugin : entry.plugins) {
      artifact.plugins[plugin.name] = {plugin.uri, plugin.sha256};
    }
  }
  return catalogue;
}

kibana::Catalogue kibanas_of(const config::Config& config) {
  kibana::Catalogue catalogue;
  for (const config::KibanaConfig& entry : config.kibanas) {
    catalogue.artifacts[entry.version] = {.version = entry.version,
                                          .uri = entry.uri,
                                          .sha256 = entry.sha256,
                                          .directory = entry.directory,
                                          .node = entry.node,
                                          .elasticsearch = entry.elasticsearch};
  }
  return catalogue;
}

std::expected<MesosSecrets, std::vector<config::Mistake>> read_secrets(const config::MesosConfig& config,
                                                                       const config::Environment& environment) {
  MesosSecrets secrets;
  std::vector<config::Mistake> mistakes;
  if (const config::SecretFile& file = config.credentials_file; !file.path.empty()) {
    if (const auto line = first_line(file.path); !line) {
      mistakes.push_back({file.line, "mesos.credentials_file", line.error().detail});
    } else if (auto credentials = parse_credentials(*line); !credentials) {
      mistakes.push_back({file.line, "mesos.credentials_file", file.path.string() + ": " + credentials.error().detail});
    } else {
      secrets.credentials = std::move(*credentials);
    }
  } else if (!config.embedded && environment.mesos_principal && environment.mesos_secret) {
    secrets.credentials = {*environment.mesos_principal, *environment.mesos_secret};
  }
  if (const config::SecretFile& file = config.zookeeper_password_file; !file.path.empty()) {
    if (auto line = first_line(file.path); !line) {
      mistakes.push_back({file.line, "mesos.zookeeper_password_file", line.error().detail});
    } else {
      secrets.zookeeper_password = std::move(*line);
    }
  } else if (environment.zookeeper_password) {
    secrets.zookeeper_password = *environment.zookeeper_password;
  }
  if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
  return secrets;
}

loop::HostConfig host_config_of(const config::Config& config, const MesosSecrets& secrets, const std::string& version) {
  loop::HostConfig host;
  host.controller.settings.catalogue = catalogue_of(config);
  host.controller.settings.haproxy.program = config.haproxy_program;
  host.controller.settings.kibana = kibanas_of(config);
  host.controller.version = version;
  host.controller.principal = secrets.credentials ? secrets.credentials->principal : kDefaultPrincipal;
  host.mesos.credentials = secrets.credentials;
  if (config.mesos.masters.in_zookeeper) {
    mesos::ZookeeperConfig& zookeeper = host.mesos.zookeeper.emplace();
    zookeeper.group = config.mesos.masters.zookeeper;
    zookeeper.group.password = secrets.zookeeper_password;
  } else {
    host.mesos.masters = config.mesos.masters.masters;
  }
  host.controller.task_user = config.mesos.task_user;
  host.controller.framework_id = config.mesos.framework_id;
  host.controller.orphans = config.mesos.orphans;
  host.controller.unknown_tasks = config.mesos.unknown_tasks;
  host.framework.name = config.mesos.framework_name;
  host.framework.user = config.mesos.task_user;
  host.framework.principal = host.controller.principal;
  host.framework.failover_timeout = config.mesos.failover_timeout;
  host.controller.digest_period = config.digest_period;
  host.snapshot_events = config.snapshot_events;
  host.free_space_reserve_bytes = config.free_space_reserve_mib * 1024 * 1024;
  host.free_space = store::probe_file_system(config.data_dir);
  host.queued_commands_max = config.queued_commands_max;
  return host;
}

http::ServerSettings server_settings_of(const config::Config& config) {
  http::ServerSettings settings;
  settings.address = config.http.address;
  settings.port = config.http.port;
  settings.threads = threads_of(config.http);
  settings.certificate_file = config.http.certificate_file;
  settings.key_file = config.http.key_file;
  settings.allow_plain_remote = config.http.allow_plain_remote;
  settings.limits = config.http.limits;
  return settings;
}

}  // namespace esaas::api
