#pragma once
// ReadPool: a thread for reads that may wait for the disk, so that no HTTP thread does. Its queue is bounded.
// Thread-safe. Lifetime: `finish` when the server has stopped and before it is destroyed, since answers go to its
// connections; what the reads read outlives the pool. Reads may take long: they are to read a store::StoppableLog with
// the pool's stop, which ends them between two events.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>

#include "api/http/exchange.h"
#include "core/base/result.h"

namespace esaas::api {

class ReadPool {
 public:
  explicit ReadPool(std::size_t threads, std::size_t waiting_max = 256) : waiting_max_(waiting_max), pool_(threads) {}
  ~ReadPool() { finish(); }
  ReadPool(const ReadPool&) = delete;
  ReadPool& operator=(const ReadPool&) = delete;

  /// Requested by `finish`.
  [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }

  /// Asks the reads to end, and waits until they have; what waits is not begun. Nothing may be run from then on.
  void finish() {
    stop_.request_stop();
    pool_.join();
  }

  /// Runs `read` on the pool and gives its result. kResourceExhausted when too many wait; kDeadlineExceeded when it
  /// took too long (it then runs to its end unheard); kUnavailable when the pool ends before it was begun.
  template <typename T>
  boost::asio::awaitable<Result<T>> run(std::shared_ptr<http::Exchange> exchange, std::function<Result<T>()> read) {
    if (waiting_.fetch_add(1) >= waiting_max_) {
      waiting_.fetch_sub(1);
      co_return fail(ErrorCode::kResourceExhausted, "too many reads wait", "", "reads_waiting_max");
    }
    std::function<void(std::function<void(Result<T>)>)> start = [this, read = std::move(read)](
                                                                    std::function<void(Result<T>)> answer) {
      boost::asio::post(pool_, [this, read, answer = std::move(answer)] {
        answer(stop_.stop_requested() ? Result<T>(fail(ErrorCode::kUnavailable, "the server is stopping")) : read());
        waiting_.fetch_sub(1);
      });
    };
    auto result = co_await exchange->ask<Result<T>>(std::move(start), exchange->limits.answer_timeout);
    if (!result) co_return fail(ErrorCode::kDeadlineExceeded, "reading took too long", "", "answer_timeout");
    co_return std::move(*result);
  }

 private:
  const std::size_t waiting_max_;
  std::atomic<std::size_t> waiting_ = 0;
  std::stop_source stop_;
  boost::asio::thread_pool pool_;
};

/// The pool, and what the reads of one call stand on besides what outlives the pool: it is kept until they end, however
/// late that is.
class Reads {
 public:
  Reads(ReadPool& pool, std::shared_ptr<const void> kept = nullptr) : pool_(&pool), kept_(std::move(kept)) {}

  [[nodiscard]] ReadPool& pool() const { return *pool_; }

  /// As ReadPool::run.
  template <typename T>
  boost::asio::awaitable<Result<T>> run(std::shared_ptr<http::Exchange> exchange,
                                        std::function<Result<T>()> read) const {
    if (kept_ != nullptr) read = [kept = kept_, inner = std::move(read)] { return inner(); };
    co_return co_await pool_->run<T>(std::move(exchange), std::move(read));
  }

 private:
  ReadPool* pool_;
  std::shared_ptr<const void> kept_;
};

}  // namespace esaas::api
