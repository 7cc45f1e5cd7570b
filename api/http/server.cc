#include "api/http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "api/http/listening.h"
#include "api/http/problem.h"
#include "api/http/session.h"
#include "api/http/shard.h"

namespace esaas::api::http {
namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

class Server::Impl {
 public:
  Impl(ServerSettings settings, Service& service)
      : settings_(std::move(settings)),
        context_{service, settings_.limits, connections_, streams_, nullptr, settings_.on_exception} {}

  Result<void> start();
  void stop();

  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<std::size_t> streams_ = 0;

 private:
  Result<void> load_tls();
  asio::awaitable<void> accept_connections();
  void take(Tcp::socket socket, Shard& shard);
  void turn_away(Tcp::socket& socket);

  ServerSettings settings_;
  SessionContext context_;
  std::optional<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::optional<Tcp::acceptor> acceptor_;
  std::size_t next_shard_ = 0;
  std::vector<std::thread> threads_;
};

Result<void> Server::Impl::load_tls() {
  if (settings_.certificate_file.empty() && settings_.key_file.empty()) return {};
  if (settings_.certificate_file.empty() || settings_.key_file.empty()) {
    return fail(ErrorCode::kInvalidArgument, "TLS needs a certificate and a key", "tls", "tls_pair");
  }
  tls_.emplace(asio::ssl::context::tls_server);
  boost::system::error_code ec;
  tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                        asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1,
                    ec);
  if (!ec) tls_->use_certificate_chain_file(settings_.certificate_file, ec);
  if (ec) {
    return fail(ErrorCode::kInvalidArgument,
                settings_.certificate_file + " is not a usable certificate: " + ec.message(),
                "http.tls.certificate_file");
  }
  tls_->use_private_key_file(settings_.key_file, asio::ssl::context::pem, ec);
  if (ec) {
    return fail(ErrorCode::kInvalidArgument,
                settings_.key_file + " is not a usable key for the certificate: " + ec.message(), "http.tls.key_file");
  }
  context_.tls = &*tls_;
  return {};
}

Result<void> Server::Impl::start() {
  ESAAS_TRY(const auto address, parse_listen_address(settings_.address));
  ESAAS_CHECK(load_tls());
  if (shows_tokens(address, tls_.has_value(), settings_.allow_plain_remote)) {
    return fail(ErrorCode::kInvalidArgument, settings_.address + " " + std::string(kShowsTokens), "http.listen",
                "tls_beyond_loopback");
  }
  const auto count = std::max<std::size_t>(settings_.threads, 1);
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
  ESAAS_TRY(acceptor_, listen_on(shards_.front()->context(), address, settings_.port));
  port_ = acceptor_->local_endpoint().port();
  auto on_end = [this](const std::exception_ptr& error) {
    if (error && settings_.on_exception) settings_.on_exception("accepting connections ended");
  };
  asio::co_spawn(shards_.front()->context(), accept_connections(), std::move(on_end));
  for (auto& shard : shards_) threads_.emplace_back([&shard] { shard->run(); });
  return {};
}

asio::awaitable<void> Server::Impl::accept_connections() {
  while (acceptor_->is_open()) {
    Shard& shard = *shards_[next_shard_++ % shards_.size()];
    boost::system::error_code ec;
    Tcp::socket socket =
        co_await acceptor_->async_accept(shard.context(), asio::redirect_error(asio::use_awaitable, ec));
    if (!acceptor_->is_open()) co_return;
    if (!ec) {
      take(std::move(socket), shard);
      continue;
    }
    // Out of file descriptors, or a client that has gone: neither ends the server.
    asio::steady_timer pause(shards_.front()->context(), std::chrono::milliseconds(50));
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

void Server::Impl::take(Tcp::socket socket, Shard& shard) {
  if (connections_.fetch_add(1, std::memory_order_relaxed) >= settings_.limits.connections_max) {
    connections_.fetch_sub(1, std::memory_order_relaxed);
    turn_away(socket);
    return;
  }
  if (&shard == shards_.front().get()) {
    start_session(shard, context_, std::move(socket));
    return;
  }
  asio::post(shard.context(), [this, &shard, socket = std::move(socket)]() mutable {
    start_session(shard, context_, std::move(socket));
  });
}

/// One connection too many: told so if the socket takes it at once, never waited for.
void Server::Impl::turn_away(Tcp::socket& socket) {
  boost::system::error_code ec;
  if (!tls_) {
    std::string bytes;
    serialize(problem_response({ErrorCode::kUnavailable, "too many connections", "", "connections_max"}, ""), false,
              false, bytes);
    socket.non_blocking(true, ec);
    if (!ec) socket.write_some(asio::buffer(bytes), ec);
    socket.shutdown(Tcp::socket::shutdown_send, ec);
  }
  socket.close(ec);
}

void Server::Impl::stop() {
  if (threads_.empty()) return;
  asio::post(shards_.front()->context(), [this] {
    boost::system::error_code ignored;
    acceptor_->close(ignored);
  });
  for (auto& shard : shards_) shard->finish(settings_.limits.shutdown_grace);
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

Server::Server(ServerSettings settings, Service& service)
    : impl_(std::make_unique<Impl>(std::move(settings), service)) {}
Server::~Server() { impl_->stop(); }
Result<void> Server::start() { return impl_->start(); }
void Server::stop() { impl_->stop(); }
std::uint16_t Server::port() const { return impl_->port_; }
std::size_t Server::connections() const { return impl_->connections_.load(std::memory_order_relaxed); }
std::size_t Server::streams() const { return impl_->streams_.load(std::memory_order_relaxed); }

}  // namespace esaas::api::http
