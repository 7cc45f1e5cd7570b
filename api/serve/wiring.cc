#include "api/serve/wiring.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "api/config/layout.h"

namespace esaas::api {
namespace {

constexpr std::string_view kDefaultPrincipal = "esaas";

/// One HTTP thread leaves a core to the controller and the log writer on a small machine.
std::size_t threads_of(const config::HttpConfig& config) {
  if (config.threads != 0) return config.threads;
  const unsigned cores = std::thread::hardware_concurrency();
  return cores <= 2 ? 1 : 1 + (cores - 2) / 2;
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
  }
  return catalogue;
}

Result<Masters> parse_masters(std::string_view text) {
  Masters masters;
  if (text.starts_with("https://")) {
    masters.tls = true;
    text.remove_prefix(std::string_view("https://").size());
  }
  // Every master may repeat the scheme; all have to have the same one.
  std::string plain(text);
  const std::string scheme = masters.tls ? "https://" : "http://";
  for (auto found = plain.find(scheme); found != std::string::npos; found = plain.find(scheme)) {
    plain.erase(found, scheme.size());
  }
  ESAAS_TRY(masters.endpoints, mesos::parse_endpoints(plain));
  return masters;
}

Result<mesos::Credentials> read_credentials(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) {
    return fail(ErrorCode::kInvalidArgument, "cannot read " + file.string(), "mesos.credentials_file");
  }
  std::istringstream words(line);
  mesos::Credentials credentials;
  std::string rest;
  if (!(words >> credentials.principal >> credentials.secret) || words >> rest) {
    return fail(ErrorCode::kInvalidArgument, file.string() + ": the first line must be PRINCIPAL SECRET",
                "mesos.credentials_file");
  }
  return credentials;
}

Result<loop::HostConfig> host_config_of(const config::Config& config, const std::string& version) {
  loop::HostConfig host;
  host.controller.settings.catalogue = catalogue_of(config);
  host.controller.version = version;
  host.controller.principal = kDefaultPrincipal;
  if (!config.mesos.credentials_file.empty()) {
    ESAAS_TRY(host.mesos.credentials, read_credentials(config.mesos.credentials_file));
    host.controller.principal = host.mesos.credentials->principal;
  }
  host.controller.task_user = config.mesos.task_user;
  host.framework.name = config.mesos.framework_name;
  host.framework.user = config.mesos.task_user;
  host.framework.principal = host.controller.principal;
  host.framework.failover_timeout = config.mesos.failover_timeout;
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
