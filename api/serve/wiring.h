#pragma once
// From the configuration to what the controller's parts take. Pure but for reading the files with secrets.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "api/config/config.h"
#include "api/config/load.h"
#include "api/http/server.h"
#include "core/base/result.h"
#include "reconcilers/effects/elasticsearch/catalogue.h"
#include "reconcilers/loop/controller_host.h"

namespace esaas::api {

/// The versions that may be asked for.
es::Catalogue catalogue_of(const config::Config& config);

/// What the file of the configuration only names.
struct MesosSecrets {
  std::optional<mesos::Credentials> credentials;  ///< null: no authentication
  std::string zookeeper_password;
};

/// "PRINCIPAL SECRET" and the password for ZooKeeper, each from the first line of its file or from the environment. The
/// mistakes have the lines on which the configuration names the files.
std::expected<MesosSecrets, std::vector<config::Mistake>> read_secrets(const config::MesosConfig& config,
                                                                       const config::Environment& environment);

/// The versions of Kibana that may be installed.
kibana::Catalogue kibanas_of(const config::Config& config);

/// Everything but TLS, secrets, the callbacks, and the masters when they are the embedded Mesos.
loop::HostConfig host_config_of(const config::Config& config, const MesosSecrets& secrets, const std::string& version);

http::ServerSettings server_settings_of(const config::Config& config);

}  // namespace esaas::api
