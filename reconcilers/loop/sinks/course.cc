#include "reconcilers/loop/sinks/course.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"

namespace esaas::sinks {

Course::Course(const CourseSettings& settings, std::uint64_t through_seq, bool stalled, std::uint64_t seed)
    : settings_(settings),
      through_seq_(through_seq),
      stalled_(stalled),
      backoff_(settings.retry_first, settings.retry_longest, seed) {}

void Course::passed(std::uint64_t through_seq, std::uint64_t counted) {
  through_seq_ = through_seq;
  passed_ += counted;
}

void Course::delivered(std::uint64_t through_seq, std::uint64_t events) {
  through_seq_ = through_seq;
  delivered_ += events;
  failures_ = 0;
  is_left_alone_ = false;
  last_error_.clear();
  retry_at_.reset();
  backoff_.reset();
}

void Course::failed(std::string_view why, Time now, Duration asked_to_wait) {
  ++failures_;
  last_error_ = to_valid_utf8(why);  // some of it are the words of whoever is at the other end
  is_left_alone_ = asked_to_wait > settings_.retry_longest;
  retry_at_ = now + std::max(backoff_.next(), std::min(asked_to_wait, settings_.asked_longest));
}

bool Course::has_advance() const { return delivered_ > 0 || passed_ >= settings_.report_passed; }

/// Worth an event before the interval is over: many were taken, or it goes on after the log had it stalled.
bool Course::is_urgent() const {
  if (is_refused_) return false;
  return delivered_ >= settings_.report_events || (stalled_ && delivered_ > 0);
}

std::optional<Course::Report> Course::begin_report(Time now, bool at_once) {
  if (under_way_ || (!has_advance() && !has_stall())) return std::nullopt;
  const bool is_early = next_report_at_ && now < *next_report_at_;
  if (is_early && !at_once && !is_urgent()) return std::nullopt;
  // First how far it has come, then that it does not go on: an advance says that it does.
  under_way_ = Report{.through_seq = through_seq_, .stalled = has_advance() ? std::string() : last_error_};
  delivered_before_ = std::exchange(delivered_, 0);
  passed_before_ = std::exchange(passed_, 0);
  return under_way_;
}

void Course::report_answered(bool taken, Time now) {
  if (!under_way_) return;
  const bool was_stall = !under_way_->stalled.empty();
  under_way_.reset();
  next_report_at_ = now + settings_.report_interval;
  is_refused_ = !taken;
  if (!taken) {
    delivered_ += delivered_before_;
    passed_ += passed_before_;
    return;
  }
  stalled_ = was_stall;
  // What it stalled by is told at once, also right behind an advance.
  if (has_stall() && !was_stall) next_report_at_.reset();
}

std::optional<Time> Course::report_at() const {
  if (under_way_ || (!has_advance() && !has_stall())) return std::nullopt;
  if (is_urgent() || !next_report_at_) return Time::min();
  return next_report_at_;
}

}  // namespace esaas::sinks
