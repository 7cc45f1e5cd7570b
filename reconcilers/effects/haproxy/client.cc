#include "reconcilers/effects/haproxy/client.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/base/assert.h"
#include "reconcilers/effects/haproxy/identity.h"
#include "reconcilers/effects/http/byte_stream.h"

namespace esaas::haproxy {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kAnswerBytesMax = std::size_t{4} << 20;
constexpr std::size_t kWaitingMax = 8;
/// What HAProxy writes when it is ready for the next command.
constexpr std::string_view kPrompt = "\n> ";

/// One connection to one control port. What it waits for ends at the deadline.
class Conversation : public std::enable_shared_from_this<Conversation> {
 public:
  Conversation(asio::io_context& context, asio::ssl::context& tls)
      : stream_(context, &tls), resolver_(context), timer_(context) {}

  void end_after(Duration timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([weak = weak_from_this()](const error_code& ended) {
      const auto self = weak.lock();
      if (ended || !self) return;
      self->is_late_ = true;
      self->resolver_.cancel();
      self->stream_.close();
    });
  }
  void end() {
    timer_.cancel();
    stream_.close();
  }

  asio::awaitable<Result<void>> open(const Question& question) {
    const std::string& host = question.host;
    auto address = co_await resolve(host);
    if (!address) co_return std::unexpected(address.error());
    auto error = co_await stream_.connect({*address, static_cast<std::uint16_t>(question.port)});
    if (error) co_return failed("connect", error);
    error = co_await stream_.handshake(host);
    if (error) co_return failed("shake hands", error);
    auto admitted = admit(question);
    if (!admitted) co_return std::unexpected(admitted.error());
    auto greeted = co_await ask("prompt");
    if (!greeted) co_return std::unexpected(greeted.error());
    co_return Result<void>{};
  }

  /// HAProxy's answer to one command, without what it writes behind it.
  asio::awaitable<Result<std::string>> ask(std::string command) {
    const auto error = co_await stream_.write(std::move(command) + "\n");
    if (error) co_return failed("ask", error);
    std::string answer;
    std::array<char, 16384> piece{};
    while (!answer.ends_with(kPrompt)) {
      const auto got = co_await stream_.read_some(piece);
      if (got.error) co_return failed("read", got.error);
      answer.append(piece.data(), got.bytes);
      if (answer.size() > kAnswerBytesMax) {
        co_return fail(ErrorCode::kUnavailable, "The proxy's answer has no end.");
      }
    }
    answer.resize(answer.size() - kPrompt.size());
    co_return answer;
  }

  asio::awaitable<Result<asio::ip::address>> resolve(std::string host) {
    error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (!error) co_return address;
    const auto found = co_await resolver_.async_resolve(host, "", asio::redirect_error(asio::use_awaitable, error));
    if (error || found.empty()) co_return failed("resolve " + host, error);
    co_return found.begin()->endpoint().address();
  }

 private:
  [[nodiscard]] Result<void> admit(const Question& question) const {
    const std::string certificate = stream_.peer_certificate();
    if (certificate.empty() || !question.admit) {
      return fail(ErrorCode::kUnavailable, "Nobody can say whether this is the proxy.");
    }
    return question.admit(fingerprint_of(certificate));
  }

  [[nodiscard]] std::unexpected<Error> failed(std::string_view what, const error_code& error) const {
    if (is_late_) return fail(ErrorCode::kDeadlineExceeded, "The proxy did not answer in time.");
    return fail(ErrorCode::kUnavailable, fmt::format("The proxy can not be reached ({}: {}).", what, error.message()));
  }

