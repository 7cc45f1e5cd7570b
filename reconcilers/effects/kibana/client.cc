#include "reconcilers/effects/kibana/client.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include "core/base/assert.h"
#include "reconcilers/effects/http/connection.h"
#include "reconcilers/effects/kibana/status.h"

namespace esaas::kibana {
namespace {

namespace asio = boost::asio;

constexpr std::uint64_t kBodyBytesMax = std::uint64_t{1} << 20;

asio::awaitable<Result<void>> ask(asio::io_context& context, http_client::Peer peer, Duration timeout) {
  http_client::Connection connection(context);
  connection.set_deadline(std::chrono::steady_clock::now() + timeout);
  const auto opened = co_await connection.open(std::move(peer));
  if (!opened) co_return fail(opened.error().code(), "Kibana can not be reached: " + opened.error().why);
  // By a name of its own: GCC 12 destroys a braced temporary within co_await twice.
  http_client::Request request{"GET", "/api/status", {}, {}};
  const auto answer = co_await connection.exchange(std::move(request), kBodyBytesMax);
  if (!answer) co_return fail(answer.error().code(), "Kibana does not answer: " + answer.error().why);
  if (answer->head.status != 200) {
    co_return fail(ErrorCode::kUnavailable, "Kibana answers " + std::to_string(answer->head.status) + ".");
  }
  co_return parse_status(answer->body);
}

}  // namespace

void ask_status(asio::io_context& context, std::string host, std::uint32_t port, Duration timeout,
                std::function<void(Result<void>)> callback) {
  http_client::Peer peer{std::move(host), static_cast<std::uint16_t>(port)};
  asio::co_spawn(context, ask(context, std::move(peer), timeout),
                 [callback = std::move(callback)](const std::exception_ptr& failure, Result<void> outcome) {
                   ESAAS_ASSERT(failure == nullptr, "a question to Kibana threw");
                   callback(std::move(outcome));
                 });
}

}  // namespace esaas::kibana
