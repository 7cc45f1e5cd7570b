#include "store/log/tail.h"

#include <utility>

namespace esaas::store {

Tail::Subscription::Subscription(Subscription&& other) noexcept
    : tail_(std::exchange(other.tail_, nullptr)), id_(other.id_) {}

Tail::Subscription& Tail::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    end();
    tail_ = std::exchange(other.tail_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

Tail::Subscription::~Subscription() { end(); }

void Tail::Subscription::end() {
  if (tail_ == nullptr) return;
  const std::lock_guard lock(tail_->mutex_);
  tail_->callbacks_.erase(id_);
  tail_ = nullptr;
}

Tail::Subscription Tail::subscribe(OnDurable callback) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t id = next_id_++;
  callbacks_.emplace(id, std::move(callback));
  return {this, id};
}

void Tail::notify(std::uint64_t durable_seq) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, callback] : callbacks_) callback(durable_seq);
}

}  // namespace esaas::store
