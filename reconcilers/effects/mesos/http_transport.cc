#include "reconcilers/effects/mesos/http_transport.h"

#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace esaas::mesos {
namespace {

namespace asio = boost::asio;
using http_client::Failure;
using http_client::Step;

constexpr std::size_t kAnswerBytesMax = std::size_t{64} << 10;
constexpr std::size_t kErrorTextMax = 500;
constexpr const char* kProtobuf = "application/x-protobuf";

std::unexpected<Error> broken(std::string_view doing, const Failure& failure) {
  return fail(failure.code(), fmt::format("{}: {}", doing, failure.why));
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

std::string doing(Step step, const std::string& host) {
  switch (step) {
    case Step::kResolve: return "resolve " + host;
    case Step::kConnect: return "connect";
    case Step::kHandshake: return "TLS handshake";
    case Step::kSend: return "send request";
    case Step::kHead:
    case Step::kBody: break;
  }
  return "read answer";
}

}  // namespace

HttpRequest make_request(std::string_view path, std::string body, const std::optional<Credentials>& credentials) {
  HttpRequest request;
  request.method = "POST";
  request.target = path;
  // Alone, without JSON: a master that may choose prefers JSON.
  request.headers = {{"Content-Type", kProtobuf}, {"Accept", kProtobuf}};
  if (credentials) {
    request.headers.emplace_back("Authorization",
                                 "Basic " + base64(credentials->principal + ":" + credentials->secret));
  }
  request.body = std::move(body);
  return request;
}

HttpRequest make_request(const wire::scheduler::Call& call, std::string_view stream_id,
                         const std::optional<Credentials>& credentials) {
  auto request = make_request("/api/v1/scheduler", call.SerializeAsString(), credentials);
  if (!stream_id.empty()) request.headers.emplace_back("Mesos-Stream-Id", stream_id);
  return request;
}

asio::awaitable<Result<void>> HttpTransport::open(Endpoint to) {
  http_client::Peer peer{to.host, to.port};  // GCC 12 destroys an aggregate twice that is made within the co_await
  const auto opened = co_await connection_.open(std::move(peer));
  if (!opened) co_return broken(doing(opened.error().step, to.host), opened.error());
  co_return Result<void>{};
}

asio::awaitable<Result<HttpAnswer>> HttpTransport::exchange(HttpRequest request) {
  auto answer = co_await exchange_whole(std::move(request), kAnswerBytesMax);
  if (answer) answer->text = readable(std::move(answer->text));
  co_return answer;
}

asio::awaitable<Result<HttpAnswer>> HttpTransport::exchange_whole(HttpRequest request, std::size_t bytes_max) {
  auto answer = co_await connection_.exchange(std::move(request), bytes_max);
  if (!answer) co_return broken(doing(answer.error().step, {}), answer.error());
  co_return HttpAnswer{answer->head.status, std::move(answer->body)};
}

asio::awaitable<Result<ResponseHead>> HttpTransport::open_stream(HttpRequest request) {
  const auto answered = co_await connection_.ask(std::move(request), std::nullopt);
  if (!answered) co_return broken(doing(answered.error().step, {}), answered.error());
  ResponseHead head;
  head.status = answered->status;
  head.content_type = answered->header("Content-Type");
  head.stream_id = answered->header("Mesos-Stream-Id");
  head.location = answered->header("Location");
  if (head.status != 200) head.error_text = co_await read_refusal();
  co_return head;
}

asio::awaitable<std::string> HttpTransport::read_refusal() {
  std::string text;
  while (text.size() < kErrorTextMax) {
    const auto more = co_await connection_.next_piece();
    if (!more || more->empty()) break;  // the status says enough
    text += *more;
  }
  co_return readable(std::move(text));
}

asio::awaitable<Result<std::string>> HttpTransport::read_some() {
  auto piece = co_await connection_.next_piece();
  if (!piece) co_return broken("event stream", piece.error());
  if (piece->empty()) co_return fail(ErrorCode::kUnavailable, "the master ended the stream");
  co_return std::move(*piece);
}

}  // namespace esaas::mesos
