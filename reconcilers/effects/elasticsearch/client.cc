#include "reconcilers/effects/elasticsearch/client.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/assert.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"
#include "reconcilers/effects/http/connection.h"

namespace esaas::es {
namespace {

namespace asio = boost::asio;
using reconcile::Observation;
using Deadline = std::chrono::steady_clock::time_point;

constexpr std::uint64_t kBodyBytesMax = std::uint64_t{64} << 20;

/// One connection to one node and the requests on it, one after another, all within one deadline. Errors:
/// kUnavailable, kDeadlineExceeded.
class Node {
 public:
  Node(asio::io_context& context, const Endpoint& endpoint, Deadline deadline)
      : peer_{endpoint.host, static_cast<std::uint16_t>(endpoint.port)}, connection_(context) {
    connection_.set_deadline(deadline);
  }

  asio::awaitable<Result<void>> connect() {
    const auto opened = co_await connection_.open(peer_);
    if (!opened) co_return failed(opened.error());
    co_return Result<void>{};
  }

  /// Any status is an answer.
  asio::awaitable<Result<http_client::Answer>> request(std::string method, std::string_view target, std::string body) {
    http_client::Request request{std::move(method), std::string(target), {}, std::move(body)};
    if (!request.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    auto answer = co_await connection_.exchange(std::move(request), kBodyBytesMax);
    if (!answer) co_return failed(answer.error());
    co_return std::move(*answer);
  }

 private:
  static std::string_view doing(http_client::Step step) {
    switch (step) {
      case http_client::Step::kResolve: return "resolve";
      case http_client::Step::kConnect:
      case http_client::Step::kHandshake: return "connect to";
      case http_client::Step::kSend: return "ask";
      case http_client::Step::kHead:
      case http_client::Step::kBody: break;
    }
    return "read the answer of";
  }

  [[nodiscard]] std::unexpected<Error> failed(const http_client::Failure& failure) const {
    return fail(failure.code(), fmt::format("{} {}: {}", doing(failure.step), peer_.to_string(), failure.why));
  }

  http_client::Peer peer_;
  http_client::Connection connection_;
};

/// Each node that is still to be tried gets an equal share of what is left, so that one that
/// swallows packets does not use up the time of the others.
Deadline share_of(Deadline deadline, std::size_t nodes_left) {
  const auto now = std::chrono::steady_clock::now();
  return now + std::max(deadline - now, Deadline::duration::zero()) / static_cast<long>(nodes_left);
}

asio::awaitable<Result<std::string>> get(Node& node, std::string_view target) {
  auto answer = co_await node.request("GET", target, {});
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->head.status != 200) {
    co_return fail(ErrorCode::kUnavailable,
                   fmt::format("status {}: {}", answer->head.status, reason_of_error(answer->body)));
  }
  co_return std::move(answer->body);
}

/// Everything from one node, or an error.
asio::awaitable<Result<Observation>> observe_node(Node& node, const std::string& cluster, Time asked_at) {
  Observation observation;
  observation.observed_at = asked_at;
  auto connected = co_await node.connect();
  if (!connected) co_return std::unexpected(std::move(connected).error());
  auto body = co_await get(node, kHealthPath);
  if (!body) co_return std::unexpected(std::move(body).error());
  auto health = parse_health(*body, cluster);
  if (!health) co_return std::unexpected(std::move(health).error());
  observation.health = std::move(*health);
  body = co_await get(node, kStatePath);
  if (!body) co_return std::unexpected(std::move(body).error());
  auto parsed = parse_cluster_state(*body, cluster, observation);
  if (!parsed) co_return std::unexpected(std::move(parsed).error());
  body = co_await get(node, kSettingsPath);
  if (!body) co_return std::unexpected(std::move(body).error());
  parsed = parse_settings(*body, observation);
  if (!parsed) co_return std::unexpected(std::move(parsed).error());
  co_return observation;
}

asio::awaitable<void> observe_target(asio::io_context& context, Client::Clock clock, Target target, Duration timeout,
                                     std::function<void(Observation)> callback) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::size_t nodes_left = target.endpoints.size();
  for (const Endpoint& endpoint : target.endpoints) {
    Node node(context, endpoint, share_of(deadline, nodes_left--));
    auto observation = co_await observe_node(node, target.cluster, clock());
    if (!observation) continue;
    callback(std::move(*observation));
    co_return;
  }
  Observation unknown;
  unknown.observed_at = clock();
  unknown.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  callback(std::move(unknown));
}

asio::awaitable<Result<void>> put_to_node(Node& node, const std::string& cluster, std::string body) {
  auto connected = co_await node.connect();
  if (!connected) co_return connected;
  auto root = co_await get(node, kRootPath);
  if (!root) co_return std::unexpected(std::move(root).error());
  auto is_ours = check_cluster_name(*root, cluster);
  if (!is_ours) co_return fail(ErrorCode::kUnavailable, is_ours.error().detail);
  auto answer = co_await node.request("PUT", kPutSettingsPath, std::move(body));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->head.status == 200) co_return check_acknowledged(answer->body);
  const bool is_refused = answer->head.status >= 400 && answer->head.status < 500 && answer->head.status != 429;
  co_return fail(is_refused ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
                 fmt::format("Elasticsearch answered {}: {}", answer->head.status, reason_of_error(answer->body)));
}

asio::awaitable<void> put_to_target(asio::io_context& context, Target target, std::string body, Duration timeout,
                                    std::function<void(Result<void>)> callback) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::size_t nodes_left = target.endpoints.size();
  Result<void> outcome = fail(ErrorCode::kUnavailable, "The cluster has no node to ask.");
  for (const Endpoint& endpoint : target.endpoints) {
    Node node(context, endpoint, share_of(deadline, nodes_left--));
    outcome = co_await put_to_node(node, target.cluster, body);
    if (outcome || outcome.error().code == ErrorCode::kInvalidArgument) break;
  }
  callback(std::move(outcome));
}

void must_not_throw(const std::exception_ptr& failure) {
  ESAAS_ASSERT(failure == nullptr, "a call of the Elasticsearch client threw");
}

}  // namespace

Client::Client(asio::io_context& context, Clock clock) : context_(context), clock_(std::move(clock)) {}

void Client::observe(Target target, Duration timeout, std::function<void(Observation)> callback) {
  asio::co_spawn(context_, observe_target(context_, clock_, std::move(target), timeout, std::move(callback)),
                 must_not_throw);
}

void Client::put_settings(Target target, std::string body, Duration timeout,
                          std::function<void(Result<void>)> callback) {
  asio::co_spawn(context_, put_to_target(context_, std::move(target), std::move(body), timeout, std::move(callback)),
                 must_not_throw);
}

}  // namespace esaas::es
