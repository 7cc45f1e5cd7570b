#pragma once
// What a cluster's proxy is started with: HAProxy, with a configuration that never changes while it runs. Pure text,
// kept in the launch event.
//
// The configuration has empty places for servers and empty lists of who may come in, and lets nobody in until it is
// told otherwise (runtime.h): so it needs no reload when nodes move, and holds no secret. Its control port speaks TLS,
// and answers only to whoever holds the key of the controller's certificate; its own key is made where it runs and
// never leaves it.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/model.pb.h"

namespace esaas::haproxy {

/// How proxies of this installation are started.
struct Program {
  std::string program = "haproxy";     ///< on the agents: a name on the PATH, or a path
  std::string controller_certificate;  ///< PEM; whoever holds its key may tell the proxies. Empty: none can be started
};

struct LaunchInput {
  std::string cluster = {};
  std::string node = {};
  model::Resources resources = {};
  model::Place place = {};  ///< clients come to its HTTP port, the controller to its transport port
};

/// Names that the configuration and the commands to it share.
inline constexpr std::string_view kElasticsearch = "elasticsearch";  ///< a backend
inline constexpr std::string_view kKibana = "kibana";                ///< a backend
inline constexpr std::string_view kUsersFile = "./users.map";        ///< digests of who may come in (runtime.h)
inline constexpr std::string_view kNetworksFile = "./networks.acl";  ///< where from
inline constexpr std::string_view kDoorsFile = "./doors.map";        ///< "users" and "networks": "all" or "listed"
inline constexpr std::uint32_t kElasticsearchSlots = 100;
inline constexpr std::uint32_t kKibanaSlots = 4;
/// Where Kibana is, behind the cluster's own address. No index can have such a name.
inline constexpr std::string_view kKibanaPath = "/_kibana";

/// The text of haproxy.cfg.
std::string render_configuration(const LaunchInput& input);

/// kUnavailable: there is no certificate of the controller; kInvalidArgument: the place's host can not be written down.
Result<model::LaunchSpec> render_launch(const LaunchInput& input, const Program& program);

}  // namespace esaas::haproxy
