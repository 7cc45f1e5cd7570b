#pragma once
// Call: one authenticated request on its way through a route, and what routes stand on. Lives in the coroutine of
// ApiService::handle for as long as the route runs.

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/auth/access.h"
#include "api/http/exchange.h"
#include "api/http/limits.h"
#include "api/http/response.h"
#include "api/http/target.h"
#include "api/routes/read_pool.h"
#include "core/base/time.h"
#include "core/commands/decide.h"
#include "reconcilers/loop/front.h"
#include "reconcilers/loop/sinks/progress.h"

namespace esaas::store {
class EventLog;
class SecretStore;
class PastStates;
}

namespace esaas::api {

class BackupService;
class EventFeed;
class Metrics;

/// What the routes stand on. All of it outlives the server.
struct Foundation {
  loop::Front& front;
  const store::EventLog& log;
  Reads reads;
  EventFeed& feed;
  Metrics& metrics;
  http::Limits limits;
  std::function<Time()> now;
  std::string version;
  store::SecretStore* secrets = nullptr;  ///< null: none can be kept
  /// How far a sink is now; null, or nothing for one that does not run. Any thread.
  std::function<std::optional<sinks::Progress>(std::string_view sink)> sink_progress = nullptr;
  BackupService* backups = nullptr;          ///< null: none are taken
  store::PastStates* past_states = nullptr;  ///< null: nothing can be asked of the past
};

struct Call {
  const Foundation& foundation;
  std::shared_ptr<http::Exchange> exchange;
  http::Target target;
  std::vector<std::string> parameters;  ///< of the path template, in order
  command::Caller caller;

  [[nodiscard]] const http::Request& request() const { return exchange->request; }
};

/// A route that answers from memory, and one that has to wait. An error becomes a problem.
using SyncHandler = Result<http::Response> (*)(Call&);
using AsyncHandler = boost::asio::awaitable<Result<http::Response>> (*)(Call&);

struct Route {
  http::Verb verb = http::Verb::kGet;
  std::string_view path;  ///< template, as in openapi.yaml
  auth::Access access;
  std::variant<SyncHandler, AsyncHandler> handler;
  bool takes_at = false;  ///< it tells of the fleet's state or of its history, and so of any moment of the past (?at=)
};
inline constexpr bool kTakesAt = true;

}  // namespace esaas::api
