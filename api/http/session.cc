#include "api/http/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "api/http/problem.h"
#include "api/http/request_reader.h"

namespace esaas::api::http {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using TlsStream = asio::ssl::stream<Tcp::socket>;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 16 * 1024;
/// What a client may still send after a refusal before its connection is cut.
constexpr std::size_t kLingerBytesMax = 32 * 1024 * 1024;
constexpr std::chrono::seconds kLingerTime{2};
/// How long after its deadline a connection is interrupted politely; then its socket is closed.
constexpr std::chrono::seconds kInterruptTime{1};

template <typename Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  Session(Shard& shard, SessionContext& context, Stream stream, std::string peer)
      : shard_(shard),
        context_(context),
        stream_(std::move(stream)),
        exchange_(std::make_shared<Exchange>(shard, context.limits, std::move(peer))),
        capacity_(context.limits.header_bytes_max + kReadBytes),
        buffer_(std::make_unique_for_overwrite<char[]>(capacity_)) {
    shard_.add(this);
  }
  ~Session() override {
    shard_.remove(this);
    context_.connections.fetch_sub(1, std::memory_order_relaxed);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  asio::awaitable<void> run();

  /// Every sweep anew: cancelling does nothing to a read or write whose completion is queued already, and one that
  /// is made of several (TLS) then goes on. So each completion looks at `interrupted_` too, and in the end the socket
  /// is closed.
  void check_deadline(Clock::time_point now) override {
    if (now < deadline_) return;
    if (interrupted_ && now - deadline_ >= kInterruptTime) return close();
    interrupted_ = true;
    cancel();
  }
  void stop() override {
    stopping_ = true;
    exchange_->stop();
    if (phase_ == Phase::kIdle) cancel();
  }
  void abort() override {
    exchange_->abandon();
    close();
  }

 private:
  enum class Phase : std::uint8_t { kHandshake, kIdle, kHeaders, kBody, kAnswering, kWriting, kLinger };

  Tcp::socket& socket() {
    if constexpr (std::is_same_v<Stream, TlsStream>)
      return stream_.next_layer();
    else
      return stream_;
  }
  void cancel() {
    boost::system::error_code ignored;
    socket().cancel(ignored);
  }
  void close() {
    boost::system::error_code ignored;
    socket().close(ignored);
  }
  /// Closes so that the client sees an error, not an end.
  void reset() {
    boost::system::error_code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    socket().close(ignored);
  }
  void enter(Phase phase, Clock::duration time) {
    phase_ = phase;
    interrupted_ = false;
    deadline_ = time == Clock::duration::max() ? Clock::time_point::max() : Clock::now() + time;
  }

  asio::awaitable<bool> shake_hands();
  asio::awaitable<bool> read_request();
  asio::awaitable<bool> fill();
  asio::awaitable<bool> accept_headers(RequestReader& reader);
  asio::awaitable<bool> answer_request();
  asio::awaitable<Response> ask_service();
  asio::awaitable<bool> write_stream(BodyStream& body, bool chunked);
  asio::awaitable<bool> flush();
  asio::awaitable<void> refuse(unsigned status, std::string detail, std::string rule);
  asio::awaitable<void> linger();

  Shard& shard_;
  SessionContext& context_;
  Stream stream_;
  std::shared_ptr<Exchange> exchange_;
  Phase phase_ = Phase::kIdle;
  Clock::time_point deadline_ = Clock::time_point::max();
  bool interrupted_ = false;
  bool stopping_ = false;

  // Bytes [begin_, end_) of buffer_ are read and not used yet.
  const std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string out_;
};

template <typename Stream>
asio::awaitable<bool> Session<Stream>::shake_hands() {
  if constexpr (std::is_same_v<Stream, TlsStream>) {
    enter(Phase::kHandshake, context_.limits.handshake_timeout);
    boost::system::error_code ec;
    co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
  }
  co_return true;
}

/// Reads more bytes behind those that are not used yet. False when the connection or the time of this phase is over.
template <typename Stream>
asio::awaitable<bool> Session<Stream>::fill() {
  if (begin_ > 0) {
    std::copy(buffer_.get() + begin_, buffer_.get() + end_, buffer_.get());
    end_ -= begin_;
    begin_ = 0;
  }
  boost::system::error_code ec;
  const auto count = co_await stream_.async_read_some(asio::buffer(buffer_.get() + end_, capacity_ - end_),
                                                      asio::redirect_error(asio::use_awaitable, ec));
  end_ += count;
  co_return !ec && count > 0 && !interrupted_;
}

/// Reads one request into the exchange. False when the connection is over (an answer, if one is due, was written).
template <typename Stream>
asio::awaitable<bool> Session<Stream>::read_request() {
  const auto& limits = context_.limits;
  RequestReader reader(limits.header_bytes_max);
  if (begin_ == end_) {
    enter(Phase::kIdle, limits.idle_timeout);
    if (stopping_ || !co_await fill()) co_return false;
  }
  enter(Phase::kHeaders, limits.header_timeout);
  while (true) {
    const auto before = reader.state();
    begin_ += reader.feed({buffer_.get() + begin_, end_ - begin_});
    const auto state = reader.state();
    if (before == RequestReader::State::kHeaders && state == RequestReader::State::kBody) {
      if (!co_await accept_headers(reader)) co_return false;
      if (begin_ < end_) continue;
    }
    if (reader.state() == RequestReader::State::kRefused) {
      co_await refuse(reader.refusal().status, reader.refusal().detail, reader.refusal().rule);
      co_return false;
    }
    if (state == RequestReader::State::kDone) break;
    if (!co_await fill()) {
      const bool slow = interrupted_;
      if (slow) co_await refuse(408, "the request did not arrive in time", "request_timeout");
      co_return false;
    }
  }
  reader.take(exchange_->request);
  co_return true;
}

/// Once the headers are there: the limit of this route, and the client's wish to be told to go on.
template <typename Stream>
asio::awaitable<bool> Session<Stream>::accept_headers(RequestReader& reader) {
  reader.limit_body(context_.service.body_bytes_max(reader.verb(), reader.target()));
  if (reader.state() == RequestReader::State::kRefused) co_return true;
  const bool must_continue = reader.expects_continue();
  enter(Phase::kBody, context_.limits.body_timeout);
  if (!must_continue) co_return true;
  out_ = "HTTP/1.1 100 Continue\r\n\r\n";
  co_return co_await flush();
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::flush() {
  boost::system::error_code ec;
  co_await asio::async_write(stream_, asio::buffer(out_), asio::redirect_error(asio::use_awaitable, ec));
  out_.clear();
  co_return !ec && !interrupted_;
}

template <typename Stream>
asio::awaitable<Response> Session<Stream>::ask_service() {
  try {
    co_return co_await context_.service.handle(exchange_);
  } catch (const std::exception& error) {
    if (context_.on_exception) context_.on_exception(error.what());
  }
  // What went wrong is for the log; the client learns only that it was not its fault.
  auto response = problem_response(500, "the server failed on this request", "", exchange_->request.target);
  response.close = true;
  co_return response;
}

/// Answers the request in the exchange. False when the connection shall end.
template <typename Stream>
asio::awaitable<bool> Session<Stream>::answer_request() {
  enter(Phase::kAnswering, Clock::duration::max());  // the service's own waits have deadlines
  Response response = co_await ask_service();
  const auto& request = exchange_->request;
  const bool head_only = request.verb == Verb::kHead;
  const bool streams = response.stream && !head_only;
  response.chunked = request.knows_chunks;
  const bool keep = request.keep_alive && !response.close && !stopping_ && (!response.stream || response.chunked);
  if (streams && context_.streams.fetch_add(1, std::memory_order_relaxed) >= context_.limits.streams_max) {
    context_.streams.fetch_sub(1, std::memory_order_relaxed);
    response = problem_response({ErrorCode::kUnavailable, "too many streams are open", "", "streams_max"}, "");
    serialize(response, keep, false, out_);
    enter(Phase::kWriting, context_.limits.write_timeout);
    co_return co_await flush() && keep;
  }
  serialize(response, keep, head_only, out_);
  enter(Phase::kWriting, context_.limits.write_timeout);
  bool written = co_await flush();
  if (streams) {
    written = written && co_await write_stream(*response.stream, response.chunked);
    context_.streams.fetch_sub(1, std::memory_order_relaxed);
  }
  co_return written&& keep;
}

template <typename Stream>
asio::awaitable<bool> Session<Stream>::write_stream(BodyStream& body, bool chunked) {
  std::string piece;
  while (true) {
    piece.clear();
    enter(Phase::kAnswering, Clock::duration::max());
    const Result<bool> more = co_await body.next(piece);
    if (!more) {
      if (!chunked) reset();  // an orderly end would say that this was all
      co_return false;
    }
    if (!chunked) out_ += piece;
    if (chunked && !piece.empty()) serialize_chunk(piece, out_);
    if (chunked && !*more) serialize_chunk({}, out_);
    enter(Phase::kWriting, context_.limits.write_timeout);
    const bool written = co_await flush();
    if (!written || !*more) co_return written;
  }
}

/// Answers a request that cannot be taken, then closes without cutting the client off in the middle of its writing.
template <typename Stream>
asio::awaitable<void> Session<Stream>::refuse(unsigned status, std::string detail, std::string rule) {
  auto response = problem_response(status, detail, rule, "");
  serialize(response, false, false, out_);
  enter(Phase::kWriting, kLingerTime);
  const bool written = co_await flush();
  if (written) co_await linger();
}

/// Reads and forgets what the client still sends, for a while: a socket closed with unread bytes resets the connection,
/// and the client would lose the answer.
template <typename Stream>
asio::awaitable<void> Session<Stream>::linger() {
  boost::system::error_code ec;
  socket().shutdown(Tcp::socket::shutdown_send, ec);
  enter(Phase::kLinger, kLingerTime);
  for (std::size_t total = 0; total < kLingerBytesMax && !ec && !interrupted_;) {
    total += co_await socket().async_read_some(asio::buffer(buffer_.get(), capacity_),
                                               asio::redirect_error(asio::use_awaitable, ec));
  }
}

template <typename Stream>
asio::awaitable<void> Session<Stream>::run() {
  if (!co_await shake_hands()) co_return;
  while (true) {
    const bool read = co_await read_request();
    if (!read) break;
    const bool keep = co_await answer_request();
    if (!keep) break;
  }
  boost::system::error_code ignored;
  socket().shutdown(Tcp::socket::shutdown_both, ignored);
  socket().close(ignored);
}

template <typename Stream>
asio::awaitable<void> run_session(std::shared_ptr<Session<Stream>> session) {
  co_await session->run();
}

template <typename Stream>
void spawn(Shard& shard, SessionContext& context, Stream stream, std::string peer) {
  auto session = std::make_shared<Session<Stream>>(shard, context, std::move(stream), std::move(peer));
  auto on_end = [&context](const std::exception_ptr& error) {
    if (error && context.on_exception) context.on_exception("a session ended by an exception");
  };
  asio::co_spawn(shard.context(), run_session(std::move(session)), std::move(on_end));
}

}  // namespace

void start_session(Shard& shard, SessionContext& context, Tcp::socket socket) {
  if (shard.finishing()) {
    context.connections.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  boost::system::error_code ec;
  socket.set_option(Tcp::no_delay(true), ec);
  const auto endpoint = socket.remote_endpoint(ec);
  auto peer = ec ? std::string() : endpoint.address().to_string();
  if (context.tls != nullptr) {
    spawn(shard, context, TlsStream(std::move(socket), *context.tls), std::move(peer));
  } else {
    spawn(shard, context, std::move(socket), std::move(peer));
  }
}

}  // namespace esaas::api::http
