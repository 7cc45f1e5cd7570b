#pragma once
// Which effect a repeated intent stands for, and how soon it may be performed once more. Pure but for Repeats.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/events/event.pb.h"
#include "reconcilers/settings.h"

namespace esaas::loop {

/// One for each effect that is told apart: "exclusions", "request/17", or the id of a task that is killed.
std::string effect_key(const event::Event& intent);

/// The key of the request that was intended with this seq.
std::string request_key(std::uint64_t seq);

/// No sooner than this after the last time.
Duration repeat_pause(const reconcile::Settings& settings, const event::Event& intent);

/// Until when each effect is given its time. What is over is forgotten: it holds at the most twice as many as are not,
/// and a few.
class Repeats {
 public:
  /// True, and noted: nothing of this key was performed within `pause` before `now`.
  bool take(const std::string& key, Duration pause, Time now);
  void forget(const std::string& key) { until_.erase(key); }
  /// All keys that begin so.
  void forget_all(std::string_view prefix);
  [[nodiscard]] std::size_t size() const { return until_.size(); }

 private:
  std::map<std::string, Time> until_;
  std::size_t swept_above_ = 0;
};

}  // namespace esaas::loop
