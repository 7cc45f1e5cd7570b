#include "api/cli/client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <array>
#include <optional>

#include "core/base/assert.h"
#include "core/base/proto_json.h"

namespace esaas::api::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using Tcp = asio::ip::tcp;
using beast::error_code;

Result<ServerAddress> parse_server(std::string_view url) {
  ServerAddress address;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string(url) + "\" does not begin with http:// or https://",
                "server");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  address.host = rest.substr(0, colon);
  address.port = colon == std::string_view::npos ? (address.tls ? "443" : "80") : std::string(rest.substr(colon + 1));
  if (bracket != std::string_view::npos) address.host = address.host.substr(1, bracket - 1);
  const bool digits = address.port.find_first_not_of("0123456789") == std::string::npos;
  if (address.host.empty() || address.host.find('/') != std::string::npos || address.port.empty() || !digits) {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string(url) + "\" is not of the form http://HOST:PORT",
                "server");
  }
  return address;
}

class Client::Impl {
 public:
  Impl(ServerAddress address, std::string token, std::string ca_file)
      : address_(std::move(address)), token_(std::move(token)), ca_file_(std::move(ca_file)) {}

  Result<Reply> send(const Query& query, std::chrono::seconds deadline);
  Result<Reply> stream(const Query& query, const std::function<bool(std::string_view)>& take,
                       std::chrono::seconds silence);

 private:
  using TlsStream = beast::ssl_stream<beast::tcp_stream>;

  beast::tcp_stream& lowest() {
    if (tls_stream_) return beast::get_lowest_layer(*tls_stream_);
    ESAAS_ASSERT(plain_.has_value(), "a connection is one or the other");
    return *plain_;
  }

  /// Starts one operation, runs it to its end and gives its error: a blocking call that knows deadlines.
  template <typename Start>
  error_code wait(Start start) {
    std::optional<error_code> result;
    start([&result](error_code ec, auto&&...) { result = ec; });
    io_.restart();
    io_.run();
    return result.value_or(asio::error::operation_aborted);
  }

  Result<void> prepare_tls();
  Result<void> connect(std::chrono::seconds deadline);
  Result<void> write(const Query& query);
  template <typename Parser>
  error_code read(Parser& parser, bool head_only);
  [[nodiscard]] std::unexpected<Error> failed(std::string_view what, error_code ec) const;

  ServerAddress address_;
  std::string token_;
  std::string ca_file_;
  asio::io_context io_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::optional<beast::tcp_stream> plain_;
  std::optional<TlsStream> tls_stream_;
  beast::flat_buffer buffer_;
};

std::unexpected<Error> Client::Impl::failed(std::string_view what, error_code ec) const {
  const auto server = address_.host + ":" + address_.port;
  const bool late = ec == beast::error::timeout;
  return fail(late ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable,
              std::string(what) + " " + server + ": " + (late ? "no answer in time" : ec.message()));
}

Result<void> Client::Impl::prepare_tls() {
  error_code ec;
  tls_.set_verify_mode(asio::ssl::verify_peer, ec);
  if (ca_file_.empty()) {
    tls_.set_default_verify_paths(ec);
  } else {
    tls_.load_verify_file(ca_file_, ec);
  }
  if (ec) return fail(ErrorCode::kInvalidArgument, "cannot use the certificates of " + ca_file_ + ": " + ec.message());
  tls_stream_.emplace(io_, tls_);
  if (SSL_set_tlsext_host_name(tls_stream_->native_handle(), address_.host.c_str()) != 1) {
    return fail(ErrorCode::kInvalidArgument, "\"" + address_.host + "\" is no name for TLS", "server");
  }
  tls_stream_->set_verify_callback(asio::ssl::host_name_verification(address_.host), ec);
  return {};
}

/// A new connection for each request: a command sends few, and none can meet a connection that has died meanwhile.
Result<void> Client::Impl::connect(std::chrono::seconds deadline) {
  buffer_.clear();
  tls_stream_.reset();
  plain_.reset();
  if (address_.tls) {
    ESAAS_CHECK(prepare_tls());
  } else {
    plain_.emplace(io_);
  }
  error_code ec;
  Tcp::resolver resolver(io_);
  const auto endpoints = resolver.resolve(address_.host, address_.port, ec);
  if (ec) return failed("cannot find", ec);
  lowest().expires_after(deadline);
  ec = wait([&](auto done) { lowest().async_connect(endpoints, std::move(done)); });
  if (ec) return failed("cannot connect to", ec);
  if (!tls_stream_) return {};
  ec = wait([&](auto done) { tls_stream_->async_handshake(asio::ssl::stream_base::client, std::move(done)); });
  if (ec) return failed("no trusted TLS with", ec);
  return {};
}

