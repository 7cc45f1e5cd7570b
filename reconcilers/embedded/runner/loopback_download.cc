#include "reconcilers/embedded/runner/loopback_download.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>

#include "reconcilers/effects/http/connection.h"

namespace esaas::embedded {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kBytesMax = std::uint64_t{4} << 30U;
constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::chrono::minutes kTransferTimeout{10};

struct Target {
  http_client::Peer peer;
  std::string path;
};

Result<Target> parse(const std::string& url) {
  const std::size_t path_at = std::min(url.find('/', 7), url.size());
  Target target;
  const std::string host = url.substr(7, path_at - 7);
  target.path = path_at == url.size() ? "/" : url.substr(path_at);
  const std::size_t colon = host.find(':');
  std::string name = host.substr(0, colon);
  if (name == "localhost") name = "127.0.0.1";
  std::uint16_t port = 80;
  if (colon != std::string::npos) {
    const std::string digits = host.substr(colon + 1);
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (fault != std::errc() || end != digits.data() + digits.size()) {
      return fail(ErrorCode::kInvalidArgument, "the port is not a number");
    }
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address_v4(name, error);
  if (error || !address.is_loopback()) {
    return fail(ErrorCode::kInvalidArgument, "the embedded Mesos fetches over http from loopback only");
  }
  target.peer = {std::move(name), port};
  return target;
}

std::unexpected<Error> failed(const http_client::Failure& failure) {
  return fail(ErrorCode::kUnavailable, failure.why);
}

asio::awaitable<Result<void>> download(http_client::Connection& connection, Target target, std::filesystem::path path) {
  connection.set_deadline(Clock::now() + kConnectTimeout);
  const auto opened = co_await connection.open(target.peer);
  if (!opened) co_return failed(opened.error());
  connection.set_deadline(Clock::now() + kTransferTimeout);
  http_client::Request request;
  request.target = target.path;
  request.headers.emplace_back("Connection", "close");
  const auto head = co_await connection.ask(std::move(request), kBytesMax);
  if (!head) co_return failed(head.error());
  if (head->status != 200) co_return fail(ErrorCode::kUnavailable, "the answer was " + std::to_string(head->status));
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  while (file) {
    const auto piece = co_await connection.next_piece();
    if (!piece) co_return failed(piece.error());
    if (piece->empty()) break;
    file.write(piece->data(), static_cast<std::streamsize>(piece->size()));
  }
  file.close();
  if (!file) co_return fail(ErrorCode::kInternal, "cannot write " + path.string() + ": " + std::strerror(errno));
  co_return Result<void>{};
}

}  // namespace

Result<void> download_from_loopback(const std::string& url, const std::filesystem::path& path) {
  ESAAS_TRY(Target target, parse(url));
  asio::io_context io;
  http_client::Connection connection(io);
  std::optional<Result<void>> outcome;
  asio::co_spawn(io, download(connection, std::move(target), path),
                 [&outcome](const std::exception_ptr& thrown, Result<void> result) {
                   if (thrown) std::rethrow_exception(thrown);
                   outcome = std::move(result);
                 });
  while (!outcome) io.run_one();
  return std::move(*outcome);
}

}  // namespace esaas::embedded
