#pragma once
// What binds a stored record to its place, read from its bytes without decoding the event. Pure; thread-safe.

#include <cstdint>
#include <optional>
#include <string_view>

namespace esaas::store {

struct RecordHeader {
  std::uint32_t payload = 0;     ///< the payload's field number in event.proto
  std::uint64_t seq = 0;         ///< that the event itself says
  std::string_view prev_hash{};  ///< 32 bytes; of the record's bytes
};

/// Nothing: the bytes are no record of this format, or say one of these twice.
std::optional<RecordHeader> read_record_header(std::string_view record);

}  // namespace esaas::store
