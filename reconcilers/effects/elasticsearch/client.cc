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
#include "reconcilers/effects/elasticsearch/questions_parser.h"
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

asio::awaitable<void> ask_about_nodes(Node& node, const std::string& cluster, Observation& observation) {
  auto body = co_await get(node, kNodesPath);
  if (!body) co_return;
  auto nodes = parse_node_infos(*body, cluster);
  if (!nodes) co_return;
  body = co_await get(node, kDisksPath);
  if (!body || !parse_disks(*body, cluster, *nodes)) co_return;
  observation.node_infos = std::move(*nodes);
  observation.asked.nodes = true;
}

asio::awaitable<void> ask_about_stores(Node& node, const std::string& cluster, Observation& observation) {
  auto body = co_await get(node, kStoresPath);
  if (!body) co_return;
  auto stores = parse_stores(*body, cluster);
  if (!stores) co_return;
  observation.stores = std::move(*stores);
  observation.asked.stores = true;
}

asio::awaitable<void> ask_about_snapshots(Node& node, std::pair<std::string, std::string> asked,
                                          Observation& observation) {
  const auto& [repository, snapshot] = asked;
  auto answer = co_await node.request("GET", snapshots_path(repository, snapshot), {});
  if (!answer) co_return;
  if (answer->head.status == 404 && says_snapshot_is_missing(answer->body)) {
    observation.snapshots.push_back({repository, snapshot, "MISSING", reason_of_error(answer->body)});
  } else {
    auto snapshots = answer->head.status == 200 ? parse_snapshots(answer->body, repository)
                                                : fail(ErrorCode::kUnavailable, "no answer");
    if (!snapshots) co_return;
    for (reconcile::SnapshotInfo& one : *snapshots) observation.snapshots.push_back(std::move(one));
  }
  observation.asked.snapshots.push_back(std::move(asked));
}

/// What somebody waits for. That it stays unanswered does not make the rest unknown.
asio::awaitable<void> ask_besides(Node& node, const std::string& cluster, const reconcile::Questions& questions,
                                  Observation& observation) {
  if (questions.nodes) co_await ask_about_nodes(node, cluster, observation);
  if (questions.stores) co_await ask_about_stores(node, cluster, observation);
  for (const auto& asked : questions.snapshots) co_await ask_about_snapshots(node, asked, observation);
  if (!questions.explain) co_return;
  auto answer = co_await node.request("GET", kExplainPath, {});
  if (!answer || answer->head.status != 200) co_return;
  if (auto explanation = parse_explanation(answer->body)) observation.allocation_explanation = std::move(*explanation);
  observation.asked.explain = true;
}

asio::awaitable<void> observe_target(asio::io_context& context, Client::Clock clock, Target target,
                                     reconcile::Questions questions, Duration timeout,
                                     std::function<void(Observation)> callback) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::size_t nodes_left = target.endpoints.size();
  for (const Endpoint& endpoint : target.endpoints) {
    Node node(context, endpoint, share_of(deadline, nodes_left--));
    auto observation = co_await observe_node(node, target.cluster, clock());
    if (!observation) continue;
    co_await ask_besides(node, target.cluster, questions, *observation);
    callback(std::move(*observation));
    co_return;
  }
  Observation unknown;
  unknown.observed_at = clock();
  unknown.health.set_status(model::HEALTH_STATUS_UNKNOWN);
  callback(std::move(unknown));
}

/// The node is there and answers, but has no time, or no master.
bool is_no_answer(unsigned status) { return status == 429 || (status >= 502 && status <= 504); }

asio::awaitable<Result<RequestAnswer>> request_node(Node& node, const std::string& cluster, SettingRequest request) {
  auto connected = co_await node.connect();
  if (!connected) co_return std::unexpected(std::move(connected).error());
  auto root = co_await get(node, kRootPath);
  if (!root) co_return std::unexpected(std::move(root).error());
  auto is_ours = check_cluster_name(*root, cluster);
  if (!is_ours) co_return fail(ErrorCode::kUnavailable, is_ours.error().detail);
  auto answer = co_await node.request(std::move(request.method), request.path, std::move(request.body));
  if (!answer) co_return std::unexpected(std::move(answer).error());
  co_return RequestAnswer{.status = static_cast<unsigned>(answer->head.status), .body = std::move(answer->body)};
}

asio::awaitable<void> request_target(asio::io_context& context, Target target, SettingRequest request, Duration timeout,
                                     std::function<void(Result<RequestAnswer>)> callback) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  std::size_t nodes_left = target.endpoints.size();
  Result<RequestAnswer> outcome = fail(ErrorCode::kUnavailable, "The cluster has no node to ask.");
  for (const Endpoint& endpoint : target.endpoints) {
    Node node(context, endpoint, share_of(deadline, nodes_left--));
    auto answer = co_await request_node(node, target.cluster, request);
    // What a node answered says more than that the next one is not there.
    if (answer || !outcome) outcome = std::move(answer);
    if (outcome && !is_no_answer(outcome->status)) break;
  }
  callback(std::move(outcome));
}

void must_not_throw(const std::exception_ptr& failure) {
  ESAAS_ASSERT(failure == nullptr, "a call of the Elasticsearch client threw");
}

}  // namespace

Client::Client(asio::io_context& context, Clock clock) : context_(context), clock_(std::move(clock)) {}

void Client::observe(Target target, reconcile::Questions questions, Duration timeout,
                     std::function<void(Observation)> callback) {
  asio::co_spawn(
      context_, observe_target(context_, clock_, std::move(target), std::move(questions), timeout, std::move(callback)),
      must_not_throw);
}

void Client::request(Target target, SettingRequest request, Duration timeout,
                     std::function<void(Result<RequestAnswer>)> callback) {
  asio::co_spawn(context_,
                 request_target(context_, std::move(target), std::move(request), timeout, std::move(callback)),
                 must_not_throw);
}

void Client::put_setting(Target target, SettingRequest request, Duration timeout,
                         std::function<void(Result<void>)> callback) {
  this->request(std::move(target), std::move(request), timeout,
                [callback = std::move(callback)](const Result<RequestAnswer>& answer) {
                  callback(answer ? check_put(*answer) : std::unexpected(answer.error()));
                });
}

}  // namespace esaas::es
