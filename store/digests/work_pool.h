#pragma once
// WorkPool: a few threads that do what they are given. Thread-safe.

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace esaas::store {

class WorkPool {
 public:
  /// Precondition: `threads` is not 0.
  explicit WorkPool(std::size_t threads) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
  /// What was begun ends before; what was not is not done, and its future breaks.
  ~WorkPool() {
    for (auto& thread : threads_) thread.request_stop();
  }
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// Behind all that is queued.
  template <typename Work>
  std::future<std::invoke_result_t<Work&>> queue(Work work) {
    return put(std::move(work), false);
  }
  /// Before all that is queued.
  template <typename Work>
  std::future<std::invoke_result_t<Work&>> queue_first(Work work) {
    return put(std::move(work), true);
  }

 private:
  template <typename Work>
  std::future<std::invoke_result_t<Work&>> put(Work work, bool first) {
    std::packaged_task<std::invoke_result_t<Work&>()> task(std::move(work));
    auto done = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      if (first) {
        queued_.emplace_front(std::move(task));
      } else {
        queued_.emplace_back(std::move(task));
      }
    }
    more_.notify_one();
    return done;
  }

  void run(const std::stop_token& stop) {
    while (true) {
      std::unique_lock lock(mutex_);
      if (!more_.wait(lock, stop, [this] { return !queued_.empty(); }) || stop.stop_requested()) return;
      auto work = std::move(queued_.front());
      queued_.pop_front();
      lock.unlock();
      work();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any more_;
  std::deque<std::move_only_function<void()>> queued_;
  std::vector<std::jthread> threads_;  // the last member: they use the others
};

}  // namespace esaas::store
