#pragma once
// The connection for calls: a bounded queue, one call at a time in the order of enqueue(), a
// deadline for each.
//
// A call is written once and never repeated here: when its answer is lost nobody knows whether the
// master took it, and an ACCEPT that is sent twice would report the tasks of the first as dropped.
// Single-threaded. Internal to this folder.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/base/result.h"
#include "reconcilers/effects/mesos/client.h"
#include "reconcilers/effects/mesos/endpoint.h"
#include "reconcilers/effects/mesos/http_transport.h"

namespace esaas::mesos {

class CallChannel : public std::enable_shared_from_this<CallChannel> {
 public:
  using Call = wire::scheduler::Call;
  using Clock = std::chrono::steady_clock;
  /// The answer to one call; `status` is 0 when none came.
  using Report = std::function<void(const Call&, const Client::CallDone&, const Result<void>&, int status)>;

  CallChannel(boost::asio::io_context& io, const ClientConfig& config, Report report);

  /// Calls go to `master` under this stream id from now on.
  void open(Endpoint master, std::string stream_id);
  /// Fails what is queued and on its way with kUnavailable and `why`.
  void close(const std::string& why);
  /// Ends without reporting anything.
  void abandon();

  /// Takes a call, or answers kResourceExhausted when the queue is full and kUnavailable when the
  /// channel is closed.
  Result<void> enqueue(Call call, Client::CallDone done);

  std::size_t depth() const { return queue_.size(); }

 private:
  struct Entry {
    Call call;
    Client::CallDone done;
    Clock::time_point deadline;
  };

  static boost::asio::awaitable<void> run(std::shared_ptr<CallChannel> self, std::uint64_t generation);
  boost::asio::awaitable<Result<HttpAnswer>> perform(std::shared_ptr<HttpTransport> transport, HttpRequest request);
  void arm(Clock::time_point deadline);
  void finish_front(const Result<void>& result, int status);

  boost::asio::io_context& io_;
  std::optional<Credentials> credentials_;
  boost::asio::ssl::context* tls_;
  std::size_t queued_max_;
  std::chrono::milliseconds timeout_;
  Report report_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<HttpTransport> transport_;
  std::deque<Entry> queue_;  // the front is on its way while running_
  Endpoint master_;
  std::string stream_id_;  // empty while closed
  std::uint64_t generation_ = 0;
  bool running_ = false;
};

}  // namespace esaas::mesos
