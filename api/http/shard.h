#pragma once
// Shard: one thread with an io_context of its own, and the connections that live on it. A connection never changes its
// shard, so nothing of a session needs a lock or a strand. Answers from other threads arrive through one list that is
// emptied in one turn however long it is.
//
// Deadlines. Sessions do not set a timer per read or write; the shard looks at all of them every kSweepInterval and
// interrupts those whose time is over. That costs nothing on the way of a request.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "api/http/exchange.h"

namespace esaas::api::http {

/// What the shard may do to a connection from outside of its coroutine.
class Connection {
 public:
  virtual ~Connection() = default;
  /// Interrupts whatever the connection waits for if its deadline has passed.
  virtual void check_deadline(std::chrono::steady_clock::time_point now) = 0;
  /// Ends an idle connection at once; one that works on a request closes after its answer.
  virtual void stop() = 0;
  /// Closes the socket whatever it does.
  virtual void abort() = 0;
};

class Shard {
 public:
  static constexpr std::chrono::milliseconds kSweepInterval{100};

  Shard();

  [[nodiscard]] boost::asio::io_context& context() { return context_; }

  /// Runs until `finish` was called and every connection is gone. On the shard's own thread.
  void run();

  /// From any thread: this exchange has been answered.
  void post_wake(std::shared_ptr<Exchange> exchange, std::uint64_t ticket);

  // On the shard's thread.
  void add(Connection* connection);
  void remove(Connection* connection);
  [[nodiscard]] bool finishing() const { return finishing_; }

  /// From any thread: polite at once, by force after `grace`.
  void finish(std::chrono::steady_clock::duration grace);

 private:
  void drain_wakes();
  void sweep();
  void schedule_sweep();
  void begin_finish(std::chrono::steady_clock::duration grace);
  void on_sweep_timer(const boost::system::error_code& ec);

  boost::asio::io_context context_{1};
  boost::asio::steady_timer sweep_timer_{context_};
  std::set<Connection*> connections_;
  bool finishing_ = false;
  std::chrono::steady_clock::time_point abort_at_{};

  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<Exchange>, std::uint64_t>> wakes_;  // under mutex_
  std::vector<std::pair<std::shared_ptr<Exchange>, std::uint64_t>> draining_;
};

}  // namespace esaas::api::http
