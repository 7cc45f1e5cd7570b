#include "reconcilers/effects/mesos/http_transport.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace esaas::mesos {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 10;
constexpr std::size_t kErrorTextMax = 500;
constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr const char* kProtobuf = "application/x-protobuf";

std::unexpected<Error> broken(std::string_view doing, const error_code& ec) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", doing, ec.message()));
}

std::string readable(std::string text) {
  if (text.size() > kErrorTextMax) text.resize(kErrorTextMax);
  for (char& byte : text) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = ' ';
  }
  return text;
}

std::string base64(const std::string& text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a zero byte
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

}  // namespace

HttpRequest make_request(const Endpoint& master, std::string_view path, std::string body,
                         const std::optional<Credentials>& credentials) {
  HttpRequest request(http::verb::post, path, 11);
  request.set(http::field::host, master.to_string());
  request.set(http::field::user_agent, "esaas");
  request.set(http::field::content_type, kProtobuf);
  // Alone, without JSON: a master that may choose prefers JSON.
  request.set(http::field::accept, kProtobuf);
  if (credentials) {
    request.set(http::field::authorization, "Basic " + base64(credentials->principal + ":" + credentials->secret));
  }
  request.body() = std::move(body);
  request.prepare_payload();
  return request;
}

HttpRequest make_request(const Endpoint& master, const wire::scheduler::Call& call, std::string_view stream_id,
                         const std::optional<Credentials>& credentials) {
  auto request = make_request(master, "/api/v1/scheduler", call.SerializeAsString(), credentials);
  if (!stream_id.empty()) request.set("Mesos-Stream-Id", stream_id);
  return request;
}

beast::tcp_stream& HttpTransport::tcp() { return tls_ ? beast::get_lowest_layer(*tls_) : *plain_; }

