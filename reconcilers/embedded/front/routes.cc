#include "reconcilers/embedded/front/routes.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <utility>

namespace esaas::embedded {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view kStreamHeader = "Mesos-Stream-Id";

std::string_view header(const HttpRequest& request, http::field name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

std::string basic_authorization(const FrontCredentials& credentials) {
  const std::string plain = credentials.principal + ":" + credentials.secret;
  std::string encoded(4 * ((plain.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

bool is_equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

HttpResponse empty_response(const HttpRequest& request, unsigned status) { return text_response(request, status, {}); }

HttpResponse method_not_allowed(const HttpRequest& request) {
  const auto method = request.method_string();
  HttpResponse response = text_response(
      request, 405, "Expecting one of { 'POST' }, but received '" + std::string(method.data(), method.size()) + "'");
  response.set(http::field::allow, "POST");
  return response;
}

unsigned status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument: return 400;
    case ErrorCode::kNotFound: return 404;
    case ErrorCode::kUnavailable: return 501;
    default: return 503;
  }
}

/// Reads the body as `message`; or the answer that says why not.
std::optional<HttpResponse> read_body(const HttpRequest& request, google::protobuf::Message& message) {
  const auto encoding = encoding_of_body(header(request, http::field::content_type));
  if (!encoding) {
    return text_response(request, encoding.error().code == ErrorCode::kUnavailable ? 415 : 400,
                         encoding.error().detail);
  }
  if (const auto decoded = decode(request.body(), *encoding, "Call", message); !decoded) {
    return text_response(request, 400, decoded.error().detail);
  }
  return std::nullopt;
}

}  // namespace

HttpResponse text_response(const HttpRequest& request, unsigned status, std::string text) {
  HttpResponse response(static_cast<http::status>(status), request.version());
  response.keep_alive(request.keep_alive());
  if (!text.empty()) response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.body() = std::move(text);
  response.prepare_payload();
  return response;
}

Routes::Routes(Engine& engine, const std::optional<FrontCredentials>& credentials) : engine_(engine) {
  if (!credentials) return;
  principal_ = credentials->principal;
  authorization_ = basic_authorization(*credentials);
}

RoutedAnswer Routes::answer(const HttpRequest& request) const {
  const auto target = request.target();
  const std::string_view path = std::string_view(target.data(), target.size()).substr(0, target.find('?'));
  if (path == "/health") return {empty_response(request, 200)};
  if (principal_ && !is_equal(header(request, http::field::authorization), authorization_)) {
    HttpResponse response = text_response(request, 401, "Credentials are needed");
    response.set(http::field::www_authenticate, "Basic realm=\"mesos-master-scheduler\"");
    return {std::move(response)};
  }
  if (path == "/api/v1/scheduler") return scheduler(request);
  if (path == "/api/v1") return {operate(request)};
  return {empty_response(request, 404)};
}

RoutedAnswer Routes::scheduler(const HttpRequest& request) const {
  if (request.method() != http::verb::post) return {method_not_allowed(request)};
  wire::scheduler::Call call;
  if (auto refusal = read_body(request, call)) return {std::move(*refusal)};
  const auto stream_header = request.find(kStreamHeader);
  std::optional<StreamId> stream;
  if (stream_header != request.end()) stream = std::string(stream_header->value());
  const bool subscribes = call.type() == wire::scheduler::Call::SUBSCRIBE;
  if (!subscribes) {
    const Answer answer = engine_.call(call, stream, principal_);
    return {text_response(request, static_cast<unsigned>(answer.status), answer.text)};
  }
  const auto encoding = encoding_of_answer(header(request, http::field::accept));
  if (!encoding) return {text_response(request, 406, encoding.error().detail)};
  if (stream) {
    return {text_response(request, 400, "Subscribe calls should not include the 'Mesos-Stream-Id' header")};
  }
  Subscription subscription = engine_.subscribe(call, principal_);
  if (subscription.status != 200) {
    return {text_response(request, static_cast<unsigned>(subscription.status), subscription.text)};
  }
  HttpResponse head(http::status::ok, request.version());
  head.set(http::field::content_type, std::string(content_type(*encoding)));
  head.set(kStreamHeader, subscription.stream->id());
  head.chunked(true);
  return {std::move(head), std::move(subscription.stream), *encoding};
}

HttpResponse Routes::operate(const HttpRequest& request) const {
  if (request.method() != http::verb::post) return method_not_allowed(request);
  const auto encoding = encoding_of_answer(header(request, http::field::accept));
  if (!encoding) return text_response(request, 406, encoding.error().detail);
  wire::master::Call call;
  if (auto refusal = read_body(request, call)) return std::move(*refusal);
  const auto answer = engine_.operate(call);
  if (!answer) return text_response(request, status_of(answer.error()), answer.error().detail);
  if (!answer->has_type()) return empty_response(request, 200);
  HttpResponse response(http::status::ok, request.version());
  response.keep_alive(request.keep_alive());
  response.set(http::field::content_type, std::string(content_type(*encoding)));
  response.body() = encode(*answer, *encoding);
  response.prepare_payload();
  return response;
}

}  // namespace esaas::embedded
