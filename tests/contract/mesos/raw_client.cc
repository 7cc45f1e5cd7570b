#include "tests/contract/mesos/raw_client.h"

#include <algorithm>
#include <cctype>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "reconcilers/effects/mesos/recordio.h"

namespace esaas::contract {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds kTimeout{15};

template <typename Fields>
std::map<std::string, std::string> headers_of(const Fields& fields) {
  std::map<std::string, std::string> result;
  for (const auto& each : fields) {
    std::string name(each.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    result[name] = std::string(each.value());
  }
  return result;
}

http::request<http::string_body> make(const Endpoint& to, const std::string& method, const std::string& path,
                                      const std::string& body, const Headers& headers) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(path);
  request.set(http::field::host, to.host + ":" + std::to_string(to.port));
  for (const auto& [name, value] : headers) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  return request;
}

/// An io_context and a connection on which async operations are waited for.
struct Connection {
  asio::io_context io;
  beast::tcp_stream stream{io};
  beast::flat_buffer buffer;

  template <typename Start>
  void run(std::chrono::milliseconds timeout, const Start& start) {
    error_code result = asio::error::would_block;
    stream.expires_after(timeout);
    start([&](error_code error, auto&&...) { result = error; });
    io.restart();
    io.run();
    if (result) throw boost::system::system_error(result);
  }

  void connect(const Endpoint& to) {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(to.host), to.port);
    run(kTimeout, [&](auto done) { stream.async_connect(endpoint, done); });
  }
};

}  // namespace

Headers call_headers(Encoding encoding, const std::string& stream) {
  const std::string type(embedded::content_type(encoding));
  Headers headers = {{"Content-Type", type}, {"Accept", type}};
  if (!stream.empty()) headers["Mesos-Stream-Id"] = stream;
  return headers;
}

RawReply request(const Endpoint& to, const std::string& method, const std::string& path, const std::string& body,
                 const Headers& headers) {
  Connection connection;
  connection.connect(to);
  const auto request = make(to, method, path, body, headers);
  connection.run(kTimeout, [&](auto done) { http::async_write(connection.stream, request, done); });
  http::response<http::string_body> response;
  connection.run(kTimeout, [&](auto done) { http::async_read(connection.stream, connection.buffer, response, done); });
  return {response.result_int(), response.body(), headers_of(response)};
}

class RawStream::Impl {
 public:
  explicit Impl(Encoding used) : encoding(used) { parser.body_limit(boost::none); }

  enum class Read { kBytes, kNothingYet, kEnd };

  /// More bytes for the decoder, if some come in time. A read that is not done goes on with the next call, so that a
  /// wait in vain does not end the stream.
  Read read_some(std::chrono::milliseconds timeout) {
    if (!reading) {
      if (parser.is_done()) return Read::kEnd;
      reading = true;
      result = asio::error::would_block;
      parser.get().body().data = chunk.data();
      parser.get().body().size = chunk.size();
      connection.stream.expires_never();
      http::async_read_some(connection.stream, connection.buffer, parser,
                            [this](error_code error, std::size_t) { result = error; });
    }
    connection.io.restart();
    const auto end = std::chrono::steady_clock::now() + timeout;
    while (result == asio::error::would_block && connection.io.run_one_until(end) > 0) {
    }
    if (result == asio::error::would_block) return Read::kNothingYet;
    reading = false;
    if (result && result != http::error::need_buffer) return Read::kEnd;  // politely or not
    decoder.feed({chunk.data(), chunk.size() - parser.get().body().size});
    return Read::kBytes;
  }

  Connection connection;
  http::response_parser<http::buffer_body> parser;
  mesos::RecordDecoder decoder;
  std::array<char, 65536> chunk{};
  Encoding encoding;
  bool reading = false;
  error_code result;
};

RawStream::RawStream(const Endpoint& to, const Call& call, Encoding encoding, const Headers& more)
    : impl_(std::make_unique<Impl>(encoding)) {
  impl_->connection.connect(to);
  Headers headers = call_headers(encoding);
  headers.insert(more.begin(), more.end());
  const auto subscribe = make(to, "POST", "/api/v1/scheduler", embedded::encode(call, encoding), headers);
  impl_->connection.run(kTimeout, [&](auto done) { http::async_write(impl_->connection.stream, subscribe, done); });
  impl_->connection.run(kTimeout, [&](auto done) {
    http::async_read_header(impl_->connection.stream, impl_->connection.buffer, impl_->parser, done);
  });
  head_.status = impl_->parser.get().result_int();
  head_.headers = headers_of(impl_->parser.get());
}

RawStream::~RawStream() = default;

std::string RawStream::id() const {
  const auto place = head_.headers.find("mesos-stream-id");
  return place == head_.headers.end() ? std::string() : place->second;
}

std::optional<Event> RawStream::wait(const std::function<bool(const Event&)>& wanted,
                                     std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    while (auto record = impl_->decoder.next().value()) {
      Event event;
      if (!embedded::decode(*record, impl_->encoding, "Event", event)) return std::nullopt;
      if (wanted(event)) return event;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    if (impl_->read_some(left) != Impl::Read::kBytes) return std::nullopt;
  }
}

std::optional<Event> RawStream::wait(Event::Type type, std::chrono::milliseconds timeout) {
  return wait([type](const Event& event) { return event.type() == type; }, timeout);
}

bool RawStream::wait_for_end(std::chrono::milliseconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    while (impl_->decoder.next().value()) {
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (const auto read = impl_->read_some(left); read != Impl::Read::kBytes) return read == Impl::Read::kEnd;
  }
}

void RawStream::close() { impl_->connection.stream.close(); }

}  // namespace esaas::contract
