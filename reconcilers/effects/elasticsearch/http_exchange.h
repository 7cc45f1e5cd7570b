#pragma once
// HttpExchange: one connection to one node and the requests on it, one after another, all within
// one deadline. Used by client.cc alone, on the owner's io_context thread; not to be moved while a
// request is under way.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/verb.hpp>

#include <chrono>
#include <cstddef>
#include <string>

#include "core/base/result.h"
#include "reconcilers/effects/elasticsearch/client.h"

namespace esaas::es {

struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};

class HttpExchange {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  HttpExchange(boost::asio::io_context& context, Endpoint endpoint, Deadline deadline);
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  /// Errors of both: kUnavailable, kDeadlineExceeded.
  boost::asio::awaitable<Result<void>> connect();
  /// Any status is an answer. The body is bounded at kBodyBytesMax.
  boost::asio::awaitable<Result<HttpAnswer>> request(boost::beast::http::verb verb, std::string target,
                                                     std::string body);

  static constexpr std::size_t kBodyBytesMax = std::size_t{64} << 20;

 private:
  [[nodiscard]] std::unexpected<Error> failed(const std::string& doing, const boost::system::error_code& code) const;

  Endpoint endpoint_;
  Deadline deadline_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer resolve_timer_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace esaas::es
