#pragma once
// FaultyLogWriter: appends to a memory log after a while, and may end the process just before or just after an append.
// What was submitted and not appended is then lost, as it is with a process that dies; what was appended stays,
// although nobody was told. One thread; destroy it at any time.

#include <deque>
#include <functional>
#include <memory>

#include "store/log/event_log.h"
#include "store/log/log_writer.h"
#include "tests/support/prng.h"
#include "tests/support/simulation_clock.h"

namespace esaas::simulation {

enum class AppendFault : std::uint8_t { kNone, kCrashBefore, kCrashAfter };

class FaultyLogWriter final : public store::LogWriter {
 public:
  struct Hooks {
    std::function<AppendFault(const store::Batch&)> fault;  ///< asked before each append
    std::function<void(const event::Event&)> durable;       ///< each event once it is in the log
    std::function<void()> crash;                            ///< ends the process, later or now
    std::function<Duration()> delay;                        ///< how long this append takes
  };

  FaultyLogWriter(test::SimulationClock& clock, store::EventLog& log, Hooks hooks)
      : clock_(clock), log_(log), hooks_(std::move(hooks)) {}

  Result<void> submit(store::Batch part, Done done) override {
    if (ended_) return fail(ErrorCode::kUnavailable, "the process is ending");
    queue_.emplace_back(std::move(part), std::move(done));
    if (queue_.size() == 1) append_later();
    return {};
  }
  [[nodiscard]] std::size_t room() const override { return 65'536; }

 private:
  void append_later() {
    clock_.after(hooks_.delay(), [this, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) append();
    });
  }

  void append() {
    auto [part, done] = std::move(queue_.front());
    const AppendFault fault = hooks_.fault(part);
    if (fault == AppendFault::kCrashBefore) return end();
    const auto events = part.events;
    const auto appended = log_.append(std::move(part));
    if (appended) {
      for (const event::Event& event : events) hooks_.durable(event);
    }
    if (fault == AppendFault::kCrashAfter) return end();
    queue_.pop_front();
    if (!queue_.empty()) append_later();
    if (appended) {
      done(events.back().seq());
    } else {
      done(std::unexpected(appended.error()));
    }
  }

  void end() {
    ended_ = true;
    hooks_.crash();
  }

  test::SimulationClock& clock_;
  store::EventLog& log_;
  Hooks hooks_;
  std::deque<std::pair<store::Batch, Done>> queue_;
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace esaas::simulation
