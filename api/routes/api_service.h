#pragma once
// ApiService: a request's way through the API: target, route, caller, access, handler, and every error as a problem.
// Used on all shards at once; what it holds is immutable after construction.

#include <vector>

#include "api/auth/token_uses.h"
#include "api/http/router.h"
#include "api/http/service.h"
#include "api/routes/call.h"

namespace esaas::api {

class ApiService final : public http::Service {
 public:
  /// `foundation`'s parts outlive the service.
  explicit ApiService(Foundation foundation);

  [[nodiscard]] std::uint64_t body_bytes_max(http::Verb verb, std::string_view target) const override;
  boost::asio::awaitable<http::Response> handle(std::shared_ptr<http::Exchange> exchange) override;

 private:
  boost::asio::awaitable<Result<http::Response>> dispatch(std::shared_ptr<http::Exchange> exchange,
                                                          std::size_t& route_index);

  const Foundation foundation_;
  auth::TokenUses token_uses_;
  const std::vector<Route> routes_;
  http::Router router_;
};

}  // namespace esaas::api
