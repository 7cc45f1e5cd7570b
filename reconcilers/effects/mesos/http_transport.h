#pragma once
// One HTTP/1.1 connection to a master, plain or TLS, as coroutines that answer Result instead of
// throwing.
//
// It keeps no deadlines: whoever owns the connection holds a timer and calls close(), which ends
// every wait with kUnavailable. Single-threaded; one operation at a time. Internal to this folder
// (Beast stays out of client.h).

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/client.h"
#include "reconcilers/effects/mesos/endpoint.h"
#include "reconcilers/effects/mesos/scheduler_session.h"

namespace esaas::mesos {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// A POST to the scheduler API with the headers that every call has. `stream_id` is empty for
/// SUBSCRIBE.
HttpRequest make_request(const Endpoint& master, const wire::scheduler::Call& call, std::string_view stream_id,
                         const std::optional<Credentials>& credentials);

/// The same for any other API of a master: a POST of protobuf bytes to `path`.
HttpRequest make_request(const Endpoint& master, std::string_view path, std::string body,
                         const std::optional<Credentials>& credentials);

/// What an answer with an end holds.
struct HttpAnswer {
  int status = 0;
  std::string text;
};

class HttpTransport {
 public:
  HttpTransport(boost::asio::io_context& io, boost::asio::ssl::context* tls)
      : io_(io), tls_context_(tls), resolver_(io) {}
  ~HttpTransport() { close(); }
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  /// Resolves, connects and shakes hands. An earlier connection is closed.
  boost::asio::awaitable<Result<void>> open(Endpoint to);

  /// Whether the connection can take another request: open, and the peer has neither closed it nor
  /// sent anything unasked.
  bool reusable() const;

  /// One request, one whole answer of at most 64 KiB, its text made safe for a log.
  boost::asio::awaitable<Result<HttpAnswer>> exchange(HttpRequest request);
  /// One request, one whole answer of at most `bytes_max`, as it came.
  boost::asio::awaitable<Result<HttpAnswer>> exchange_whole(HttpRequest request, std::size_t bytes_max);

  /// One request whose answer has no end: the head, and for any status but 200 the text of the
  /// refusal.
  boost::asio::awaitable<Result<ResponseHead>> open_stream(HttpRequest request);
  /// More of the body after open_stream; kUnavailable when it ends.
  boost::asio::awaitable<Result<std::string>> read_some();

  void close();

 private:
  using StreamParser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  boost::beast::tcp_stream& tcp();
  boost::asio::awaitable<Result<void>> resolve_and_connect(const Endpoint& to);
  boost::asio::awaitable<Result<void>> write(HttpRequest& request);
  boost::asio::awaitable<Result<std::string>> read_refusal();

  boost::asio::io_context& io_;
  boost::asio::ssl::context* tls_context_;
  boost::asio::ip::tcp::resolver resolver_;
  std::unique_ptr<boost::beast::tcp_stream> plain_;
  std::unique_ptr<boost::beast::ssl_stream<boost::beast::tcp_stream>> tls_;
  boost::beast::flat_buffer buffer_;
  std::optional<StreamParser> stream_parser_;
  bool keep_alive_ = false;
};

}  // namespace esaas::mesos
