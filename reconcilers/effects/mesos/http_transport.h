#pragma once
// HttpTransport: the HTTP connection to a master, with the words and the headers that masters are spoken to with.
//
// It keeps no deadlines: whoever owns it holds a timer and calls close(), which ends every wait with kUnavailable.
// Single-threaded; one operation at a time. Internal to this folder.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "core/base/result.h"
#include "reconcilers/effects/http/connection.h"
#include "reconcilers/effects/mesos/client.h"
#include "reconcilers/effects/mesos/endpoint.h"
#include "reconcilers/effects/mesos/scheduler_session.h"

namespace esaas::mesos {

using HttpRequest = http_client::Request;

/// A POST to the scheduler API with the headers that every call has. `stream_id` is empty for
/// SUBSCRIBE.
HttpRequest make_request(const wire::scheduler::Call& call, std::string_view stream_id,
                         const std::optional<Credentials>& credentials);

/// The same for any other API of a master: a POST of protobuf bytes to `path`.
HttpRequest make_request(std::string_view path, std::string body, const std::optional<Credentials>& credentials);

/// What an answer with an end holds.
struct HttpAnswer {
  int status = 0;
  std::string text;
};

class HttpTransport {
 public:
  HttpTransport(boost::asio::io_context& io, boost::asio::ssl::context* tls) : connection_(io, tls) {}

  /// Resolves, connects and shakes hands. An earlier connection is closed.
  boost::asio::awaitable<Result<void>> open(Endpoint to);

  /// Whether the connection can take another request: open, and the peer has neither closed it nor
  /// sent anything unasked.
  bool reusable() const { return connection_.reusable(); }

  /// One request, one whole answer of at most 64 KiB, its text made safe for a log.
  boost::asio::awaitable<Result<HttpAnswer>> exchange(HttpRequest request);
  /// One request, one whole answer of at most `bytes_max`, as it came.
  boost::asio::awaitable<Result<HttpAnswer>> exchange_whole(HttpRequest request, std::size_t bytes_max);

  /// One request whose answer has no end: the head, and for any status but 200 the text of the
  /// refusal.
  boost::asio::awaitable<Result<ResponseHead>> open_stream(HttpRequest request);
  /// More of the body after open_stream; kUnavailable when it ends.
  boost::asio::awaitable<Result<std::string>> read_some();

  void close() { connection_.close(); }

 private:
  boost::asio::awaitable<std::string> read_refusal();

  http_client::Connection connection_;
};

}  // namespace esaas::mesos
