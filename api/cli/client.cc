#include "api/cli/client.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <charconv>
#include <cstdint>
#include <exception>
#include <optional>

#include "core/base/proto_json.h"
#include "reconcilers/effects/http/connection.h"

namespace esaas::api::cli {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Take = std::function<bool(std::string_view piece)>;

namespace {

constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{1} << 30U;

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::string_view describe(http_client::Step step) {
  switch (step) {
    case http_client::Step::kResolve: return "cannot find";
    case http_client::Step::kConnect: return "cannot connect to";
    case http_client::Step::kHandshake: return "no trusted TLS with";
    case http_client::Step::kSend: return "cannot send to";
    case http_client::Step::kHead: return "no answer from";
    case http_client::Step::kBody: break;
  }
  return "no whole answer from";
}

}  // namespace

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
  if (address.host.empty() || address.host.find('/') != std::string::npos || !port_of(address.port)) {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string(url) + "\" is not of the form http://HOST:PORT",
                "server");
  }
  return address;
}

class Client::Impl {
 public:
  Impl(ServerAddress address, std::string token, std::string ca_file)
      : uses_tls_(address.tls),
        peer_{std::move(address.host), port_of(address.port).value_or(0)},
        token_(std::move(token)),
        ca_file_(std::move(ca_file)) {}

  /// `take` null: the whole answer within `wait`. Otherwise its pieces, `wait` for each.
  Result<Reply> perform(const Query& query, const Take* take, std::chrono::seconds wait);

 private:
  [[nodiscard]] http_client::Request to_request(const Query& query) const;
  Result<void> prepare_tls();
  asio::awaitable<Result<Reply>> converse(const Query& query, const Take* take, std::chrono::seconds wait);
  [[nodiscard]] std::unexpected<Error> failed(const http_client::Failure& failure) const;

  bool uses_tls_;
  http_client::Peer peer_;
  std::string token_;
  std::string ca_file_;
  asio::io_context io_;
  std::optional<asio::ssl::context> tls_;
};

std::unexpected<Error> Client::Impl::failed(const http_client::Failure& failure) const {
  return fail(failure.code(), std::string(describe(failure.step)) + " " + peer_.to_string() + ": " + failure.why);
}

Result<void> Client::Impl::prepare_tls() {
  if (!uses_tls_ || tls_) return {};
  asio::ssl::context context(asio::ssl::context::tls_client);
  boost::system::error_code ec;
  context.set_verify_mode(asio::ssl::verify_peer, ec);
  if (ca_file_.empty()) {
    context.set_default_verify_paths(ec);
  } else {
    context.load_verify_file(ca_file_, ec);
  }
  if (ec) return fail(ErrorCode::kInvalidArgument, "cannot use the certificates of " + ca_file_ + ": " + ec.message());
  tls_ = std::move(context);
  return {};
}

http_client::Request Client::Impl::to_request(const Query& query) const {
  http_client::Request request{std::string(query.method), query.target, query.headers, query.body};
  request.headers.emplace_back("Connection", "close");
  if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
  if (!query.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  return request;
}

/// A new connection for each request: a command sends few, and none can meet a connection that has died meanwhile.
asio::awaitable<Result<Reply>> Client::Impl::converse(const Query& query, const Take* take,
                                                      std::chrono::seconds wait) {
  http_client::Connection connection(io_, tls_ ? &*tls_ : nullptr);
  connection.set_deadline(Clock::now() + wait);
  const auto opened = co_await connection.open(peer_);
  if (!opened) co_return failed(opened.error());
  std::optional<std::uint64_t> bytes_max;
  if (take == nullptr) bytes_max = kAnswerBytesMax;
  const auto head = co_await connection.ask(to_request(query), bytes_max);
  if (!head) co_return failed(head.error());
  Reply reply;
  reply.status = static_cast<unsigned>(head->status);
  reply.content_type = head->header("Content-Type");
  reply.etag = head->header("ETag");
  reply.cursor = head->header("ESaaS-Cursor");
  if (query.on_head) query.on_head(reply);
  for (;;) {
    if (take != nullptr) connection.set_deadline(Clock::now() + wait);
    const auto piece = co_await connection.next_piece();
    if (!piece) co_return failed(piece.error());
    if (piece->empty()) co_return reply;
    if (take == nullptr || reply.status != 200) {
      reply.body += *piece;
    } else if (!(*take)(*piece)) {
      co_return reply;
    }
  }
}

Result<Reply> Client::Impl::perform(const Query& query, const Take* take, std::chrono::seconds wait) {
  ESAAS_CHECK(prepare_tls());
  std::optional<Result<Reply>> outcome;
  asio::co_spawn(io_, converse(query, take, wait),
                 [&outcome](const std::exception_ptr& thrown, Result<Reply> reply) {
                   if (thrown) std::rethrow_exception(thrown);
                   outcome = std::move(reply);
                 });
  io_.restart();
  while (!outcome) io_.run_one();
  return std::move(*outcome);
}

Client::Client(ServerAddress address, std::string token, std::string ca_file)
    : impl_(std::make_unique<Impl>(std::move(address), std::move(token), std::move(ca_file))) {}
Client::~Client() = default;
Result<Reply> Client::send(const Query& query, std::chrono::seconds deadline) {
  return impl_->perform(query, nullptr, deadline);
}
Result<Reply> Client::stream(const Query& query, const std::function<bool(std::string_view)>& take,
                             std::chrono::seconds silence) {
  return impl_->perform(query, &take, silence);
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
