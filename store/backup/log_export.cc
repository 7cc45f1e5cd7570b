#include "store/backup/log_export.h"

#include <zstd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

#include "core/base/text.h"
#include "store/backup/log_copy.h"
#include "store/export/zstd_frames.h"
#include "store/log/big_endian.h"
#include "store/log/record_codec.h"
#include "store/log/record_header.h"

namespace esaas::store {
namespace {

namespace json = boost::json;

constexpr const char* kFormat = "esaas log export 1";
constexpr std::size_t kFrameBytes = 1U << 20U;
/// Of what is unpacked: a frame is closed with the record that fills it.
constexpr std::size_t kFrameBytesMax = kFrameBytes + kRecordBytesMax + 4;
constexpr std::size_t kReadBytes = 1U << 20U;

std::string hex_of(const Hash& hash) { return to_hex(to_bytes(hash)); }

// ---- Out ----

class Export {
 public:
  Export(std::uint64_t first_seq, const ExportSink& sink) : exported_{.first_seq = first_seq}, sink_(sink) {}

  Result<void> begin(const Hash& before) {
    hash_ = before;
    next_seq_ = exported_.first_seq;
    return put(json::serialize(
        json::object{{"format", kFormat}, {"first_seq", exported_.first_seq}, {"hash_before", hex_of(before)}}));
  }

  Result<void> add(std::string_view key, std::string_view record) {
    const auto header = read_record_header(record);
    const bool fits = key.size() == kBigEndianBytes && read_big_endian(key) == next_seq_ && header &&
                      header->seq == next_seq_ && header->prev_hash == to_bytes(hash_);
    if (!fits) {
      return fail(ErrorCode::kDataLoss,
                  "event " + std::to_string(next_seq_) + " is missing, broken or not of the chain");
    }
    hash_ = blake2b_256(record);
    ++next_seq_;
    const auto size = static_cast<std::uint32_t>(record.size());
    for (int shift = 24; shift >= 0; shift -= 8) frame_ += static_cast<char>(size >> shift & 0xFFU);
    frame_ += record;
    return frame_.size() < kFrameBytes ? Result<void>() : put_frame();
  }

  Result<ExportedLog> end() {
    if (!frame_.empty()) ESAAS_CHECK(put_frame());
    exported_.last_seq = next_seq_ - 1;
    exported_.chain_hash = hash_;
    ESAAS_CHECK(put(json::serialize(json::object{{"events", next_seq_ - exported_.first_seq},
                                                 {"last_seq", exported_.last_seq},
                                                 {"chain_hash", hex_of(hash_)}})));
    return exported_;
  }

 private:
  Result<void> put_frame() {
    ESAAS_CHECK(put(frame_));
    frame_.clear();
    return {};
  }
  Result<void> put(std::string_view text) {
    std::string packed;
    ESAAS_CHECK(append_zstd_frame(text, packed));
    return sink_(packed);
  }

  ExportedLog exported_;
  const ExportSink& sink_;
  Hash hash_{};
  std::uint64_t next_seq_ = 1;
  std::string frame_;
};

// ---- In ----

/// The frames of a file, unpacked.
class Frames {
 public:
  explicit Frames(const std::filesystem::path& file) : name_(file.string()), stream_(file, std::ios::binary) {}

  /// Nothing at the end.
  Result<std::optional<std::string>> next() {
    ESAAS_TRY(std::size_t size, frame_size());
    while (size == 0) {
      const std::size_t had = bytes_.size();
      if (had > ZSTD_COMPRESSBOUND(kFrameBytesMax)) return broken("a frame is longer than any that is written");
      bytes_.resize(had + kReadBytes);
      stream_.read(bytes_.data() + had, kReadBytes);
      bytes_.resize(had + static_cast<std::size_t>(stream_.gcount()));
      if (bytes_.size() == had) return end();
      ESAAS_TRY(size, frame_size());
    }
    // What packs them says how large they are.
    const auto said = ZSTD_getFrameContentSize(bytes_.data() + begin_, size);
    std::string text(std::min<std::uint64_t>(said, kFrameBytesMax), '\0');
    const std::size_t unpacked = ZSTD_decompress(text.data(), text.size(), bytes_.data() + begin_, size);
    if (ZSTD_isError(unpacked) != 0) return broken(ZSTD_getErrorName(unpacked));
    text.resize(unpacked);
    begin_ += size;
    return std::optional(std::move(text));
  }

