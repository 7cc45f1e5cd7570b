#pragma once
// PastKeeper: the thread that keeps states of the past as the log grows, and those of a log that has none yet. It works
// for as long as it rests, so that it never takes more than half of a core.

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "store/snapshots/past_states.h"

namespace esaas::api {

class PastKeeper {
 public:
  /// Nothing is kept while `has_room` fails: what is only quick is not worth the last of the disk. `warn` is told what
  /// went wrong, on the thread; it is tried again later. `states` outlives this.
  PastKeeper(store::PastStates& states, std::function<Result<void>()> has_room,
             std::function<void(const std::string&)> warn);
  /// Ends the thread, after the state that it is at.
  ~PastKeeper() = default;

 private:
  void run(const std::stop_token& stop);

  Result<bool> keep_next();

  store::PastStates& states_;
  std::function<Result<void>()> has_room_;
  std::function<void(const std::string&)> warn_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace esaas::api
