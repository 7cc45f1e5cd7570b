#pragma once
// Course: how one sink goes through the log: how far it is, when a failed delivery is tried again, when what it has
// come to is worth an event. Pure: it is told the time, of any clock that never goes back.
//
// An event about a sink's position is an event of the log like others, which all sinks come past. So nothing is
// reported for having come past those: else two sinks would report for ever that they have come past each other's
// reports.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "reconcilers/effects/mesos/backoff.h"

namespace esaas::sinks {

struct CourseSettings {
  Duration report_interval = std::chrono::seconds{5};  ///< the position is reported at most this often,
  std::uint64_t report_events = 20'000;                ///< but when so many were delivered since
  std::uint64_t report_passed = 100'000;               ///< events that it does not want, passed without a report
  Duration retry_first = std::chrono::milliseconds{250};
  Duration retry_longest = std::chrono::seconds{30};
  Duration asked_longest = std::chrono::minutes{15};  ///< who asks to be left alone for longer is tried then
  std::uint32_t failures_until_stalled = 5;           ///< in a row
};

class Course {
 public:
  /// As the log says: all up to `through_seq` was taken; it has stalled. `seed` is for the jitter of retries.
  Course(const CourseSettings& settings, std::uint64_t through_seq, bool stalled, std::uint64_t seed);

  /// All up to there was taken or is not wanted.
  [[nodiscard]] std::uint64_t through_seq() const { return through_seq_; }
  /// Not before then; nothing: now.
  [[nodiscard]] const std::optional<Time>& retry_at() const { return retry_at_; }
  [[nodiscard]] std::uint32_t failures() const { return failures_; }
  /// UTF-8.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

  /// None of the events up to there is wanted; `counted` of them are no positions of sinks.
  void passed(std::uint64_t through_seq, std::uint64_t counted);
  /// What is wanted up to there was taken; `events` of it are worth a report.
  void delivered(std::uint64_t through_seq, std::uint64_t events);
  /// It is not known that they were taken; `why` may be any bytes. `asked_to_wait`: how long the sink asked to be left
  /// alone; zero: it did not.
  void failed(std::string_view why, Time now, Duration asked_to_wait = Duration::zero());

  /// For the log: it has advanced, or (with `stalled`) why it has not.
  struct Report {
    std::uint64_t through_seq = 0;
    std::string stalled;
  };
  /// Nothing while the one before is not answered. `at_once`: without regard to the interval.
  [[nodiscard]] std::optional<Report> begin_report(Time now, bool at_once = false);
  /// `taken`: it is in the log, or the log does not want it; else it is reported again.
  void report_answered(bool taken, Time now);
  /// When begin_report has something to say if nothing else happens.
  [[nodiscard]] std::optional<Time> report_at() const;

 private:
  /// Who is to be left alone for longer than others takes nothing for as long: no more failures are waited for.
  [[nodiscard]] bool is_stalled() const { return is_left_alone_ || failures_ >= settings_.failures_until_stalled; }
  [[nodiscard]] bool has_advance() const;
  [[nodiscard]] bool has_stall() const { return is_stalled() && !stalled_; }
  [[nodiscard]] bool is_urgent() const;

  CourseSettings settings_;
  std::uint64_t through_seq_;
  bool stalled_;                 // says the log
  std::uint64_t delivered_ = 0;  // since the last report
  std::uint64_t passed_ = 0;
  std::optional<Time> next_report_at_;  // not before; nothing: at any time
  std::optional<Report> under_way_;
  bool is_refused_ = false;             // the last report was: the interval is kept
  std::uint64_t delivered_before_ = 0;  // what the report under way is about
  std::uint64_t passed_before_ = 0;
  mesos::Backoff backoff_;
  std::optional<Time> retry_at_;
  std::uint32_t failures_ = 0;
  bool is_left_alone_ = false;  // it asked for that, the last time
  std::string last_error_;
};

}  // namespace esaas::sinks
