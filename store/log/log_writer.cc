#include "store/log/log_writer.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace esaas::store {
namespace {

struct Part {
  Batch batch;
  LogWriter::Done done;
};

void number(Batch& batch, std::uint64_t last_seq) {
  for (auto& event : batch.events) event.set_seq(++last_seq);
}

/// One batch of everything in `parts`, which keep their callbacks and lose their events. Answers the last seq of each.
std::vector<std::uint64_t> merge(std::vector<Part>& parts, Batch& merged) {
  std::vector<std::uint64_t> last_seqs;
  for (auto& part : parts) {
    std::ranges::move(part.batch.events, std::back_inserter(merged.events));
    std::ranges::move(part.batch.idempotency, std::back_inserter(merged.idempotency));
    last_seqs.push_back(merged.events.back().seq());
  }
  return last_seqs;
}

Result<void> check_part(const Batch& part) {
  if (!part.events.empty()) return {};
  return fail(ErrorCode::kInvalidArgument, "a part without events cannot be appended", "events");
}

class GroupCommitWriter final : public LogWriter {
 public:
  GroupCommitWriter(EventLog& log, LogWriterOptions options)
      : log_(log), options_(options), last_seq_(log.last_seq()), thread_([this] { run(); }) {}

  ~GroupCommitWriter() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  Result<void> submit(Batch part, Done done) override {
    ESAAS_CHECK(check_part(part));
    const std::size_t size = part.events.size();
    {
      const std::lock_guard lock(mutex_);
      if (failed_) return std::unexpected(*failed_);
      // An empty queue takes any part, or a large one could never be written.
      if (queued_events_ > 0 && queued_events_ + size > options_.queued_events_max) {
        return fail(ErrorCode::kResourceExhausted, std::to_string(queued_events_) + " events wait for the disk already",
                    {}, "log_queue_bounded");
      }
      queued_events_ += size;
      queue_.push_back({std::move(part), std::move(done)});
    }
    wake_.notify_one();
    return {};
  }

  [[nodiscard]] std::size_t room() const override {
    const std::lock_guard lock(mutex_);
    return options_.queued_events_max - std::min(queued_events_, options_.queued_events_max);
  }

 private:
  void run() {
    for (;;) {
      std::vector<Part> parts = take();
      if (parts.empty()) return;
      commit(std::move(parts));
    }
  }

  /// Waits for parts and takes as many as fit into one batch; none when all is written and the writer stops.
  std::vector<Part> take() {
    std::vector<Part> parts;
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    std::size_t events = 0;
    while (!queue_.empty()) {
      const std::size_t size = queue_.front().batch.events.size();
      if (!parts.empty() && events + size > options_.batch_events_max) break;
      events += size;
      parts.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    return parts;
  }

  void commit(std::vector<Part> parts) {
    std::size_t events = 0;
    for (auto& part : parts) {
      events += part.batch.events.size();
      if (!options_.assign_seq) continue;
      number(part.batch, last_seq_);
      last_seq_ = part.batch.events.back().seq();
    }
    Batch merged;
    const auto last_seqs = merge(parts, merged);
    const Result<void> appended = append(std::move(merged));
    {
      const std::lock_guard lock(mutex_);
      if (!appended && !failed_) failed_ = appended.error();
      queued_events_ -= events;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (appended) {
        parts[i].done(last_seqs[i]);
      } else {
        parts[i].done(std::unexpected(appended.error()));
      }
    }
  }

  /// After a failure nothing is tried again: what follows was sequenced upon events that are not there.
  Result<void> append(Batch batch) {
    {
      const std::lock_guard lock(mutex_);
      if (failed_) return std::unexpected(*failed_);
    }
    return log_.append(std::move(batch));
  }

  EventLog& log_;
  const LogWriterOptions options_;
  std::uint64_t last_seq_;  // the writer thread's own

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Part> queue_;
  std::size_t queued_events_ = 0;  // those that are being written included
  bool stopping_ = false;
  std::optional<Error> failed_;
  std::thread thread_;  // last, so that it starts when all else is there
};

class ImmediateWriter final : public LogWriter {
 public:
  ImmediateWriter(EventLog& log, LogWriterOptions options) : log_(log), options_(options) {}

  Result<void> submit(Batch part, Done done) override {
    ESAAS_CHECK(check_part(part));
    if (failed_) return std::unexpected(*failed_);
    if (options_.assign_seq) number(part, log_.last_seq());
    const std::uint64_t last_seq = part.events.back().seq();
    if (auto appended = log_.append(std::move(part)); !appended) {
      failed_ = appended.error();
      done(std::unexpected(*failed_));
    } else {
      done(last_seq);
    }
    return {};
  }

  [[nodiscard]] std::size_t room() const override { return options_.queued_events_max; }

 private:
  EventLog& log_;
  const LogWriterOptions options_;
  std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<LogWriter> make_group_commit_writer(EventLog& log, LogWriterOptions options) {
  return std::make_unique<GroupCommitWriter>(log, options);
}

std::unique_ptr<LogWriter> make_immediate_writer(EventLog& log, LogWriterOptions options) {
  return std::make_unique<ImmediateWriter>(log, options);
}

}  // namespace esaas::store