Result<void> Client::Impl::write(const Query& query) {
  beast_http::request<beast_http::string_body> request;
  request.version(11);
  request.method_string(beast::string_view(query.method.data(), query.method.size()));
  request.target(query.target);
  request.set(beast_http::field::host, address_.host + ":" + address_.port);
  request.set(beast_http::field::connection, "close");
  if (!token_.empty()) request.set(beast_http::field::authorization, "Bearer " + token_);
  for (const auto& [name, value] : query.headers) request.set(name, value);
  if (!query.body.empty()) {
    request.set(beast_http::field::content_type, "application/json");
    request.body() = query.body;
  }
  request.prepare_payload();
  const auto ec = wait([&](auto done) {
    if (tls_stream_) return beast_http::async_write(*tls_stream_, request, std::move(done));
    return beast_http::async_write(*plain_, request, std::move(done));
  });
  if (ec) return failed("cannot send to", ec);
  return {};
}

template <typename Parser>
error_code Client::Impl::read(Parser& parser, bool head_only) {
  return wait([&](auto done) {
    if (tls_stream_ && head_only) return beast_http::async_read_header(*tls_stream_, buffer_, parser, std::move(done));
    if (tls_stream_) return beast_http::async_read(*tls_stream_, buffer_, parser, std::move(done));
    if (head_only) return beast_http::async_read_header(*plain_, buffer_, parser, std::move(done));
    return beast_http::async_read(*plain_, buffer_, parser, std::move(done));
  });
}

template <typename Message>
Reply to_reply(const Message& message) {
  Reply reply;
  reply.status = message.result_int();
  const auto type = message[beast_http::field::content_type];
  reply.content_type.assign(type.data(), type.size());
  const auto etag = message[beast_http::field::etag];
  reply.etag.assign(etag.data(), etag.size());
  return reply;
}

Result<Reply> Client::Impl::send(const Query& query, std::chrono::seconds deadline) {
  ESAAS_CHECK(connect(deadline));
  ESAAS_CHECK(write(query));
  beast_http::response_parser<beast_http::string_body> parser;
  parser.body_limit(std::uint64_t{1} << 30U);
  const auto ec = read(parser, false);
  if (ec) return failed("no whole answer from", ec);
  auto reply = to_reply(parser.get());
  reply.body = std::move(parser.get().body());
  return reply;
}

Result<Reply> Client::Impl::stream(const Query& query, const std::function<bool(std::string_view)>& take,
                                   std::chrono::seconds silence) {
  ESAAS_CHECK(connect(silence));
  ESAAS_CHECK(write(query));
  beast_http::response_parser<beast_http::buffer_body> parser;
  parser.body_limit(boost::none);
  auto ec = read(parser, true);
  if (ec) return failed("no answer from", ec);
  auto reply = to_reply(parser.get());
  std::array<char, 64 * 1024> piece{};
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    lowest().expires_after(silence);
    ec = wait([&](auto done) {
      if (tls_stream_) return beast_http::async_read_some(*tls_stream_, buffer_, parser, std::move(done));
      return beast_http::async_read_some(*plain_, buffer_, parser, std::move(done));
    });
    if (ec && ec != beast_http::error::need_buffer) return failed("the answer was cut by", ec);
    const std::string_view text(piece.data(), piece.size() - parser.get().body().size);
    if (reply.status != 200) {
      reply.body += text;
    } else if (!text.empty() && !take(text)) {
      break;
    }
  }
  return reply;
}

Client::Client(ServerAddress address, std::string token, std::string ca_file)
    : impl_(std::make_unique<Impl>(std::move(address), std::move(token), std::move(ca_file))) {}
Client::~Client() = default;
Result<Reply> Client::send(const Query& query, std::chrono::seconds deadline) { return impl_->send(query, deadline); }
Result<Reply> Client::stream(const Query& query, const std::function<bool(std::string_view)>& take,
                             std::chrono::seconds silence) {
  return impl_->stream(query, take, silence);
}

Result<Reply> expect_success(Reply reply) {
  if (reply.status < 400) return reply;
  Error error{ErrorCode::kInternal, "HTTP status " + std::to_string(reply.status), {}, {}};
  if (reply.status < 500) error.code = ErrorCode::kInvalidArgument;
  if (reply.status == 503 || reply.status == 504 || reply.status == 429) error.code = ErrorCode::kUnavailable;
  const auto value = parse_json(reply.body);
  if (!value || !value->is_object()) return std::unexpected(std::move(error));
  const auto text = [&](std::string_view name) {
    const auto* member = value->get_object().if_contains(name);
    const auto* found = member == nullptr ? nullptr : member->if_string();
    return found == nullptr ? std::string() : std::string(found->data(), found->size());
  };
  if (const auto detail = text("detail"); !detail.empty()) error.detail = detail;
  error.field = text("field");
  error.rule = text("rule");
  return std::unexpected(std::move(error));
}

}  // namespace esaas::api::cli
