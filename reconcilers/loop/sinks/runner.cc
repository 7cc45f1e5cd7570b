#include "reconcilers/loop/sinks/runner.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace esaas::sinks {
namespace {

/// The clock of all waits here: it never goes back.
Time now() { return Time{std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())}; }

/// Wakes the threads. Shared with answers, which may come when the runner is gone.
struct Bell {
  std::mutex mutex;
  std::condition_variable_any rung;
  std::uint64_t durable_seq = 0;
};

/// What came of a report. Guarded by the bell's mutex.
struct Answer {
  std::optional<bool> taken;
};

/// All that the threads share.
struct Surroundings {
  RunnerOptions options;
  loop::Front& front;
  store::EventLog& log;
  Runner::MakeDestination make;
  Render render;
  std::shared_ptr<Bell> bell = std::make_shared<Bell>();
};

/// One sink, as it is configured now.
class Worker {
 public:
  Worker(Surroundings& around, const state::SinkState& sink)
      : around_(around),
        sink_(sink.sink()),
        configured_seq_(sink.configured_seq()),
        course_(around.options.course, sink.through_seq(), !sink.stalled().empty(),
                around.options.seed + sink.configured_seq()) {
    progress_.through_seq = sink.through_seq();
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  [[nodiscard]] std::uint64_t configured_seq() const { return configured_seq_; }
  void ask_to_stop() { thread_.request_stop(); }
  [[nodiscard]] Progress progress() const {
    const std::lock_guard lock(around_.bell->mutex);
    return progress_;
  }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      report(now());
      if (course_.retry_at() && now() < *course_.retry_at()) {
        wait(stop, course_.retry_at(), false);
      } else if (const auto read = read_on(); !read) {
        course_.failed("the log can not be read: " + read.error().detail, now());
      } else if (!piece_->delivery.events.empty()) {
        deliver(stop);
      } else {
        const bool is_at_end = piece_->through_seq == course_.through_seq();
        course_.passed(piece_->through_seq, piece_->passed);
        piece_.reset();
        if (is_at_end) wait(stop, std::nullopt, true);
      }
      show();
    }
    report_last();
  }

  /// Reads the next piece, unless one is left that was not taken.
  Result<void> read_on() {
    if (piece_) return {};
    ESAAS_TRY(piece_, read_piece(around_.log, sink_, course_.through_seq(), around_.options.piece, around_.render));
    return {};
  }

  void deliver(const std::stop_token& stop) {
    Result<void> taken;
    if (destination_ == nullptr) {
      auto made = around_.make(sink_);
      if (made) {
        destination_ = std::move(*made);
      } else {
        taken = std::unexpected(made.error());
      }
    }
    if (taken) taken = destination_->deliver(piece_->delivery, around_.options.delivery_timeout, stop);
    if (taken) {
      course_.delivered(piece_->through_seq, piece_->news);
      piece_.reset();
    } else if (!stop.stop_requested()) {
      const Duration asked = destination_ == nullptr ? Duration::zero() : destination_->asked_to_wait();
      course_.failed(taken.error().detail, now(), asked);
    }
  }

  void report(Time at, bool at_once = false) {
    if (answer_) {
      std::optional<bool> taken;
      {
        const std::lock_guard lock(around_.bell->mutex);
        taken = answer_->taken;
      }
      if (!taken && at >= asked_at_ + around_.options.report_timeout) taken = false;
      if (!taken) return;
      answer_.reset();
      course_.report_answered(*taken, at);
    }
    if (auto due = course_.begin_report(at, at_once)) ask(std::move(*due), at);
  }

  void ask(Course::Report report, Time at) {
    loop::Submission submission;
    submission.command = command::ReportSink{.name = sink_.name(),
                                             .configured_seq = configured_seq_,
                                             .through_seq = report.through_seq,
                                             .stalled = std::move(report.stalled)};
    submission.caller = {.token_id = "sinks", .tenant = "", .role = model::TOKEN_ROLE_ADMIN, .address = "local"};
    answer_ = std::make_shared<Answer>();
    asked_at_ = at;
    std::vector<loop::Submission> one;
    one.push_back(std::move(submission));
    around_.front.submit(
        std::move(one), [bell = around_.bell, answer = answer_](const std::vector<Result<loop::Accepted>>& results) {
          const auto& result = results.front();
          const bool is_old_news =
              !result && (result.error().code == ErrorCode::kConflict || result.error().code == ErrorCode::kNotFound);
          {
            const std::lock_guard lock(bell->mutex);
            answer->taken = result.has_value() || is_old_news;
          }
          bell->rung.notify_all();
        });
  }

  /// So that what was delivered is not delivered again after an orderly stop.
  void report_last() {
    const Time until = now() + around_.options.stop_timeout;
    while (now() < until) {
      report(now(), true);
      if (!answer_) return;  // all is told
      std::unique_lock lock(around_.bell->mutex);
      around_.bell->rung.wait_for(lock, until - now(), [this] { return answer_->taken.has_value(); });
      if (answer_->taken == false) return;
    }
  }

  /// Until something that is due, an answer, or (with `for_events`) an event behind the position.
  void wait(const std::stop_token& stop, std::optional<Time> until, bool for_events) {
    if (const auto report_at = course_.report_at()) until = until ? std::min(*until, *report_at) : *report_at;
    if (answer_) {
      const Time given_up_at = asked_at_ + around_.options.report_timeout;
      until = until ? std::min(*until, given_up_at) : given_up_at;
    }
    const auto is_woken = [&] {
      return (answer_ && answer_->taken) || (for_events && around_.bell->durable_seq > course_.through_seq());
    };
    std::unique_lock lock(around_.bell->mutex);
    if (!until) {
      around_.bell->rung.wait(lock, stop, is_woken);
    } else if (const Duration left = *until - now(); left > Duration::zero()) {
      around_.bell->rung.wait_for(lock, stop, left, is_woken);
    }
  }

  void show() {
    const std::lock_guard lock(around_.bell->mutex);
    progress_ = {course_.through_seq(), course_.failures(), course_.last_error()};
  }

  Surroundings& around_;
  const model::Sink sink_;
  const std::uint64_t configured_seq_;
  Course course_;
  std::optional<Piece> piece_;
  std::unique_ptr<Destination> destination_;
  std::shared_ptr<Answer> answer_;  // of the report under way
  Time asked_at_;
  Progress progress_;    // guarded by the bell's mutex
  std::jthread thread_;  // last: ends first
};

}  // namespace

