#pragma once
// EventStream: the queue between the engine and the connection that carries one subscription. Bounded: a framework that
// does not read is cut off, as a real master does. Not thread-safe.

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "reconcilers/effects/mesos/wire/scheduler.pb.h"

namespace esaas::embedded {

class EventStream {
 public:
  static constexpr std::size_t kEventsMax = 20'000;

  explicit EventStream(std::string id) : id_(std::move(id)) {}

  [[nodiscard]] const std::string& id() const { return id_; }

  /// From the engine. After close() nothing is taken any more; what is queued is still sent.
  void push(esaas::mesos::wire::scheduler::Event event);
  void close();

  /// For the connection: the next event, or nothing for now.
  std::optional<esaas::mesos::wire::scheduler::Event> pop();
  /// Nothing is queued, and nothing will come.
  [[nodiscard]] bool ended() const { return closed_ && events_.empty(); }
  /// Called whenever there is something new to pop(), and at close(). One at a time; may be empty.
  void on_change(std::function<void()> wake) { wake_ = std::move(wake); }

 private:
  std::string id_;
  std::deque<esaas::mesos::wire::scheduler::Event> events_;
  bool closed_ = false;
  std::function<void()> wake_;
};

}  // namespace esaas::embedded
