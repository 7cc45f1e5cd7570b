#include "reconcilers/effects/mesos/recordio.h"

#include <fmt/format.h>

namespace esaas::mesos {
namespace {

// Enough for every length up to kRecordBytesMax and for any uint64 that a peer might write.
constexpr std::size_t kLengthDigitsMax = 20;

// Moving the rest of the buffer to its front costs its size, so it is done seldom.
constexpr std::size_t kCompactAtBytes = std::size_t{64} << 10;

}  // namespace

std::string encode_record(std::string_view record) {
  std::string out = std::to_string(record.size());
  out.reserve(out.size() + 1 + record.size());
  out.push_back('\n');
  out.append(record);
  return out;
}

void RecordDecoder::feed(std::string_view bytes) {
  if (!failure_) buffer_.append(bytes);
}

Result<std::optional<std::string>> RecordDecoder::next() {
  if (failure_) return std::unexpected(*failure_);
  if (!length_) {
    ESAAS_TRY(const bool complete, read_length());
    if (!complete) return std::nullopt;
  }
  const std::size_t length = length_.value_or(0);
  if (buffered_bytes() < length) return std::nullopt;
  std::string record = buffer_.substr(consumed_, length);
  consumed_ += length;
  length_.reset();
  ++records_;
  compact();
  return record;
}

Result<bool> RecordDecoder::read_length() {
  std::uint64_t value = 0;
  for (std::size_t at = consumed_; at < buffer_.size(); ++at) {
    const char byte = buffer_[at];
    if (byte == '\n') {
      if (at == consumed_) return std::unexpected(damaged(at, "the length has no digits"));
      length_ = static_cast<std::size_t>(value);
      consumed_ = at + 1;
      return true;
    }
    if (byte < '0' || byte > '9') {
      return std::unexpected(damaged(at, fmt::format("byte 0x{:02x} where a digit of the length or a line feed belongs",
                                                     static_cast<unsigned char>(byte))));
    }
    if (at - consumed_ >= kLengthDigitsMax) {
      return std::unexpected(damaged(at, fmt::format("the length has more than {} digits", kLengthDigitsMax)));
    }
    value = value * 10 + static_cast<std::uint64_t>(byte - '0');
    if (value > record_bytes_max_) {
      return std::unexpected(
          damaged(at, fmt::format("a length of {} or more is over the limit of {} bytes", value, record_bytes_max_)));
    }
  }
  return false;
}

Error RecordDecoder::damaged(std::size_t at, std::string what) {
  failure_ = Error{ErrorCode::kDataLoss, fmt::format("event stream is not RecordIO: record {}, stream offset {}: {}",
                                                     records_ + 1, stream_offset_ + at, what)};
  buffer_.clear();
  consumed_ = 0;
  return *failure_;
}

void RecordDecoder::compact() {
  if (consumed_ < buffer_.size() && consumed_ < kCompactAtBytes) return;
  buffer_.erase(0, consumed_);
  stream_offset_ += consumed_;
  consumed_ = 0;
}

}  // namespace esaas::mesos
