#include "reconcilers/embedded/front/http_front.h"

#include <map>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "reconcilers/embedded/front/routes.h"
#include "reconcilers/embedded/front/session.h"

namespace esaas::embedded {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class HttpFront::Impl : public std::enable_shared_from_this<HttpFront::Impl> {
 public:
  Impl(asio::io_context& io, Engine& engine, FrontOptions options)
      : acceptor_(io),
        pause_(io),
        engine_(engine),
        options_(std::move(options)),
        routes_(engine, options_.credentials) {}

  Result<std::uint16_t> listen() {
    error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) {
      return fail(ErrorCode::kInvalidArgument, "'" + options_.address + "' is not an address", "listen");
    }
    const tcp::endpoint endpoint(address, options_.port);
    const auto failed = [&](const char* what) {
      return fail(ErrorCode::kUnavailable, std::string("cannot ") + what + " " + options_.address + ":" +
                                               std::to_string(options_.port) + ": " + error.message());
    };
    if (acceptor_.open(endpoint.protocol(), error); error) return failed("open");
    if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error); error) return failed("open");
    if (acceptor_.bind(endpoint, error); error) return failed("bind");
    if (acceptor_.listen(asio::socket_base::max_listen_connections, error); error) return failed("listen on");
    const std::uint16_t port = acceptor_.local_endpoint(error).port();
    auto keep = [self = shared_from_this()](const std::exception_ptr&) {};
    asio::co_spawn(acceptor_.get_executor(), accept(), std::move(keep));
    return port;
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (auto& [number, session] : sessions_) session->close();
  }

 private:
  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted) co_return;
      if (error) {
        // No file descriptors, for example: others have to end first.
        pause_.expires_after(std::chrono::milliseconds(100));
        co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (sessions_.size() >= options_.connections_max) continue;  // closed unanswered
      socket.set_option(tcp::no_delay(true), error);
      begin(std::move(socket));
    }
  }

  void begin(tcp::socket socket) {
    const std::uint64_t number = ++sessions_made_;
    auto session = std::make_shared<HttpSession>(std::move(socket), engine_, routes_, options_);
    sessions_.emplace(number, session);
    session->start([weak = weak_from_this(), number] {
      if (auto self = weak.lock()) self->sessions_.erase(number);
    });
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  Engine& engine_;
  FrontOptions options_;
  Routes routes_;
  std::uint64_t sessions_made_ = 0;
  std::map<std::uint64_t, std::shared_ptr<HttpSession>> sessions_;
};

HttpFront::HttpFront(asio::io_context& io, Engine& engine, FrontOptions options)
    : impl_(std::make_shared<Impl>(io, engine, std::move(options))) {}
HttpFront::~HttpFront() { impl_->stop(); }
Result<std::uint16_t> HttpFront::listen() { return impl_->listen(); }
void HttpFront::stop() { impl_->stop(); }

}  // namespace esaas::embedded
