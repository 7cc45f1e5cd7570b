#pragma once
// BudgetWatch: looks from time to time at what tenants with a budget have spent, and has the controller log what they
// are to be told. A thread of its own, because a month's use is read from the disk.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include "core/base/time.h"
#include "reconcilers/loop/front.h"
#include "store/log/event_log.h"

namespace esaas::api {

class BudgetWatch {
 public:
  /// Begins at once. `front` and `log` outlive the watch. `now` is called on the watch's thread.
  BudgetWatch(loop::Front& front, const store::EventLog& log, std::chrono::seconds period, std::function<Time()> now);
  BudgetWatch(const BudgetWatch&) = delete;
  BudgetWatch& operator=(const BudgetWatch&) = delete;

 private:
  void look();

  loop::Front& front_;
  const store::EventLog& log_;
  const std::function<Time()> now_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  std::jthread thread_;  // the last member: it uses the others
};

}  // namespace esaas::api
