#pragma once
// From the configuration to what the controller's parts take. Pure but for reading the credentials file.

#include <cstdint>
#include <string>

#include "api/config/config.h"
#include "api/http/server.h"
#include "core/base/result.h"
#include "reconcilers/effects/elasticsearch/catalogue.h"
#include "reconcilers/loop/controller_host.h"

namespace esaas::api {

/// The versions that may be asked for.
es::Catalogue catalogue_of(const config::Config& config);

/// "http://HOST:PORT,HOST:PORT" as endpoints, and whether they speak TLS. kInvalidArgument says what is wrong.
struct Masters {
  std::vector<mesos::Endpoint> endpoints;
  bool tls = false;
};
Result<Masters> parse_masters(std::string_view text);

/// "PRINCIPAL SECRET" from the file's first line. kInvalidArgument: unreadable, or of another shape.
Result<mesos::Credentials> read_credentials(const std::filesystem::path& file);

/// Everything but the masters, TLS, and the callbacks.
Result<loop::HostConfig> host_config_of(const config::Config& config, const std::string& version);

http::ServerSettings server_settings_of(const config::Config& config);

}  // namespace esaas::api
