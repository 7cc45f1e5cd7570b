#include "api/routes/event_feed.h"

#include <utility>

namespace esaas::api {

EventFeed::EventFeed(store::EventLog& log)
    : log_(log), subscription_(log.tail().subscribe([this](std::uint64_t) { on_durable(); })) {}

bool EventFeed::wake_after(std::uint64_t seq, const void* stream, http::Exchange::Waker waker) {
  const std::lock_guard lock(mutex_);
  // Under the lock: an append that comes after this look finds the entry.
  if (log_.last_seq() > seq) return false;
  waiting_.insert_or_assign(stream, std::move(waker));
  return true;
}

void EventFeed::forget(const void* stream) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(stream);
}

void EventFeed::on_durable() {
  std::map<const void*, http::Exchange::Waker> woken;
  {
    const std::lock_guard lock(mutex_);
    std::swap(woken, waiting_);
  }
  for (const auto& [stream, waker] : woken) waker();
}

}  // namespace esaas::api
