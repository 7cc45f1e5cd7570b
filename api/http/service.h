#pragma once
// Service: what the server does with a request. The API's implementation is routes/api_service.h; tests use small ones.

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

#include "api/http/exchange.h"
#include "api/http/response.h"

namespace esaas::api::http {

class Service {
 public:
  virtual ~Service() = default;

  /// How long the body of such a request may be. Called once its headers are there; must not block.
  [[nodiscard]] virtual std::uint64_t body_bytes_max(Verb verb, std::string_view target) const = 0;

  /// Answers `exchange->request`. Called on the exchange's shard; other requests of the shard wait while it does not
  /// suspend. Exceptions become a 500 that says nothing.
  virtual boost::asio::awaitable<Response> handle(std::shared_ptr<Exchange> exchange) = 0;
};

}  // namespace esaas::api::http
