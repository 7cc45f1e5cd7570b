#include "api/routes/api_service.h"

#include <chrono>

#include "api/auth/token.h"
#include "api/http/co_try.h"
#include "api/http/problem.h"
#include "api/routes/metrics.h"
#include "api/routes/operation_routes.h"
#include "api/routes/past_call.h"
#include "api/routes/route_table.h"

namespace esaas::api {
namespace {

namespace asio = boost::asio;

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

ApiService::ApiService(Foundation foundation)
    : foundation_(std::move(foundation)), token_uses_(foundation_.front, foundation_.now), routes_(all_routes()) {
  for (std::size_t i = 0; i < routes_.size(); ++i) router_.add(routes_[i].verb, routes_[i].path, i);
  foundation_.metrics.name_routes(routes_);
}

std::uint64_t ApiService::body_bytes_max(http::Verb verb, std::string_view target) const {
  const bool batch = verb == http::Verb::kPost && path_of(target) == kBatchPath;
  return batch ? foundation_.limits.batch_body_bytes_max : foundation_.limits.body_bytes_max;
}

asio::awaitable<http::Response> ApiService::handle(std::shared_ptr<http::Exchange> exchange) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t route_index = routes_.size();
  auto result = co_await dispatch(exchange, route_index);
  auto response =
      result ? std::move(*result) : http::problem_response(result.error(), path_of(exchange->request.target));
  foundation_.metrics.count_request(route_index, response.status, std::chrono::steady_clock::now() - begin);
  co_return response;
}

asio::awaitable<Result<http::Response>> ApiService::dispatch(std::shared_ptr<http::Exchange> exchange,
                                                             std::size_t& route_index) {
  const auto& request = exchange->request;
  ESAAS_CO_TRY(auto target, http::parse_target(request.target));
  auto match = router_.match(request.verb, target.segments);
  if (match.outcome == http::Router::Outcome::kNoPath) {
    co_return fail(ErrorCode::kNotFound, "there is no resource " + target.path);
  }
  if (match.outcome == http::Router::Outcome::kNoVerb) {
    auto response = http::problem_response(405, "this resource allows " + match.allow, "", target.path);
    response.headers.emplace_back("Allow", std::move(match.allow));
    co_return response;
  }
  route_index = match.route;
  const Route& route = routes_[match.route];
  Call call{foundation_, exchange, std::move(target), std::move(match.parameters), {}};
  if (!route.access.open) {
    if (!request.repeated_header.empty()) {
      co_return fail(ErrorCode::kInvalidArgument, "the header is given twice", request.repeated_header);
    }
    ESAAS_CO_TRY(call.caller, auth::authenticate(foundation_.front, request.authorization, exchange->peer_address,
                                                 foundation_.now()));
    token_uses_.note(call.caller, request.method, request.target);
    if (!auth::allows(route.access, call.caller)) {
      co_return fail(ErrorCode::kPermissionDenied,
                     "a token of role " + std::string(auth::name_of(call.caller.role)) +
                         (call.caller.tenant.empty() ? "" : " of one tenant") + " may not do this",
                     "", "role_allows_route");
    }
  }
  if (route.takes_at) {
    if (const auto at = take_at(call.target)) co_return co_await answer_as_of(call, route, *at);
  }
  co_return co_await answer(call, route);
}

}  // namespace esaas::api