class Runner::Impl {
 public:
  Impl(RunnerOptions options, loop::Front& front, store::EventLog& log, MakeDestination make, Render render)
      : around_{.options = options, .front = front, .log = log, .make = std::move(make), .render = std::move(render)} {
    around_.bell->durable_seq = log.last_seq();
    subscription_ = log.tail().subscribe([bell = around_.bell](std::uint64_t durable_seq) {
      {
        const std::lock_guard lock(bell->mutex);
        bell->durable_seq = durable_seq;
      }
      bell->rung.notify_all();
    });
    thread_ = std::jthread([this](const std::stop_token& stop) { follow(stop); });
  }

  ~Impl() {
    thread_.request_stop();
    thread_.join();
    for (const auto& [name, worker] : workers_) worker->ask_to_stop();
    workers_.clear();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] std::optional<Progress> progress(std::string_view sink) const {
    const std::lock_guard lock(workers_mutex_);
    const auto found = workers_.find(sink);
    if (found == workers_.end()) return std::nullopt;
    return found->second->progress();
  }

 private:
  void follow(const std::stop_token& stop) {
    std::shared_ptr<const state::Fleet> seen;
    while (!stop.stop_requested()) {
      if (auto head = around_.front.head(); head != seen) {
        seen = std::move(head);
        take(*seen);
      }
      // The state is published a moment after the tail tells of it, so that would wake too early.
      std::unique_lock lock(follow_mutex_);
      stopped_.wait_for(lock, stop, around_.options.follow_interval, [] { return false; });
    }
  }

  /// Ends those that are gone or another one, and begins those that are new.
  void take(const state::Fleet& head) {
    std::map<std::string, std::unique_ptr<Worker>, std::less<>> ended;
    {
      const std::lock_guard lock(workers_mutex_);
      for (auto it = workers_.begin(); it != workers_.end();) {
        const auto found = std::ranges::find_if(head.sinks(), [&](const state::SinkState& one) {
          return one.sink().name() == it->first && one.configured_seq() == it->second->configured_seq();
        });
        if (found == head.sinks().end())
          ended.insert(workers_.extract(it++));
        else
          ++it;
      }
    }
    for (const auto& [name, worker] : ended) worker->ask_to_stop();
    ended.clear();  // before another one of the same name begins
    const std::lock_guard lock(workers_mutex_);
    for (const state::SinkState& sink : head.sinks()) {
      auto& worker = workers_[sink.sink().name()];
      if (worker == nullptr) worker = std::make_unique<Worker>(around_, sink);
    }
  }

  Surroundings around_;
  mutable std::mutex workers_mutex_;
  std::map<std::string, std::unique_ptr<Worker>, std::less<>> workers_;
  std::mutex follow_mutex_;
  std::condition_variable_any stopped_;
  store::Tail::Subscription subscription_;
  std::jthread thread_;
};

Runner::Runner(RunnerOptions options, loop::Front& front, store::EventLog& log, MakeDestination make, Render render)
    : impl_(std::make_unique<Impl>(options, front, log, std::move(make), std::move(render))) {}

Runner::~Runner() = default;

std::optional<Progress> Runner::progress(std::string_view sink) const { return impl_->progress(sink); }

}  // namespace esaas::sinks