  [[nodiscard]] std::unexpected<Error> broken(const std::string& why) const {
    return fail(ErrorCode::kDataLoss, name_ + ": " + why);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  Result<std::size_t> frame_size() {
    bytes_.erase(0, std::exchange(begin_, 0));
    auto size = zstd_frame_size(bytes_);
    if (!size) return broken(size.error().detail);
    return *size;
  }
  Result<std::optional<std::string>> end() {
    if (!stream_.eof()) return fail(ErrorCode::kInternal, "cannot read " + name_);
    if (!bytes_.empty()) return broken("is cut off within a frame");
    return std::nullopt;
  }

  std::string name_;
  std::ifstream stream_;
  std::string bytes_;
  std::size_t begin_ = 0;
};

/// Nothing for a frame of records.
std::optional<json::object> object_in(std::string_view frame) {
  if (!frame.starts_with('{')) return std::nullopt;
  boost::system::error_code failed;
  json::value value = json::parse(frame, failed);
  if (failed || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  boost::system::error_code failed;
  return value != nullptr ? value->to_number<std::uint64_t>(failed) : 0;
}

Result<std::uint64_t> begin_import(Frames& frames, const DurableLog& log) {
  ESAAS_TRY(const auto frame, frames.next());
  const auto header = frame ? object_in(*frame) : std::nullopt;
  if (!header || text_of(*header, "format") != kFormat) {
    return fail(ErrorCode::kInvalidArgument, frames.name() + " is no log that was exported (" + kFormat + ")");
  }
  const std::uint64_t first = number_of(*header, "first_seq");
  ESAAS_TRY(const Hash before, log.hash_of(log.last_seq()));
  if (first != log.last_seq() + 1) {
    return frames.broken("begins with event " + std::to_string(first) + ", and event " +
                         std::to_string(log.last_seq() + 1) + " is next");
  }
  if (text_of(*header, "hash_before") != hex_of(before)) return frames.broken("follows another log");
  return first;
}

Result<void> add_records(std::string_view frame, const Frames& frames, RecordAppender& appender) {
  while (!frame.empty()) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4 && i < frame.size(); ++i) size = size << 8U | static_cast<unsigned char>(frame[i]);
    if (frame.size() < 4 || frame.size() - 4 < size) return frames.broken("a record is longer than its frame");
    if (auto added = appender.add(frame.substr(4, size)); !added) return frames.broken(added.error().detail);
    frame.remove_prefix(4 + size);
  }
  return {};
}

}  // namespace

Result<ExportedLog> export_log(const StoredRecords& records, std::uint64_t first_seq, std::uint64_t last_seq,
                               const ExportSink& sink) {
  last_seq = std::min(last_seq, records.last_seq());
  if (first_seq == 0 || first_seq > last_seq) {
    return fail(ErrorCode::kInvalidArgument,
                "no event from " + std::to_string(first_seq) + " to " + std::to_string(last_seq) + " is in the log");
  }
  Hash before{};
  if (first_seq > 1) {
    ESAAS_TRY(const auto record, records.find(first_seq - 1));
    if (!record) return fail(ErrorCode::kDataLoss, "event " + std::to_string(first_seq - 1) + " is missing");
    before = blake2b_256(*record);
  }
  Export out(first_seq, sink);
  ESAAS_CHECK(out.begin(before));
  Result<void> added;
  ESAAS_CHECK(records.read(first_seq, last_seq, [&](std::string_view key, std::string_view record) {
    if (added) added = out.add(key, record);
  }));
  ESAAS_CHECK(added);
  ESAAS_TRY(const ExportedLog exported, out.end());
  if (exported.last_seq == last_seq) return exported;
  return fail(ErrorCode::kDataLoss, "event " + std::to_string(exported.last_seq + 1) + " is missing");
}

Result<ExportedLog> append_export(const std::filesystem::path& file, DurableLog& log) {
  Frames frames(file);
  ExportedLog imported;
  ESAAS_TRY(imported.first_seq, begin_import(frames, log));
  RecordAppender appender(log);
  for (;;) {
    ESAAS_TRY(const auto frame, frames.next());
    if (!frame) {
      return frames.broken("was cut off: it has no end");
    }
    const auto footer = object_in(*frame);
    if (!footer) {
      ESAAS_CHECK(add_records(*frame, frames, appender));
      continue;
    }
    if (auto finished = appender.finish(); !finished) return frames.broken(finished.error().detail);
    imported.last_seq = log.last_seq();
    ESAAS_TRY(imported.chain_hash, log.hash_of(imported.last_seq));
    const bool is_whole = number_of(*footer, "last_seq") == imported.last_seq &&
                          text_of(*footer, "chain_hash") == hex_of(imported.chain_hash);
    if (!is_whole) return frames.broken("its end is of another log");
    ESAAS_TRY(const auto more, frames.next());
    if (more) return frames.broken("goes on behind its end");
    return imported;
  }
}

}  // namespace esaas::store
