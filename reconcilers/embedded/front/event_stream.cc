#include "reconcilers/embedded/front/event_stream.h"

namespace esaas::embedded {

void EventStream::push(esaas::mesos::wire::scheduler::Event event) {
  if (closed_) return;
  if (events_.size() >= kEventsMax) {
    events_.clear();
    close();
    return;
  }
  events_.push_back(std::move(event));
  if (wake_) wake_();
}

void EventStream::close() {
  closed_ = true;
  if (wake_) wake_();
}

std::optional<esaas::mesos::wire::scheduler::Event> EventStream::pop() {
  if (events_.empty()) return std::nullopt;
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace esaas::embedded
