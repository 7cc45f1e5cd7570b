#pragma once
// SimulationClock: virtual time. Nothing waits: time jumps from one deadline to the next. Callbacks with one deadline
// run in the order in which they were asked for. One thread. What a callback refers to must outlive it, or be
// cancelled.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "core/base/time.h"

namespace esaas::test {

class SimulationClock {
 public:
  using Callback = std::function<void()>;
  /// Names one callback that is to come.
  using Ticket = std::pair<Time, std::uint64_t>;

  /// 2016-10-09T00:00:00Z: a date that a person recognises in a trace.
  explicit SimulationClock(Time start = Time{std::chrono::sys_days{std::chrono::year{2016} / 10 / 9}}) : now_(start) {}

  [[nodiscard]] Time now() const { return now_; }

  /// A deadline in the past is now.
  Ticket at(Time deadline, Callback callback) {
    const Ticket ticket{std::max(deadline, now_), next_id_++};
    queue_.emplace(ticket, std::move(callback));
    return ticket;
  }
  Ticket after(Duration delay, Callback callback) { return at(now_ + delay, std::move(callback)); }
  /// Harmless when it has run.
  void cancel(const Ticket& ticket) { queue_.erase(ticket); }

  [[nodiscard]] std::optional<Time> next_deadline() const {
    if (queue_.empty()) return std::nullopt;
    return queue_.begin()->first.first;
  }

  /// Runs one callback that is due by `limit`; false when there is none: then time has not moved.
  bool run_one(Time limit) {
    if (queue_.empty() || queue_.begin()->first.first > limit) return false;
    auto entry = queue_.extract(queue_.begin());
    now_ = entry.key().first;
    entry.mapped()();
    return true;
  }

  /// Runs all that is due by `limit`, and stops there.
  void run_until(Time limit) {
    while (run_one(limit)) {
    }
    now_ = std::max(now_, limit);
  }

 private:
  Time now_;
  std::uint64_t next_id_ = 0;
  std::map<Ticket, Callback> queue_;
};

}  // namespace esaas::test
