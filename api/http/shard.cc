#include "api/http/shard.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace esaas::api::http {

Exchange::Exchange(Shard& shard, const Limits& limits_in, std::string peer_address_in)
    : peer_address(std::move(peer_address_in)), limits(limits_in), shard_(shard), timer_(shard.context()) {}

Exchange::Waker Exchange::begin_wait() {
  woken_ = false;
  return {shared_from_this(), ++ticket_};
}

void Exchange::Waker::operator()() const { exchange_->shard_.post_wake(exchange_, ticket_); }

boost::asio::awaitable<bool> Exchange::wait(std::chrono::steady_clock::duration timeout, OnStop on_stop) {
  on_stop_ = on_stop;
  if (!woken_ && !(stopping_ && on_stop == OnStop::kEnd)) {
    timer_.expires_after(timeout);
    boost::system::error_code ec;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ec));
  }
  // Whatever comes for this wait from now on is late.
  ++ticket_;
  on_stop_ = OnStop::kGoOn;
  co_return woken_;
}

void Exchange::wake(std::uint64_t ticket) {
  if (ticket != ticket_) return;
  woken_ = true;
  timer_.cancel();
}

void Exchange::stop() {
  stopping_ = true;
  if (on_stop_ == OnStop::kEnd) timer_.cancel();
}

void Exchange::abandon() {
  stopping_ = true;
  timer_.cancel();
}

Shard::Shard() {
  wakes_.reserve(256);
  draining_.reserve(256);
}

void Shard::run() {
  schedule_sweep();
  context_.run();
}

void Shard::post_wake(std::shared_ptr<Exchange> exchange, std::uint64_t ticket) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = wakes_.empty();
    wakes_.emplace_back(std::move(exchange), ticket);
  }
  if (first) boost::asio::post(context_, [this] { drain_wakes(); });
}

void Shard::drain_wakes() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(wakes_, draining_);
  }
  for (const auto& [exchange, ticket] : draining_) exchange->wake(ticket);
  draining_.clear();
}

void Shard::add(Connection* connection) { connections_.insert(connection); }

void Shard::remove(Connection* connection) { connections_.erase(connection); }

void Shard::finish(std::chrono::steady_clock::duration grace) {
  boost::asio::post(context_, [this, grace] { begin_finish(grace); });
}

void Shard::begin_finish(std::chrono::steady_clock::duration grace) {
  if (finishing_) return;
  finishing_ = true;
  abort_at_ = std::chrono::steady_clock::now() + grace;
  // A connection that stops may remove itself: walk over a copy.
  const auto connections = connections_;
  for (auto* connection : connections) {
    if (connections_.contains(connection)) connection->stop();
  }
}

void Shard::sweep() {
  const auto now = std::chrono::steady_clock::now();
  const auto connections = connections_;
  for (auto* connection : connections) {
    if (!connections_.contains(connection)) continue;
    if (finishing_ && now >= abort_at_) {
      connection->abort();
    } else {
      connection->check_deadline(now);
    }
  }
}

void Shard::on_sweep_timer(const boost::system::error_code& ec) {
  if (ec) return;
  sweep();
  if (finishing_ && connections_.empty()) return;  // the last work: run() returns
  schedule_sweep();
}

void Shard::schedule_sweep() {
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait([this](const boost::system::error_code& ec) { on_sweep_timer(ec); });
}

}  // namespace esaas::api::http
