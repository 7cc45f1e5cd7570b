#include "reconcilers/embedded/front/session.h"

#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http.hpp>

#include "reconcilers/effects/mesos/recordio.h"

namespace esaas::embedded {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::size_t kChunkBytes = std::size_t{64} << 10U;
constexpr std::uint32_t kHeaderBytesMax = 16U << 10U;

/// How long the end of one coroutine is waited for by the other.
constexpr std::chrono::seconds kFarewell{1};

}  // namespace

HttpSession::HttpSession(asio::ip::tcp::socket socket, Engine& engine, const Routes& routes,
                         const FrontOptions& options)
    : socket_(std::move(socket)),
      changed_(socket_.get_executor()),
      engine_(engine),
      routes_(routes),
      options_(options) {}

void HttpSession::start(std::function<void()> ended) {
  auto finish = [self = shared_from_this(), ended = std::move(ended)](const std::exception_ptr&) { ended(); };
  asio::co_spawn(socket_.get_executor(), serve(), std::move(finish));
}

void HttpSession::close() {
  error_code ignored;
  socket_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close();
  changed_.cancel();
}

asio::awaitable<void> HttpSession::serve() {
  while (co_await serve_one()) {
  }
  error_code ignored;
  socket_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

/// One request and its answer; false when there is no next one.
asio::awaitable<bool> HttpSession::serve_one() {
  http::request_parser<http::string_body> parser;
  parser.body_limit(options_.body_bytes_max);
  parser.header_limit(kHeaderBytesMax);
  error_code error;
  socket_.expires_after(options_.read_timeout);
  co_await http::async_read(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
  if (error == http::error::body_limit || error == http::error::header_limit) {
    HttpResponse refusal = text_response(
        HttpRequest(http::verb::post, "/", 11), error == http::error::body_limit ? 413 : 431,
        "The request is too large: at most " + std::to_string(options_.body_bytes_max) + " bytes are taken");
    refusal.keep_alive(false);
    co_await write(std::move(refusal));
    co_return false;
  }
  if (error && error.category() == http::make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message) {
    HttpResponse refusal =
        text_response(HttpRequest(http::verb::post, "/", 11), 400, "This is not HTTP: " + error.message());
    refusal.keep_alive(false);
    co_await write(std::move(refusal));
    co_return false;
  }
  if (error) co_return false;
  const HttpRequest request = parser.release();
  RoutedAnswer answer = routes_.answer(request);
  if (answer.stream) {
    co_await send_events(std::move(answer));
    co_return false;
  }
  const bool goes_on = answer.response.keep_alive();
  co_return co_await write(std::move(answer.response)) && goes_on;
}

asio::awaitable<bool> HttpSession::write(HttpResponse response) {
  error_code error;
  socket_.expires_after(options_.write_timeout);
  co_await http::async_write(socket_, response, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

asio::awaitable<void> HttpSession::send_events(RoutedAnswer answer) {
  const std::shared_ptr<EventStream> events = answer.stream;
  error_code error;
  http::response<http::empty_body> head(answer.response.base());
  http::response_serializer<http::empty_body> serializer(head);
  socket_.expires_after(options_.write_timeout);
  co_await http::async_write_header(socket_, serializer, asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    engine_.disconnect(events->id());
    co_return;
  }
  // Only from here on: a timer that is cancelled between two waits has nothing to wake.
  events->on_change([weak = weak_from_this()] {
    if (auto self = weak.lock()) self->changed_.cancel();
  });
  watching_ = true;
  auto watched = [self = shared_from_this()](const std::exception_ptr&) {
    self->watching_ = false;
    self->peer_closed_ = true;
    self->changed_.cancel();
  };
  socket_.expires_never();
  asio::co_spawn(socket_.get_executor(), watch_peer(), std::move(watched));
  while (co_await write_pending(events, answer.stream_encoding) && !events->ended() && !peer_closed_) {
    changed_.expires_at(asio::steady_timer::time_point::max());  // heartbeats end the wait at the latest
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
  events->on_change({});
  if (events->ended() && !peer_closed_) {
    co_await asio::async_write(socket_, http::make_chunk_last(), asio::redirect_error(asio::use_awaitable, error));
  }
  engine_.disconnect(events->id());
  close();
  while (watching_) {
    changed_.expires_after(kFarewell);
    co_await changed_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

/// False when the peer does not take it.
asio::awaitable<bool> HttpSession::write_pending(std::shared_ptr<EventStream> events, Encoding encoding) {
  while (true) {
    std::string bytes;
    while (bytes.size() < kChunkBytes) {
      const auto event = events->pop();
      if (!event) break;
      bytes += mesos::encode_record(encode(*event, encoding));
    }
    if (bytes.empty()) co_return true;
    error_code error;
    socket_.expires_after(options_.write_timeout);
    co_await asio::async_write(socket_, http::make_chunk(asio::buffer(bytes)),
                               asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return false;
  }
}

/// A subscriber sends nothing more: whatever arrives, or the end, is the end of the subscription.
asio::awaitable<void> HttpSession::watch_peer() {
  std::array<char, 64> bytes{};
  error_code error;
  co_await socket_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace esaas::embedded
