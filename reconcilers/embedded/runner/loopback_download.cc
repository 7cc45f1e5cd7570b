#include "reconcilers/embedded/runner/loopback_download.h"

#include <charconv>
#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace esaas::embedded {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::uint64_t kBytesMax = std::uint64_t{4} << 30U;
constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::chrono::minutes kTransferTimeout{10};

struct Target {
  asio::ip::tcp::endpoint endpoint;
  std::string host;
  std::string path;
};

Result<Target> parse(const std::string& url) {
  const std::size_t path_at = std::min(url.find('/', 7), url.size());
  Target target;
  target.host = url.substr(7, path_at - 7);
  target.path = path_at == url.size() ? "/" : url.substr(path_at);
  const std::size_t colon = target.host.find(':');
  std::string name = target.host.substr(0, colon);
  if (name == "localhost") name = "127.0.0.1";
  std::uint16_t port = 80;
  if (colon != std::string::npos) {
    const std::string digits = target.host.substr(colon + 1);
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (fault != std::errc() || end != digits.data() + digits.size()) {
      return fail(ErrorCode::kInvalidArgument, "the port is not a number");
    }
  }
  error_code error;
  const auto address = asio::ip::make_address_v4(name, error);
  if (error || !address.is_loopback()) {
    return fail(ErrorCode::kInvalidArgument, "the embedded Mesos fetches over http from loopback only");
  }
  target.endpoint = {address, port};
  return target;
}

template <typename Start>
error_code run(asio::io_context& io, const Start& start) {
  error_code result = asio::error::would_block;
  start([&](error_code error, auto&&...) { result = error; });
  io.restart();
  io.run();
  return result;
}

}  // namespace

Result<void> download_from_loopback(const std::string& url, const std::filesystem::path& path) {
  ESAAS_TRY(const Target target, parse(url));
  asio::io_context io;
  beast::tcp_stream stream(io);
  const auto failed = [](error_code error) { return fail(ErrorCode::kUnavailable, error.message()); };
  stream.expires_after(kConnectTimeout);
  if (auto error = run(io, [&](auto done) { stream.async_connect(target.endpoint, done); })) return failed(error);
  stream.expires_after(kTransferTimeout);
  http::request<http::empty_body> request(http::verb::get, target.path, 11);
  request.set(http::field::host, target.host);
  request.set(http::field::connection, "close");
  if (auto error = run(io, [&](auto done) { http::async_write(stream, request, done); })) return failed(error);
  http::response_parser<http::file_body> parser;
  parser.body_limit(kBytesMax);
  error_code opened;
  parser.get().body().open(path.c_str(), beast::file_mode::write, opened);
  if (opened) return fail(ErrorCode::kInternal, "cannot write " + path.string() + ": " + opened.message());
  beast::flat_buffer buffer;
  if (auto error = run(io, [&](auto done) { http::async_read(stream, buffer, parser, done); })) return failed(error);
  if (parser.get().result() != http::status::ok) {
    return fail(ErrorCode::kUnavailable, "the answer was " + std::to_string(parser.get().result_int()));
  }
  return {};
}

}  // namespace esaas::embedded
