#include "store/export/usage_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "store/export/cloud_events.h"
#include "store/export/focus_records.h"
#include "store/export/interval_records.h"
#include "store/export/zstd_frames.h"

namespace esaas::store {
namespace {

/// Of years with four digits, as RFC 3339 has them: 0001 to 9999.
constexpr std::int64_t kMomentMinUs = -62'135'596'800'000'000;
constexpr std::int64_t kMomentMaxUs = 253'402'300'799'999'999;
constexpr std::string_view kCursorVersion = "1";
constexpr std::size_t kCheckDigits = 16;

std::unexpected<Error> bad_cursor(std::string detail) {
  return fail(ErrorCode::kInvalidArgument, "cursor: " + std::move(detail), "cursor", "cursor_of_this_export");
}

/// The next part up to a dot.
std::string_view take_part(std::string_view& text) {
  const auto dot = text.find('.');
  const std::string_view part = text.substr(0, dot);
  text.remove_prefix(dot == std::string_view::npos ? text.size() : dot + 1);
  return part;
}

template <typename Number>
bool take_number(std::string_view& text, Number& number) {
  const std::string_view part = take_part(text);
  const auto read = std::from_chars(part.data(), part.data() + part.size(), number);
  return read.ec == std::errc() && read.ptr == part.data() + part.size();
}

Result<std::unique_ptr<RecordSource>> make_source(const EventLog& log, const UsagePlace& place, Time until,
                                                  const Pace* pace) {
  if (place.format == UsageFileFormat::kFocus) {
    ESAAS_TRY(auto usage, FocusUsage::open(log, {place.from, until, place.tenant, place.cluster, pace}));
    return std::make_unique<FocusRecords>(std::move(usage));
  }
  ESAAS_TRY(UsageCursor cursor,
            UsageView(log).intervals({place.from, place.to, until, place.tenant, place.cluster, pace}));
  if (place.format == UsageFileFormat::kCloudEvents) {
    ESAAS_TRY(std::string source, log_source(log));
    return std::make_unique<CloudEventRecords>(std::move(cursor), std::move(source));
  }
  const auto format = place.format == UsageFileFormat::kCsv ? UsageFormat::kCsv : UsageFormat::kJsonLines;
  return std::make_unique<IntervalRecords>(std::move(cursor), format);
}

/// What a file begins with.
std::string header_of(UsageFileFormat format) {
  std::string text;
  if (format == UsageFileFormat::kCsv) append_interval_header(UsageFormat::kCsv, text);
  if (format == UsageFileFormat::kFocus) text = FocusRecords::header();
  return text;
}

}  // namespace

std::string_view name_of(UsageFileFormat format) {
  switch (format) {
    case UsageFileFormat::kCsv: return "csv";
    case UsageFileFormat::kJsonLines: return "jsonl";
    case UsageFileFormat::kCloudEvents: return "cloudevents";
    case UsageFileFormat::kFocus: break;
  }
  return "focus";
}

std::string UsagePlace::to_text() const {
  std::string text(kCursorVersion);
  for (const std::string& number :
       {std::to_string(as_of_seq), std::to_string(to_us(from)), std::to_string(to_us(to)), std::to_string(record)}) {
    text.append(".").append(number);
  }
  std::string checked = text;
  checked.append(1, '\0').append(name_of(format)).append(is_compressed ? ".zst" : "");
  checked.append(1, '\0').append(tenant).append(1, '\0').append(cluster);
  return text + "." + to_hex(to_bytes(blake2b_256(checked))).substr(0, kCheckDigits);
}

Result<void> UsagePlace::read(std::string_view text) {
  std::string_view rest = text;
  std::int64_t begin_us = 0;
  std::int64_t end_us = 0;
  const bool is_known = take_part(rest) == kCursorVersion;
  if (!is_known || !take_number(rest, as_of_seq) || !take_number(rest, begin_us) || !take_number(rest, end_us) ||
      !take_number(rest, record)) {
    return bad_cursor("is none that an export gave");
  }
  // What a cursor says was checked when it was made, and anybody can make one.
  if (begin_us < kMomentMinUs || end_us > kMomentMaxUs || begin_us >= end_us) {
    return bad_cursor("is none that an export gave");
  }
  from = from_us(begin_us);
  to = from_us(end_us);
  if (to_text() != text) return bad_cursor("is of another format, compression, tenant or cluster");
  return {};
}

Result<UsageFile> UsageFile::open(const EventLog& log, const UsagePlace& place, const Pace* pace) {
  if (place.as_of_seq > log.last_seq()) {
    return fail(ErrorCode::kInvalidArgument, "the log has no event " + std::to_string(place.as_of_seq), "until_seq",
                "in_the_log");
  }
  if (place.from >= place.to) {
    return fail(ErrorCode::kInvalidArgument,
                "from: " + to_rfc3339(place.from) + " is not before " + to_rfc3339(place.to), "from", "from_before_to");
  }
  if (place.as_of_seq == 0) {
    UsageFile empty(place, place.from);
    empty.at_end_ = true;
    return empty;
  }
  ESAAS_TRY(const event::Event newest, log.read_one(place.as_of_seq));
  UsageFile file(place, std::clamp(from_us(newest.time_at_us()), place.from, place.to));
  file.past_ = std::make_unique<PastLog>(log, place.as_of_seq, newest.time_at_us());
  ESAAS_TRY(file.source_, make_source(*file.past_, place, file.until_, pace));
  if (pace == nullptr) {
    ESAAS_TRY(const bool is_begun, file.begin());
    ESAAS_ASSERT(is_begun, "nothing interrupts without a pace");
  }
  return file;
}

Result<bool> UsageFile::begin() {
  for (; source_ != nullptr && passed_ < place_.record; ++passed_) {
    const auto is_there = source_->next(nullptr);
    if (!is_there && is_pause(is_there.error())) return false;
    if (!is_there) return std::unexpected(is_there.error());
    if (!*is_there) return bad_cursor("is behind the end");
  }
  return look_ahead();
}

/// False: the pace is over.
Result<bool> UsageFile::look_ahead() {
  if (is_ahead_ || at_end_) return true;
  ahead_.clear();
  const auto is_there = source_->next(&ahead_);
  if (!is_there && is_pause(is_there.error())) return false;
  if (!is_there) return std::unexpected(is_there.error());
  is_ahead_ = *is_there;
  at_end_ = !is_ahead_;
  return true;
}

Result<void> UsageFile::next_piece(std::uint64_t records_max, std::string& out) {
  std::string& lines = place_.is_compressed ? frame_ : out;
  const bool is_first = place_.record == 0 && !std::exchange(has_header_, true);
  if (is_first) lines += header_of(place_.format);
  is_frame_due_ = is_frame_due_ || is_first;  // no compressed file is empty
  if (place_.is_compressed) {
    records_max = std::min(records_max, kRecordsPerFrame - place_.record % kRecordsPerFrame);
  }
  ESAAS_TRY(bool goes_on, begin());
  std::uint64_t records = 0;
  while (goes_on && !at_end_ && records < records_max) {
    lines += ahead_;
    is_ahead_ = false;
    is_frame_due_ = true;
    ++records;
    passed_ = ++place_.record;
    ESAAS_TRY(goes_on, look_ahead());
  }
  const bool is_whole = at_end_ || records == records_max;
  if (!place_.is_compressed || !is_whole || !is_frame_due_) return {};
  is_frame_due_ = false;
  return append_zstd_frame(std::exchange(frame_, {}), out);
}

}  // namespace esaas::store
