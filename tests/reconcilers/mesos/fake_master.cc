#include "tests/reconcilers/mesos/fake_master.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "reconcilers/effects/mesos/recordio.h"

namespace esaas::mesos::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

class FakeMaster::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(FakeMaster& master, asio::ip::tcp::socket socket, asio::ssl::context* tls, int number)
      : master_(&master), number_(number), wake_(socket.get_executor()) {
    if (tls != nullptr) {
      tls_.emplace(std::move(socket), *tls);
    } else {
      plain_.emplace(std::move(socket));
    }
  }

  void start(asio::io_context& io) { asio::co_spawn(io, run(shared_from_this()), asio::detached); }

  void push(std::string bytes) {
    out_.push_back(std::move(bytes));
    wake_.cancel();
  }

  void close() {
    closed_ = true;
    wake_.cancel();
    error_code ec;
    if (tls_) beast::get_lowest_layer(*tls_).socket().close(ec);
    if (plain_) plain_->socket().close(ec);
  }

  void detach() {
    master_ = nullptr;
    close();
  }

 private:
  static asio::awaitable<void> run(std::shared_ptr<Connection> self) {
    error_code ec;
    if (self->tls_) {
      co_await self->tls_->async_handshake(asio::ssl::stream_base::server,
                                           asio::redirect_error(asio::use_awaitable, ec));
      if (ec) co_return;
    }
    beast::flat_buffer buffer;
    while (!self->closed_) {
      http::request<http::string_body> request;
      if (self->tls_) {
        co_await http::async_read(*self->tls_, buffer, request, asio::redirect_error(asio::use_awaitable, ec));
      } else {
        co_await http::async_read(*self->plain_, buffer, request, asio::redirect_error(asio::use_awaitable, ec));
      }
      if (ec || self->master_ == nullptr) co_return;
      if (!co_await self->serve(request)) co_return;
    }
  }

  asio::awaitable<bool> serve(const http::request<http::string_body>& request) {
    const Answer reply = record(request);
    if (!master_->greeting.empty()) {
      co_await send(master_->greeting);
      close();
      co_return false;
    }
    if (reply.never) co_return true;
    if (master_->seen.back().call.type() == Call::SUBSCRIBE && reply.status == 202) {
      master_->stream_ = shared_from_this();
      co_await send(
          fmt::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: {}\r\n"
                      "Mesos-Stream-Id: stream-{}\r\n\r\n",
                      master_->stream_content_type, number_));
      co_await stream_out();
      co_return false;
    }
    std::string head = fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", reply.status, reply.text.size());
    if (!reply.location.empty()) head += "Location: " + reply.location + "\r\n";
    co_await send(head + "\r\n" + reply.text);
    if (reply.close_after) close();
    co_return !reply.close_after;
  }

  Answer record(const http::request<http::string_body>& request) {
    Seen one;
    one.call.ParseFromString(request.body());
    one.target = std::string(request.target());
    one.content_type = std::string(request[http::field::content_type]);
    one.accept = std::string(request[http::field::accept]);
    one.stream_id = std::string(request["Mesos-Stream-Id"]);
    one.authorization = std::string(request[http::field::authorization]);
    one.connection = number_;
    master_->seen.push_back(one);
    return master_->answer(one.call);
  }

  asio::awaitable<void> send(std::string bytes) {
    error_code ec;
    if (tls_) {
      co_await asio::async_write(*tls_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    } else {
      co_await asio::async_write(*plain_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    }
    if (ec) closed_ = true;
  }

  asio::awaitable<void> stream_out() {
    while (!closed_) {
      while (!closed_ && !out_.empty()) {
        const std::string bytes = std::move(out_.front());
        out_.pop_front();
        co_await send(fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes));
      }
      if (closed_) co_return;
      wake_.expires_at(std::chrono::steady_clock::time_point::max());
      error_code ec;
      co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }
  }

  FakeMaster* master_;
  int number_;
  asio::steady_timer wake_;
  std::optional<beast::tcp_stream> plain_;
  std::optional<beast::ssl_stream<beast::tcp_stream>> tls_;
  std::deque<std::string> out_;
  bool closed_ = false;
};

FakeMaster::FakeMaster(asio::io_context& io, asio::ssl::context* tls)
    : io_(io), tls_(tls), acceptor_(io, {asio::ip::make_address("127.0.0.1"), 0}) {
  asio::co_spawn(io, accept(*this), asio::detached);
}

FakeMaster::~FakeMaster() {
  stop();
  // The accept coroutine holds a reference to this object: let it end first.
  io_.restart();
  io_.poll();
}

asio::awaitable<void> FakeMaster::accept(FakeMaster& self) {
  while (true) {
    error_code ec;
    auto socket = co_await self.acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return;
    const int number = static_cast<int>(self.connections_.size()) + 1;
    self.connections_.push_back(std::make_shared<Connection>(self, std::move(socket), self.tls_, number));
    self.connections_.back()->start(self.io_);
  }
}

Endpoint FakeMaster::endpoint() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

void FakeMaster::push(const Event& event) { push_bytes(encode_record(event.SerializeAsString())); }

void FakeMaster::push_bytes(std::string bytes) { stream_->push(std::move(bytes)); }

void FakeMaster::push_subscribed(const std::string& framework_id, double heartbeat_seconds) {
  Event event;
  event.set_type(Event::SUBSCRIBED);
  event.mutable_subscribed()->mutable_framework_id()->set_value(framework_id);
  event.mutable_subscribed()->set_heartbeat_interval_seconds(heartbeat_seconds);
  push(event);
}

void FakeMaster::close_stream() { stream_->close(); }

void FakeMaster::stop() {
  error_code ec;
  acceptor_.close(ec);
  for (const auto& connection : connections_) connection->detach();
}

std::size_t FakeMaster::subscriptions() const { return seen.size() - calls().size(); }

std::vector<FakeMaster::Seen> FakeMaster::calls() const {
  std::vector<Seen> out;
  for (const auto& one : seen) {
    if (one.call.type() != Call::SUBSCRIBE) out.push_back(one);
  }
  return out;
}

}  // namespace esaas::mesos::testing
