#pragma once
// EventFeed: wakes event streams when the log has grown. It holds no event: each stream reads the log itself from where
// it is. One entry per waiting stream. Thread-safe; the log outlives the feed, the feed the server.

#include <cstdint>
#include <map>
#include <mutex>

#include "api/http/exchange.h"
#include "store/log/event_log.h"

namespace esaas::api {

class EventFeed {
 public:
  explicit EventFeed(store::EventLog& log);

  /// Calls `waker` once an event after `seq` is durable; false, and it is never called, when one is already. A newer
  /// wait of the same `stream` replaces its older one.
  bool wake_after(std::uint64_t seq, const void* stream, http::Exchange::Waker waker);
  /// Forgets a stream that ends.
  void forget(const void* stream);

 private:
  void on_durable();

  store::EventLog& log_;
  std::mutex mutex_;
  std::map<const void*, http::Exchange::Waker> waiting_;
  store::Tail::Subscription subscription_;  // last: ends first
};

}  // namespace esaas::api