asio::awaitable<Result<void>> HttpTransport::open(Endpoint to) {
  close();
  buffer_.clear();
  stream_parser_.reset();
  if (tls_context_ != nullptr) {
    tls_ = std::make_unique<beast::ssl_stream<beast::tcp_stream>>(io_, *tls_context_);
  } else {
    plain_ = std::make_unique<beast::tcp_stream>(io_);
  }
  auto connected = co_await resolve_and_connect(to);
  if (!connected || !tls_) co_return connected;

  // The name is sent for certificates by name, and checked whenever the context verifies the peer
  // at all.
  if (SSL_set_tlsext_host_name(tls_->native_handle(), to.host.c_str()) != 1) {
    co_return fail(ErrorCode::kInternal, fmt::format("cannot set the TLS server name {}", to.host));
  }
  tls_->set_verify_callback(asio::ssl::host_name_verification(to.host));
  error_code ec;
  co_await tls_->async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
  if (ec) co_return broken("TLS handshake", ec);
  keep_alive_ = true;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> HttpTransport::resolve_and_connect(const Endpoint& to) {
  error_code ec;
  const auto address = asio::ip::make_address(to.host, ec);
  if (!ec) {
    co_await tcp().async_connect(asio::ip::tcp::endpoint(address, to.port),
                                 asio::redirect_error(asio::use_awaitable, ec));
  } else {
    const auto found = co_await resolver_.async_resolve(to.host, std::to_string(to.port),
                                                        asio::redirect_error(asio::use_awaitable, ec));
    if (ec) co_return broken(fmt::format("resolve {}", to.host), ec);
    co_await tcp().async_connect(found, asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec) co_return broken("connect", ec);
  tcp().socket().set_option(asio::ip::tcp::no_delay(true), ec);
  keep_alive_ = true;
  co_return Result<void>{};
}

bool HttpTransport::reusable() const {
  if (!keep_alive_ || (!plain_ && !tls_)) return false;
  const auto& socket = tls_ ? beast::get_lowest_layer(*tls_).socket() : plain_->socket();
  if (!socket.is_open()) return false;
  char byte = 0;
  const auto got =
      ::recv(const_cast<asio::ip::tcp::socket&>(socket).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

asio::awaitable<Result<void>> HttpTransport::write(HttpRequest& request) {
  error_code ec;
  if (tls_) {
    co_await http::async_write(*tls_, request, asio::redirect_error(asio::use_awaitable, ec));
  } else {
    co_await http::async_write(*plain_, request, asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec) co_return broken("send request", ec);
  co_return Result<void>{};
}

asio::awaitable<Result<HttpAnswer>> HttpTransport::exchange(HttpRequest request) {
  auto answer = co_await exchange_whole(std::move(request), kAnswerBytesMax);
  if (answer) answer->text = readable(std::move(answer->text));
  co_return answer;
}

asio::awaitable<Result<HttpAnswer>> HttpTransport::exchange_whole(HttpRequest request, std::size_t bytes_max) {
  keep_alive_ = false;  // until the whole answer is read, the connection is in use
  auto written = co_await write(request);
  if (!written) co_return std::unexpected(written.error());
  http::response_parser<http::string_body> parser;
  parser.body_limit(bytes_max);
  error_code ec;
  if (tls_) {
    co_await http::async_read(*tls_, buffer_, parser, asio::redirect_error(asio::use_awaitable, ec));
  } else {
    co_await http::async_read(*plain_, buffer_, parser, asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec) co_return broken("read answer", ec);
  keep_alive_ = parser.get().keep_alive();
  co_return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

asio::awaitable<Result<ResponseHead>> HttpTransport::open_stream(HttpRequest request) {
  auto written = co_await write(request);
  if (!written) co_return std::unexpected(written.error());
  stream_parser_.emplace();
  stream_parser_->body_limit(boost::none);
  error_code ec;
  if (tls_) {
    co_await http::async_read_header(*tls_, buffer_, *stream_parser_, asio::redirect_error(asio::use_awaitable, ec));
  } else {
    co_await http::async_read_header(*plain_, buffer_, *stream_parser_, asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec) co_return broken("read answer", ec);
  const auto& response = stream_parser_->get();
  ResponseHead head;
  head.status = static_cast<int>(response.result_int());
  head.content_type = std::string(response[http::field::content_type]);
  head.stream_id = std::string(response["Mesos-Stream-Id"]);
  head.location = std::string(response[http::field::location]);
  if (head.status != 200) {
    auto text = co_await read_refusal();
    if (text) head.error_text = std::move(*text);
  }
  co_return head;
}

asio::awaitable<Result<std::string>> HttpTransport::read_refusal() {
  std::string text;
  while (text.size() < kErrorTextMax && !stream_parser_->is_done()) {
    auto more = co_await read_some();
    if (!more) break;  // the status says enough
    text += *more;
  }
  co_return readable(std::move(text));
}

asio::awaitable<Result<std::string>> HttpTransport::read_some() {
  if (!stream_parser_ || stream_parser_->is_done()) {
    co_return fail(ErrorCode::kUnavailable, "the master ended the stream");
  }
  std::array<char, kChunkBytes> chunk;
  auto& body = stream_parser_->get().body();
  body.data = chunk.data();
  body.size = chunk.size();
  error_code ec;
  if (tls_) {
    co_await http::async_read_some(*tls_, buffer_, *stream_parser_, asio::redirect_error(asio::use_awaitable, ec));
  } else {
    co_await http::async_read_some(*plain_, buffer_, *stream_parser_, asio::redirect_error(asio::use_awaitable, ec));
  }
  if (ec == http::error::need_buffer) ec = {};
  const std::size_t got = chunk.size() - body.size;
  if (ec && got == 0) co_return broken("event stream", ec);
  co_return std::string(chunk.data(), got);
}

void HttpTransport::close() {
  resolver_.cancel();
  keep_alive_ = false;
  if (plain_ || tls_) tcp().close();
}

}  // namespace esaas::mesos
