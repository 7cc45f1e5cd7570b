#pragma once
// RecordIO, the framing of the Mesos event stream: each record is its length in decimal digits, a
// line feed, and that many bytes. Chunks of the HTTP body fall anywhere, also inside the length.
// Not thread-safe; no I/O.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace esaas::mesos {

/// No real event comes near this; a length beyond it is taken for damage, not for a reason to
/// allocate.
inline constexpr std::size_t kRecordBytesMax = std::size_t{64} << 20;

/// The record as it travels.
std::string encode_record(std::string_view record);

/// Splits a stream of bytes into records.
///
/// @code
///   decoder.feed(chunk);
///   while (true) {
///     ESAAS_TRY(auto record, decoder.next());
///     if (!record) break;  // wait for more bytes
///     use(*record);
///   }
/// @endcode
class RecordDecoder {
 public:
  explicit RecordDecoder(std::size_t record_bytes_max = kRecordBytesMax) : record_bytes_max_(record_bytes_max) {}

  /// Takes bytes in the order in which they arrived. Decodes nothing yet.
  void feed(std::string_view bytes);

  /// The next whole record, or nullopt when more bytes are needed. kDataLoss when the stream is not
  /// RecordIO or a record is larger than the bound; the detail names the record and the offset in
  /// the stream. An error is final: a length that cannot be read leaves no way to find the next
  /// record.
  Result<std::optional<std::string>> next();

  /// Whether the bytes so far end between two records, as they must when the peer closes in good
  /// order.
  bool at_boundary() const { return !failure_ && !length_ && buffered_bytes() == 0; }

  /// Bytes that were fed and are not yet part of a returned record.
  std::size_t buffered_bytes() const { return buffer_.size() - consumed_; }

 private:
  Result<bool> read_length();
  Error damaged(std::size_t at, std::string what);
  void compact();

  std::size_t record_bytes_max_;
  std::string buffer_;
  std::size_t consumed_ = 0;         // how much of buffer_ has been used up
  std::uint64_t stream_offset_ = 0;  // of buffer_[0] in the whole stream
  std::uint64_t records_ = 0;
  std::optional<std::size_t> length_;  // of the record whose bytes are awaited
  std::optional<Error> failure_;
};

}  // namespace esaas::mesos
