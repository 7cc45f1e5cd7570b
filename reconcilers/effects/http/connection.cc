#include "reconcilers/effects/http/connection.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "reconcilers/effects/http/answer_parser.h"
#include "reconcilers/effects/http/byte_stream.h"

namespace esaas::http_client {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

class Connection::Impl : public std::enable_shared_from_this<Impl> {
 public:
  using Self = std::shared_ptr<Impl>;

  Impl(asio::io_context& io, asio::ssl::context* tls) : io_(io), tls_(tls), resolver_(io), timer_(io) {}

  void set_deadline(Clock::time_point when);
  bool reusable() const { return is_idle_ && begin_ == end_ && stream_ && stream_->is_quiet(); }
  void close();
  void end();

  static asio::awaitable<Outcome<void>> open(Self self, Peer to);
  static asio::awaitable<Outcome<Answer>> exchange(Self self, Request request, std::uint64_t bytes_max);
  static asio::awaitable<Outcome<Head>> ask(Self self, Request request, std::optional<std::uint64_t> bytes_max);
  static asio::awaitable<Outcome<std::string>> next_piece(Self self);

 private:
  static asio::awaitable<Outcome<void>> connect(Self self);
  static asio::awaitable<error_code> read_on(Self self);

  bool is_late() const { return deadline_ && Clock::now() >= *deadline_; }
  /// An operation may have ended well just before close(): it counts as ended by it.
  error_code unless_closed(error_code error) const { return is_closed_ ? asio::error::operation_aborted : error; }
  std::unexpected<Failure> failed(Step step, const error_code& error) const { return failed(step, error.message()); }
  std::unexpected<Failure> failed(Step step, std::string why) const {
    const bool late = is_late();
    return std::unexpected(Failure{step, late, late ? "no answer in time" : std::move(why)});
  }
  std::span<char> room();
  error_code parse();

  asio::io_context& io_;
  asio::ssl::context* tls_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::optional<Clock::time_point> deadline_;
  Peer peer_;
  std::unique_ptr<ByteStream> stream_;
  std::optional<AnswerParser> parser_;
  std::array<char, std::size_t{64} << 10> buffer_;  // what is not parsed yet is between begin_ and end_
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_hungry_ = true;  // the parser needs more than what is in the buffer
  bool is_idle_ = false;
  bool is_closed_ = true;
};

void Connection::Impl::set_deadline(Clock::time_point when) {
  deadline_ = when;
  timer_.expires_at(when);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    if (error) return;
    // It may have been moved after the timer went off.
    if (const auto self = weak.lock(); self && self->is_late()) self->close();
  });
}

void Connection::Impl::close() {
  is_closed_ = true;
  is_idle_ = false;
  resolver_.cancel();
  if (stream_) stream_->close();
}

void Connection::Impl::end() {
  close();
  timer_.cancel();
}

asio::awaitable<Outcome<void>> Connection::Impl::open(Self self, Peer to) {
  self->close();
  if (self->is_late()) co_return self->failed(Step::kConnect, std::string());
  self->is_closed_ = false;
  self->peer_ = std::move(to);
  self->stream_ = std::make_unique<ByteStream>(self->io_, self->tls_);
  self->parser_.reset();
  self->begin_ = self->end_ = 0;
  auto connected = co_await connect(self);
  if (!connected) co_return connected;
  if (self->tls_ != nullptr) {
    auto error = co_await self->stream_->handshake(self->peer_.host);
    error = self->unless_closed(error);
    if (error) co_return self->failed(Step::kHandshake, error);
  }
  self->is_idle_ = true;
  co_return Outcome<void>{};
}

asio::awaitable<Outcome<void>> Connection::Impl::connect(Self self) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  error_code error;
  const auto address = asio::ip::make_address(self->peer_.host, error);
  if (!error) {
    endpoints.emplace_back(address, self->peer_.port);
  } else {
    const auto found = co_await self->resolver_.async_resolve(self->peer_.host, std::to_string(self->peer_.port),
                                                              asio::redirect_error(asio::use_awaitable, error));
    error = self->unless_closed(error);
    if (error) co_return self->failed(Step::kResolve, error);
    for (const auto& each : found) endpoints.push_back(each.endpoint());
  }
  for (const auto& endpoint : endpoints) {
    error = co_await self->stream_->connect(endpoint);
    error = self->unless_closed(error);
    if (!error || self->is_closed_) break;
  }
  if (error) co_return self->failed(Step::kConnect, error);
  co_return Outcome<void>{};
}

