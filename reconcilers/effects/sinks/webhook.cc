#include "reconcilers/effects/sinks/webhook.h"

#include <sodium.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "reconcilers/effects/http/connection.h"
#include "reconcilers/effects/sinks/retry_after.h"

namespace esaas::sinks {
namespace {

namespace asio = boost::asio;

/// More of an answer is not read, however long it says that it is: its status says all.
constexpr std::uint64_t kAnswerBytesMax = 64 * 1024;

const char* content_type_of(WebhookFormat format) {
  switch (format) {
    case WebhookFormat::kCloudEvent: return "application/cloudevents+json";
    case WebhookFormat::kCloudEventsBatch: return "application/cloudevents-batch+json";
    case WebhookFormat::kEnvelope: break;
  }
  return "application/json";
}

http_client::Request request_of(const model::WebUrl& url, const std::string& secret, WebhookFormat format,
                                const Delivery& delivery) {
  http_client::Request request{
      .method = "POST", .target = url.target, .headers = {}, .body = webhook_body(delivery, format)};
  request.headers = {{"Content-Type", content_type_of(format)},
                     {"ESaaS-Sink", delivery.sink},
                     {"ESaaS-First-Seq", std::to_string(delivery.events.front().seq)},
                     {"ESaaS-Last-Seq", std::to_string(delivery.events.back().seq)}};
  if (!secret.empty()) request.headers.emplace_back("ESaaS-Signature", webhook_signature(request.body, secret));
  return request;
}

class Webhook final : public Destination {
 public:
  Webhook(model::WebUrl url, std::string secret, WebhookFormat format)
      : url_(std::move(url)), secret_(std::move(secret)), format_(format) {
    if (!url_.tls) return;
    tls_.emplace(asio::ssl::context::tls_client);
    boost::system::error_code failed;
    tls_->set_default_verify_paths(failed);
    tls_->set_verify_mode(asio::ssl::verify_peer, failed);
    // Without trust in anybody every handshake fails, and says so.
  }

  Result<void> deliver(const Delivery& delivery, Duration timeout, std::stop_token stop) override {
    asked_to_wait_ = Duration::zero();
    io_.restart();
    if (!connection_) connection_.emplace(io_, tls_ ? &*tls_ : nullptr);
    connection_->set_deadline(std::chrono::steady_clock::now() + timeout);
    std::optional<Result<void>> outcome;
    asio::co_spawn(io_, send(request_of(url_, secret_, format_, delivery)),
                   [&outcome](const std::exception_ptr& failure, Result<void> answered) {
                     ESAAS_ASSERT(failure == nullptr, "a webhook threw");
                     outcome = std::move(answered);
                   });
    {
      const std::stop_callback on_stop(stop, [this] {
        asio::post(io_, [this] {
          if (connection_) connection_->close();
        });
      });
      // Not to its end: the connection's own timer may be left.
      while (!outcome) io_.run_one();
    }
    // What was read of a refusal may not be all of it.
    if (!*outcome) connection_.reset();
    return std::move(*outcome);
  }

  [[nodiscard]] Duration asked_to_wait() const override { return asked_to_wait_; }

 private:
  asio::awaitable<Result<void>> send(http_client::Request request) {
    if (!connection_->reusable()) {
      http_client::Peer peer{url_.host, url_.port};
      const auto opened = co_await connection_->open(std::move(peer));
      if (!opened) co_return fail(opened.error().code(), "it can not be reached: " + opened.error().why);
    }
    const auto head = co_await connection_->ask(std::move(request), std::nullopt);
    if (!head) co_return fail(head.error().code(), "it does not answer: " + head.error().why);
    if (head->status < 200 || head->status > 299) {
      if (head->status == 429 || head->status == 503) {
        asked_to_wait_ = retry_after(head->header("Retry-After"), head->header("Date"));
      }
      co_return fail(ErrorCode::kUnavailable, "it answers " + std::to_string(head->status));
    }
    // So that the connection can be used again; the events are taken however this goes.
    for (std::uint64_t bytes = 0; bytes <= kAnswerBytesMax;) {
      const auto piece = co_await connection_->next_piece();
      if (!piece) break;
      if (piece->empty()) co_return Result<void>{};
      bytes += piece->size();
    }
    connection_->close();
    co_return Result<void>{};
  }

  const model::WebUrl url_;
  const std::string secret_;
  const WebhookFormat format_;
  Duration asked_to_wait_ = Duration::zero();
  asio::io_context io_{1};
  std::optional<asio::ssl::context> tls_;
  std::optional<http_client::Connection> connection_;
};

}  // namespace

Result<WebhookFormat> webhook_format(std::string_view name) {
  if (name.empty()) return WebhookFormat::kEnvelope;
  if (name == "cloudevents") return WebhookFormat::kCloudEvent;
  if (name == "cloudevents-batch") return WebhookFormat::kCloudEventsBatch;
  return fail(ErrorCode::kInvalidArgument, "this program knows no format " + std::string(name));
}

std::string webhook_body(const Delivery& delivery, WebhookFormat format) {
  std::string events;
  for (const OutEvent& event : delivery.events) {
    if (!events.empty()) events += ',';
    events += event.json;
  }
  if (format == WebhookFormat::kCloudEvent) {
    ESAAS_ASSERT(delivery.events.size() == 1, "it takes events one by one");
    return events;
  }
  if (format == WebhookFormat::kCloudEventsBatch) return "[" + events + "]";
  // A sink's name is a DNS label and the events are JSON: nothing has to be escaped.
  return R"({"sink":")" + delivery.sink + R"(","first_seq":)" + std::to_string(delivery.events.front().seq) +
         R"(,"last_seq":)" + std::to_string(delivery.events.back().seq) + R"(,"events":[)" + events + "]}";
}

std::string webhook_signature(std::string_view body, std::string_view secret) {
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> code{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(secret.data()), secret.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(body.data()), body.size());
  crypto_auth_hmacsha256_final(&state, code.data());
  return "sha256=" + to_hex({reinterpret_cast<const char*>(code.data()), code.size()});
}

std::unique_ptr<Destination> make_webhook(model::WebUrl url, std::string secret, WebhookFormat format) {
  return std::make_unique<Webhook>(std::move(url), std::move(secret), format);
}

}  // namespace esaas::sinks
