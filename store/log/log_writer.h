#pragma once
// LogWriter: the way to append without waiting. The threaded one groups everything that is queued into one synced write
// (group commit), so that a thousand small appends cost a handful of fsyncs.
//
// Thread-safety: submit and room from any thread. Order: parts become durable, and callbacks run, in the order of
// submit. Lifetime: the log outlives the writer; the destructor writes out what is queued and runs every callback
// first.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

class LogWriter {
 public:
  /// The seq of the last event of the part, or why it is not durable. Runs on the writer's thread: return at once.
  using Done = std::function<void(Result<std::uint64_t>)>;

  virtual ~LogWriter() = default;

  /// Queues one part, which becomes durable as a whole. Never blocks. Refused at once, and `done` is never called:
  /// kResourceExhausted when the queue is full (a sequencer asks room() before it numbers events: with one submitting
  /// thread, room that was there stays), or the first error of a log that has failed.
  /// After a failed append every queued part is answered with that error.
  virtual Result<void> submit(Batch part, Done done) = 0;

  /// How many events may be submitted now.
  [[nodiscard]] virtual std::size_t room() const = 0;
};

struct LogWriterOptions {
  std::size_t queued_events_max = 65'536;
  /// A larger part is still written, alone.
  std::size_t batch_events_max = 4'096;
  /// Off: the caller numbers the events, over all parts without a gap. On: the writer sets `seq`, in order of submit.
  bool assign_seq = false;
};

/// The one for production: a thread of its own.
std::unique_ptr<LogWriter> make_group_commit_writer(EventLog& log, LogWriterOptions options = {});

/// The one for simulation: submit appends at once on the calling thread, and calls `done` before it returns (which may
/// submit again). For one thread only.
std::unique_ptr<LogWriter> make_immediate_writer(EventLog& log, LogWriterOptions options = {});

}  // namespace esaas::store
