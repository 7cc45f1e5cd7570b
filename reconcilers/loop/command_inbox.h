#pragma once
// CommandInbox: where the API's threads leave commands for the controller's thread. Bounded; a burst costs one wake-up.
// Thread-safe.

#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "reconcilers/loop/front.h"

namespace esaas::loop {

class CommandInbox {
 public:
  struct Item {
    std::vector<Submission> submissions;
    Front::Answers answers;
  };

  explicit CommandInbox(std::size_t submissions_max) : submissions_max_(submissions_max) {}

  enum class Put : std::uint8_t { kFull, kFirst, kBehindOthers };
  /// kFull: `item` is untouched. kFirst: nobody has been woken for what is in here yet.
  Put put(Item& item) {
    const std::lock_guard lock(mutex_);
    if (queued_ + item.submissions.size() > submissions_max_) return Put::kFull;
    queued_ += item.submissions.size();
    items_.push_back(std::move(item));
    return items_.size() == 1 ? Put::kFirst : Put::kBehindOthers;
  }

  std::vector<Item> take_all() {
    const std::lock_guard lock(mutex_);
    queued_ = 0;
    return std::exchange(items_, {});
  }

  [[nodiscard]] std::size_t queued() const {
    const std::lock_guard lock(mutex_);
    return queued_;
  }

 private:
  const std::size_t submissions_max_;
  mutable std::mutex mutex_;
  std::vector<Item> items_;
  std::size_t queued_ = 0;
};

}  // namespace esaas::loop
