#pragma once
// Exchange: one connection's request, and the way to wait for an answer that comes on another thread. Reused for all
// requests of its connection. All members are used on the shard's thread; only `Waker` may cross threads.
//
// Waiting. A route that asks the controller starts the question and suspends on the exchange's timer, whose expiry is
// the deadline. The answer, on whatever thread it comes, stores its value and calls the Waker, which puts the exchange
// on the shard's list; the shard wakes all that are on it in one turn. A ticket that is out of date wakes nobody, so an
// answer after the deadline is harmless.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/http/limits.h"
#include "api/http/request.h"

namespace esaas::api::http {

class Shard;

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(Shard& shard, const Limits& limits, std::string peer_address);

  Request request;
  const std::string peer_address;
  const Limits& limits;

  /// Wakes the wait that was current when it was made. Copyable, callable from any thread, any number of times.
  class Waker {
   public:
    Waker(std::shared_ptr<Exchange> exchange, std::uint64_t ticket) : exchange_(std::move(exchange)), ticket_(ticket) {}
    void operator()() const;

   private:
    std::shared_ptr<Exchange> exchange_;
    std::uint64_t ticket_;
  };

  /// Begins a new wait: all earlier Wakers are void.
  Waker begin_wait();
  /// What ends a wait besides the Waker and the time: an answer that is owed is waited for while the server stops, a
  /// stream is not.
  enum class OnStop : std::uint8_t { kGoOn, kEnd };
  /// Suspends until the Waker is called (true), or the time is over or the server stops (false).
  boost::asio::awaitable<bool> wait(std::chrono::steady_clock::duration timeout, OnStop on_stop = OnStop::kGoOn);

  /// Asks something that answers by callback, on any thread, at most once: `start` is called with the callback. Nothing
  /// when the answer did not come within `timeout`.
  template <typename T>
  boost::asio::awaitable<std::optional<T>> ask(std::function<void(std::function<void(T)>)> start,
                                               std::chrono::steady_clock::duration timeout);

  /// The server is stopping: streams end.
  [[nodiscard]] bool stopping() const { return stopping_; }

  // For the shard.
  void wake(std::uint64_t ticket);
  void stop();
  void abandon();

 private:
  Shard& shard_;
  boost::asio::steady_timer timer_;
  std::uint64_t ticket_ = 0;
  bool woken_ = false;
  bool stopping_ = false;
  OnStop on_stop_ = OnStop::kGoOn;
};

template <typename T>
boost::asio::awaitable<std::optional<T>> Exchange::ask(std::function<void(std::function<void(T)>)> start,
                                                       std::chrono::steady_clock::duration timeout) {
  // The slot is written before the Waker's mutex and read after it, so it needs no lock of its own. After a deadline it
  // belongs to the callback alone.
  auto slot = std::make_shared<std::optional<T>>();
  auto waker = begin_wait();
  std::function<void(T)> answer = [slot, waker](T value) {
    slot->emplace(std::move(value));
    waker();
  };
  start(std::move(answer));
  const bool answered = co_await wait(timeout);
  if (!answered) co_return std::nullopt;
  co_return std::move(*slot);
}

}  // namespace esaas::api::http