  http_client::ByteStream stream_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer timer_;
  bool is_late_ = false;
};

asio::awaitable<Result<Standing>> look(Conversation& proxy) {
  Standing standing;
  auto answer = co_await proxy.ask(std::string(kAskSlots));
  if (!answer) co_return std::unexpected(answer.error());
  auto slots = parse_slots(*answer);
  if (!slots) co_return std::unexpected(slots.error());
  standing.slots = std::move(*slots);
  answer = co_await proxy.ask(std::string(kAskSessions));
  if (!answer) co_return std::unexpected(answer.error());
  if (auto read = parse_sessions(*answer, standing.slots); !read) co_return std::unexpected(read.error());
  for (const auto& [question, list] :
       {std::pair(ask_users(), &standing.digests), std::pair(ask_networks(), &standing.networks)}) {
    answer = co_await proxy.ask(question);
    if (!answer) co_return std::unexpected(answer.error());
    auto entries = parse_entries(*answer);
    if (!entries) co_return std::unexpected(entries.error());
    for (auto& [key, value] : *entries) list->insert(std::move(key));
  }
  answer = co_await proxy.ask(ask_doors());
  if (!answer) co_return std::unexpected(answer.error());
  auto doors = parse_entries(*answer);
  if (!doors) co_return std::unexpected(doors.error());
  for (auto& [door, state] : *doors) standing.doors.insert_or_assign(std::move(door), std::move(state));
  co_return standing;
}

Answer answer_of(const Standing& standing, const Orders& orders) {
  return {.sessions = sessions_by_node(standing, orders), .up = nodes_that_are_up(standing, orders)};
}

/// What HAProxy says to a command is for people: that it did as it was told is seen by looking again.
asio::awaitable<Result<Answer>> tell(Conversation& proxy, const Orders& orders, bool only_asks) {
  std::string last_answer;
  for (const bool was_told : {false, true}) {
    auto standing = co_await look(proxy);
    if (!standing) co_return std::unexpected(standing.error());
    if (only_asks) co_return answer_of(*standing, orders);
    auto commands = commands_for(*standing, orders);
    if (!commands) co_return std::unexpected(commands.error());
    if (commands->empty()) co_return answer_of(*standing, orders);
    if (was_told) break;
    for (std::string& command : *commands) {
      auto answer = co_await proxy.ask(std::move(command));
      if (!answer) co_return std::unexpected(answer.error());
      if (answer->size() > 1) last_answer = *answer;
    }
  }
  co_return fail(ErrorCode::kUnavailable, "The proxy did not do as it was told: " + last_answer);
}

asio::awaitable<Result<Answer>> converse(Conversation& proxy, Question question) {
  for (Server& server : question.orders.servers) {
    auto address = co_await proxy.resolve(server.address);
    if (!address) co_return std::unexpected(address.error());
    server.address = address->to_string();
  }
  auto opened = co_await proxy.open(question);
  if (!opened) co_return std::unexpected(opened.error());
  co_return co_await tell(proxy, question.orders, question.only_asks);
}

void must_not_throw(const std::exception_ptr& failure) {
  ESAAS_ASSERT(failure == nullptr, "a conversation with a proxy threw");
}

}  // namespace

Client::Client(asio::io_context& context, asio::ssl::context& tls) : context_(context), tls_(tls) {}

void Client::follow(Question question, Duration timeout, std::function<void(Result<Answer>)> callback) {
  const std::string proxy = fmt::format("{}:{}", question.host, question.port);
  auto& waiting = waiting_[proxy];
  if (waiting.size() >= kWaitingMax) {
    asio::post(context_, [callback = std::move(callback)] {
      callback(fail(ErrorCode::kResourceExhausted, "Other conversations with this proxy have not ended."));
    });
    return;
  }
  waiting.push_back({std::move(question), timeout, std::move(callback)});
  if (waiting.size() == 1) asio::co_spawn(context_, talk(proxy), must_not_throw);
}

asio::awaitable<void> Client::talk(std::string proxy) {
  while (true) {
    Waiting& next = waiting_.find(proxy)->second.front();
    const auto conversation = std::make_shared<Conversation>(context_, tls_);
    conversation->end_after(next.timeout);
    auto outcome = co_await converse(*conversation, std::move(next.question));
    conversation->end();
    const auto found = waiting_.find(proxy);
    const auto callback = std::move(found->second.front().callback);
    found->second.pop_front();
    const bool is_last = found->second.empty();
    if (is_last) waiting_.erase(found);
    callback(std::move(outcome));
    if (is_last) co_return;
  }
}

}  // namespace esaas::haproxy
