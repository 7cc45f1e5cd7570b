#pragma once
// Tail: tells subscribers the newest durable seq, and nothing else. Whoever is slow reads on with a cursor from where
// it was: nothing is ever buffered for it.
//
// Thread-safe. Subscriptions must end before the Tail does.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace esaas::store {

class Tail {
 public:
  /// Called on the appending thread after each durable append. Must return at once (post to your own executor, set a
  /// flag), and must not subscribe or unsubscribe from inside.
  using OnDurable = std::function<void(std::uint64_t durable_seq)>;

  /// Ends the subscription when destroyed: once that returns the callback is not running and never will again.
  class [[nodiscard]] Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();
    void end();

   private:
    friend class Tail;
    Subscription(Tail* tail, std::uint64_t id) : tail_(tail), id_(id) {}
    Tail* tail_ = nullptr;
    std::uint64_t id_ = 0;
  };

  Subscription subscribe(OnDurable callback);
  /// For implementations of EventLog.
  void notify(std::uint64_t durable_seq);

 private:
  std::mutex mutex_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, OnDurable> callbacks_;
};

}  // namespace esaas::store