asio::awaitable<Outcome<Head>> Connection::Impl::ask(Self self, Request request,
                                                     std::optional<std::uint64_t> bytes_max) {
  self->is_idle_ = false;  // until the whole answer is read
  if (self->is_closed_) co_return self->failed(Step::kSend, error_code(asio::error::not_connected));
  auto bytes = to_bytes(request, self->peer_);
  if (!bytes) co_return self->failed(Step::kSend, std::move(bytes).error());
  auto error = co_await self->stream_->write(std::move(*bytes));
  error = self->unless_closed(error);
  if (error) co_return self->failed(Step::kSend, error);
  self->parser_.emplace(bytes_max);
  self->is_hungry_ = false;
  while (!self->parser_->is_head_done()) {
    error = co_await read_on(self);
    if (error) co_return self->failed(Step::kHead, error);
  }
  co_return self->parser_->head();
}

asio::awaitable<Outcome<std::string>> Connection::Impl::next_piece(Self self) {
  if (!self->parser_) co_return self->failed(Step::kBody, error_code(asio::error::not_connected));
  auto piece = self->parser_->take_piece();
  while (piece.empty() && !self->parser_->is_done()) {
    const auto error = co_await read_on(self);
    if (error) co_return self->failed(Step::kBody, error);
    piece = self->parser_->take_piece();
  }
  co_return piece;
}

asio::awaitable<Outcome<Answer>> Connection::Impl::exchange(Self self, Request request, std::uint64_t bytes_max) {
  auto head = co_await ask(self, std::move(request), bytes_max);
  if (!head) co_return std::unexpected(std::move(head).error());
  Answer answer{std::move(*head), {}};
  for (;;) {
    auto piece = co_await next_piece(self);
    if (!piece) co_return std::unexpected(std::move(piece).error());
    if (piece->empty()) co_return answer;
    answer.body += *piece;
  }
}

/// Parses what is there, after waiting for it if need be.
asio::awaitable<error_code> Connection::Impl::read_on(Self self) {
  if (self->is_closed_) co_return error_code(asio::error::not_connected);
  if (self->is_hungry_ || self->begin_ == self->end_) {
    const auto room = self->room();
    if (room.empty()) co_return error_code(asio::error::no_buffer_space);
    auto got = co_await self->stream_->read_some(room);
    got.error = self->unless_closed(got.error);
    if (got.error == asio::error::eof) co_return self->parser_->put_end();
    if (got.error) co_return got.error;
    self->end_ += got.bytes;
  }
  co_return self->parse();
}

std::span<char> Connection::Impl::room() {
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
            buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  return std::span(buffer_).subspan(end_);
}

error_code Connection::Impl::parse() {
  if (begin_ == end_) return {};
  const auto taken = parser_->put(std::string_view(buffer_.data() + begin_, end_ - begin_));
  begin_ += taken.bytes;
  is_hungry_ = taken.needs_more;
  if (parser_->is_done() && !taken.error) is_idle_ = parser_->keeps_alive();
  return taken.error;
}

Connection::Connection(asio::io_context& io, asio::ssl::context* tls) : impl_(std::make_shared<Impl>(io, tls)) {}
Connection::~Connection() { impl_->end(); }

void Connection::set_deadline(Clock::time_point when) { impl_->set_deadline(when); }
bool Connection::reusable() const { return impl_->reusable(); }
void Connection::close() { impl_->close(); }

asio::awaitable<Outcome<void>> Connection::open(Peer to) { return Impl::open(impl_, std::move(to)); }
asio::awaitable<Outcome<Answer>> Connection::exchange(Request request, std::uint64_t bytes_max) {
  return Impl::exchange(impl_, std::move(request), bytes_max);
}
asio::awaitable<Outcome<Head>> Connection::ask(Request request, std::optional<std::uint64_t> bytes_max) {
  return Impl::ask(impl_, std::move(request), bytes_max);
}
asio::awaitable<Outcome<std::string>> Connection::next_piece() { return Impl::next_piece(impl_); }

}  // namespace esaas::http_client
