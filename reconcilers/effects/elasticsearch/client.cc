#include "reconcilers/effects/elasticsearch/client.h"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <utility>

#include "core/base/assert.h"
#include "reconcilers/effects/elasticsearch/http_exchange.h"
#include "reconcilers/effects/elasticsearch/observation_parser.h"

namespace esaas::es {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using reconcile::Observation;
using Deadline = HttpExchange::Deadline;

/// Each node that is still to be tried gets an equal share of what is left, so that one that
/// swallows packets does not use up the time of the others.
Deadline share_of(Deadline deadline, std::size_t nodes_left) {
  const auto now = std::chrono::steady_clock::now();
  return now + std::max(deadline - now, Deadline::duration::zero()) / static_cast<long>(nodes_left);
}

asio::awaitable<Result<std::string>> get(HttpExchange& exchange, std::string target) {
  auto answer = co_await exchange.request(http::verb::get, std::move(target), {});
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->status != 200) {
    co_return fail(ErrorCode::kUnavailable,
                   fmt::format("status {}: {}", answer->status, reason_of_error(answer->body)));
  }
  co_return std::move(answer->body);
}

/// Everything from one node, or an error.
asio::awaitable<Result<Observation>> observe_node(HttpExchange& exchange, const std::string& cluster, Time asked_at) {
  Observation observation;
  observation.observed_at = asked_at;
  auto connected = co_await exchange.connect();
  if (!connected) co_return std::unexpected(std::move(connected).error());
  auto body = co_await get(exchange, std::string(kHealthPath));
  if (!body) co_return std::unexpected(std::move(body).error());
  auto health = parse_health(*body, cluster);
  if (!health) co_return std::unexpected(std::move(health).error());
  observation.health = std::move(*health);
  body = co_await get(exchange, std::string(kStatePath));
  if (!body) co_return std::unexpected(std::move(body).error());
  auto parsed = parse_cluster_state(*body, cluster, observation);
  if (!parsed) co_return std::unexpected(std::move(parsed).error());
  body = co_await get(exchange, std::string(kSettingsPath));
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
    HttpExchange exchange(context, endpoint, share_of(deadline, nodes_left--));
    auto observation = co_await observe_node(exchange, target.cluster, clock());
    if (!observation) continue;
    callback(std::move(*observation));
    co_return;
  }
  Observation unknown;
  unknown.observed_at = clock();
  unknown.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  callback(std::move(unknown));
}

asio::awaitable<Result<void>> put_to_node(HttpExchange& exchange, const std::string& cluster, std::string body) {
  auto connected = co_await exchange.connect();
  if (!connected) co_return connected;
  auto root = co_await get(exchange, std::string(kRootPath));
  if (!root) co_return std::unexpected(std::move(root).error());
  auto is_ours = check_cluster_name(*root, cluster);
  if (!is_ours) co_return fail(ErrorCode::kUnavailable, is_ours.error().detail);
  auto answer = co_await exchange.request(http::verb::put, std::string(kPutSettingsPath), std::move(body));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  if (answer->status == 200) co_return check_acknowledged(answer->body);
  const bool is_refused = answer->status >= 400 && answer->status < 500 && answer->status != 429;
  co_return fail(is_refused ? ErrorCode::kInvalidArgument : ErrorCode::kUnavailable,
                 fmt::format("Elasticsearch answered {}: {}", answer->status, reason_of_error(answer->body)));
}

asio::awaitable<void> put_to_target(asio::io_context& context, Target target, std::string body, Duration timeout,
                                    std::function<void(Result<void>)> callback) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::size_t nodes_left = target.endpoints.size();
  Result<void> outcome = fail(ErrorCode::kUnavailable, "The cluster has no node to ask.");
  for (const Endpoint& endpoint : target.endpoints) {
    HttpExchange exchange(context, endpoint, share_of(deadline, nodes_left--));
    outcome = co_await put_to_node(exchange, target.cluster, body);
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
