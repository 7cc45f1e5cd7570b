#pragma once
// SharedValue: a large value that is copied often and changed seldom: copies share it until one of them is changed. A
// value; thread-compatible, and copies of one may be used by different threads.

#include <memory>
#include <utility>

namespace esaas::embedded {

template <typename Value>
class SharedValue {
 public:
  SharedValue() : SharedValue(Value{}) {}
  SharedValue(Value value)
      : value_(std::make_shared<Value>(std::move(value))) {}  // NOLINT(google-explicit-constructor)

  const Value& operator*() const { return *value_; }
  const Value* operator->() const { return value_.get(); }

  /// To change this copy alone. Borrowed until the next copy is made.
  Value& edit() {
    if (value_.use_count() > 1) value_ = std::make_shared<Value>(*value_);
    return *value_;
  }

 private:
  std::shared_ptr<Value> value_;
};

}  // namespace esaas::embedded
