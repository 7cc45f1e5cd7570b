#include "reconcilers/effects/elasticsearch/http_exchange.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <utility>

namespace esaas::es {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

}  // namespace

HttpExchange::HttpExchange(asio::io_context& context, Endpoint endpoint, Deadline deadline)
    : endpoint_(std::move(endpoint)),
      deadline_(deadline),
      resolver_(context),
      resolve_timer_(context),
      stream_(context) {}

std::unexpected<Error> HttpExchange::failed(const std::string& doing, const error_code& code) const {
  const bool is_late = code == beast::error::timeout || std::chrono::steady_clock::now() >= deadline_;
  return fail(is_late ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable,
              fmt::format("{} {}:{}: {}", doing, endpoint_.host, endpoint_.port, code.message()));
}

asio::awaitable<Result<void>> HttpExchange::connect() {
  error_code code;
  stream_.expires_at(deadline_);
  const auto address = asio::ip::make_address(endpoint_.host, code);
  if (!code) {
    const asio::ip::tcp::endpoint to(address, static_cast<std::uint16_t>(endpoint_.port));
    co_await stream_.async_connect(to, asio::redirect_error(asio::use_awaitable, code));
  } else {
    // The stream's own deadline does not reach the resolver.
    resolve_timer_.expires_at(deadline_);
    resolve_timer_.async_wait([this](const error_code& ended) {
      if (!ended) resolver_.cancel();
    });
    const auto found = co_await resolver_.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                                                        asio::redirect_error(asio::use_awaitable, code));
    resolve_timer_.cancel();
    if (code) co_return failed("resolve", code);
    co_await stream_.async_connect(found, asio::redirect_error(asio::use_awaitable, code));
  }
  if (code) co_return failed("connect to", code);
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), code);
  co_return Result<void>{};
}

asio::awaitable<Result<HttpAnswer>> HttpExchange::request(http::verb verb, std::string target, std::string body) {
  http::request<http::string_body> request(verb, target, 11);
  request.set(http::field::host, fmt::format("{}:{}", endpoint_.host, endpoint_.port));
  request.set(http::field::user_agent, "esaas");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = std::move(body);
  request.prepare_payload();
  error_code code;
  stream_.expires_at(deadline_);
  co_await http::async_write(stream_, request, asio::redirect_error(asio::use_awaitable, code));
  if (code) co_return failed("ask", code);
  http::response_parser<http::string_body> parser;
  parser.body_limit(kBodyBytesMax);
  co_await http::async_read(stream_, buffer_, parser, asio::redirect_error(asio::use_awaitable, code));
  if (code) co_return failed("read the answer of", code);
  HttpAnswer answer;
  answer.status = parser.get().result_int();
  answer.body = std::move(parser.get().body());
  co_return answer;
}

}  // namespace esaas::es
