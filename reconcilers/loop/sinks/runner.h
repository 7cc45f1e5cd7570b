#pragma once
// Runner: delivers the durable events of the log to the sinks that the state has, each on a thread of its own, so that
// one that does not answer holds up nobody else. Like the API it stands outside the controller: it reads the log and
// what is published, and reports through Front.
//
// Nothing is queued for a sink: it reads the log from where it is, a piece at a time. Its position becomes an event
// when what lies before it was taken, so after a crash some of it is delivered again, and none is left out.
//
// Threads: one that follows the state, one for each sink. The log and the front outlive the runner.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/sink.pb.h"
#include "reconcilers/effects/sinks/destination.h"
#include "reconcilers/loop/front.h"
#include "reconcilers/loop/sinks/course.h"
#include "reconcilers/loop/sinks/piece.h"
#include "reconcilers/loop/sinks/progress.h"
#include "store/log/event_log.h"

namespace esaas::sinks {

struct RunnerOptions {
  CourseSettings course;
  PieceLimits piece;
  Duration delivery_timeout = std::chrono::seconds{10};
  Duration follow_interval = std::chrono::milliseconds{200};  ///< a change of the state is seen after this long
  Duration report_timeout = std::chrono::seconds{30};         ///< then a report is given up for lost
  Duration stop_timeout = std::chrono::seconds{2};            ///< for the last report of a sink
  std::uint64_t seed = 1;
};

class Runner {
 public:
  /// Called on a sink's thread, again after each error. The destination is used on that thread alone.
  using MakeDestination = std::function<Result<std::unique_ptr<Destination>>(const model::Sink&)>;

  Runner(RunnerOptions options, loop::Front& front, store::EventLog& log, MakeDestination make, Render render);
  /// Stops: deliveries under way are cut short; each sink that has come further is reported a last time.
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Nothing when no sink of that name runs (yet). Any thread.
  [[nodiscard]] std::optional<Progress> progress(std::string_view sink) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esaas::sinks
