#pragma once
// The stored record of one event: four bytes of header, then the encoded event. Grammar in format.md. Pure; the
// functions are thread-safe, a RecordReader belongs to one thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

inline constexpr std::size_t kRecordHeaderBytes = 4;
inline constexpr unsigned char kRecordMagic = 0xE5;
inline constexpr unsigned char kRecordVersion = 1;
/// The most bytes that one record may have.
inline constexpr std::size_t kRecordBytesMax = 4U << 20U;

/// Replaces `record` by the stored bytes of the event, whose prev_hash is set. kInvalidArgument when they are too many.
Result<void> encode_record(const event::Event& event, std::string& record);

/// Fills `event` from the record that is stored for `seq`. Errors name the seq: kDataLoss for bytes that are no record
/// or another event's, kUnsupportedVersion for a newer format or payload.
Result<void> decode_record(std::string_view record, std::uint64_t seq, event::Event& event);

/// The number of the payload, by the header alone; nothing for what is no record of this version.
std::optional<std::uint32_t> payload_of(std::string_view record);

/// Reads records in order and checks that they are a chain.
class RecordReader {
 public:
  /// `hash_before` is the hash of the event before `first_seq` when the chain shall be verified.
  RecordReader(std::uint64_t first_seq, std::optional<Hash> hash_before)
      : next_seq_(first_seq), hash_before_(hash_before) {}

  /// Decodes the next record, which is stored under `stored_seq`. The event lives until the next call. After an error
  /// every further call answers it again.
  Result<const event::Event*> read(std::uint64_t stored_seq, std::string_view record);
  /// Passes over the next record undecoded. False: its payload is among `wanted`, or something is wrong with it, which
  /// `read` will say.
  bool skip(std::uint64_t stored_seq, std::string_view record, const PayloadSet& wanted);
  /// To be asked where the records end: kDataLoss if any up to `last_seq` is missing.
  Result<const event::Event*> end(std::uint64_t last_seq);

  [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }

 private:
  Result<const event::Event*> broken(Error error);

  std::uint64_t next_seq_;
  std::optional<Hash> hash_before_;
  std::optional<Error> error_;
  event::Event event_;
};

}  // namespace esaas::store
