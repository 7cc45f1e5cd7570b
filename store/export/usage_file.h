#pragma once
// UsageFile: use over a range of time as a file in one of the formats, read piece by piece. A pure function of the log
// as of one event, so that it is the same to the byte whenever it is asked for; the place within it is a number of
// records, so that pages of any size are the same file, one behind the other.
//
//   as of      an event: what was appended after it does not exist. What Mesos tells late and what is found to be lost
//              counts from when the log knows it (views/usage_fold.h), so no past range is ever rewritten by it.
//   the end    what is open at the end of the range is cut there and marked; where the range goes beyond that event, at
//              the event's time, since nothing is known after it.
//
// Whenever it is opened the log is folded from its first event, a million events or so a second, holding what is in use
// at a time: of a long log that takes longer than anybody waits for an answer. With a Pace it is done bit by bit, and
// others have the thread in between.
//
// One thread at a time; must not outlive the log.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "store/export/record_source.h"
#include "store/log/event_log.h"
#include "store/log/past_log.h"
#include "store/views/pace.h"

namespace esaas::store {

enum class UsageFileFormat : std::uint8_t { kCsv, kJsonLines, kCloudEvents, kFocus };

/// csv, jsonl, cloudevents, focus.
std::string_view name_of(UsageFileFormat format);

/// Where in which file. As a text it is a cursor that means the same for ever.
struct UsagePlace {
  UsageFileFormat format = UsageFileFormat::kCsv;
  bool is_compressed = false;  ///< by zstd
  Time from;
  Time to;                      ///< exclusive
  std::string tenant = {};      ///< empty: all
  std::string cluster = {};     ///< empty: all
  std::uint64_t as_of_seq = 0;  ///< the newest event that is looked at; 0: none, and the file has no records
  std::uint64_t record = 0;     ///< how many come before

  /// Format, filters and compression are not in the text, but it fits no others.
  [[nodiscard]] std::string to_text() const;
  /// Fills the range, the event and the record. kInvalidArgument, naming `cursor`: it is none, or of another file.
  Result<void> read(std::string_view text);
};

/// Where a compressed file has ends of frames: after every so many records, at the end of a page, and at its own end.
inline constexpr std::uint64_t kRecordsPerFrame = 4'096;

class UsageFile {
 public:
  /// Errors: kInvalidArgument (`from` is not before `to`, the log has no such event, or the file ends before the
  /// place), kUnavailable (FOCUS, while the log lacks the index of prices), and the log's. With a pace, which must
  /// outlive the file, it reads nothing before `begin` or `next_piece` is called.
  static Result<UsageFile> open(const EventLog& log, const UsagePlace& place, const Pace* pace = nullptr);

  /// Goes to the place. False: the pace is over, call it again. Errors: as of `open`.
  Result<bool> begin();

  /// Appends the next records, at most so many; the first piece begins with what the file begins with. Nothing at the
  /// end. With a pace they may be fewer, and none, though there are more. Compressed it is one frame, as a whole, which
  /// ends at a multiple of kRecordsPerFrame at the latest: until its end is reached nothing is appended.
  Result<void> next_piece(std::uint64_t records_max, std::string& out);

  /// Of what comes next.
  [[nodiscard]] const UsagePlace& place() const { return place_; }
  [[nodiscard]] bool at_end() const { return at_end_; }
  /// Up to when it tells: `to`, or the time of the event that it is as of.
  [[nodiscard]] Time until() const { return until_; }

 private:
  UsageFile(UsagePlace place, Time until) : place_(std::move(place)), until_(until) {}
  Result<bool> look_ahead();

  UsagePlace place_;
  Time until_;
  std::unique_ptr<PastLog> past_;  // null: as of no event
  std::unique_ptr<RecordSource> source_;
  std::uint64_t passed_ = 0;  // records before the place
  std::string ahead_;         // the next record
  bool is_ahead_ = false;     // it is known
  bool at_end_ = false;
  bool has_header_ = false;
  std::string frame_;          // of a compressed file, as far as it is read
  bool is_frame_due_ = false;  // it is to be written though it may hold nothing
};

}  // namespace esaas::store
