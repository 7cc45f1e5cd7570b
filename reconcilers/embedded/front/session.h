#pragma once
// HttpSession: one connection, from its first request to its end; a subscription is its last request. Single-threaded;
// lives as long as its coroutines.

#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "reconcilers/embedded/front/http_front.h"
#include "reconcilers/embedded/front/routes.h"

namespace esaas::embedded {

class HttpSession : public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(boost::asio::ip::tcp::socket socket, Engine& engine, const Routes& routes, const FrontOptions& options);

  /// Begins; `ended` is called once, when nothing of the session is going on any more.
  void start(std::function<void()> ended);
  /// Ends every wait.
  void close();

 private:
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<bool> serve_one();
  boost::asio::awaitable<void> send_events(RoutedAnswer answer);
  boost::asio::awaitable<bool> write_pending(std::shared_ptr<EventStream> events, Encoding encoding);
  boost::asio::awaitable<void> watch_peer();
  boost::asio::awaitable<bool> write(HttpResponse response);

  boost::beast::tcp_stream socket_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer changed_;  ///< cancelled when there is something to do for the stream
  Engine& engine_;
  const Routes& routes_;
  const FrontOptions& options_;
  bool peer_closed_ = false;
  bool watching_ = false;
};

}  // namespace esaas::embedded
