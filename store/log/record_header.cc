#include "store/log/record_header.h"

#include "core/base/hash.h"
#include "store/log/record_codec.h"

namespace esaas::store {
namespace {

constexpr std::uint64_t kSeqField = 1;
constexpr std::uint64_t kPrevHashField = 12;

/// Protobuf's wire format, as far as it takes to go from field to field.
class WireWalk {
 public:
  explicit WireWalk(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  [[nodiscard]] bool at_end() const { return at_ == end_; }

  bool varint(std::uint64_t& value) {
    // Nearly all tags and sizes have one byte.
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool bytes(std::uint64_t size, std::string_view& value) {
    if (size > static_cast<std::uint64_t>(end_ - at_)) return false;
    value = {at_, static_cast<std::size_t>(size)};
    at_ += size;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
};

struct WireField {
  std::uint64_t number = 0;
  std::uint64_t type = 0;
  std::uint64_t value = 0;
  std::string_view bytes;
};

bool next_field(WireWalk& walk, WireField& field) {
  std::uint64_t tag = 0;
  if (!walk.varint(tag)) return false;
  field.number = tag >> 3U;
  field.type = tag & 7U;
  switch (field.type) {
    case 0: return walk.varint(field.value);
    case 1: return walk.bytes(8, field.bytes);
    case 2: return walk.varint(field.value) && walk.bytes(field.value, field.bytes);
    case 5: return walk.bytes(4, field.bytes);
    default: return false;
  }
}

}  // namespace

std::optional<RecordHeader> read_record_header(std::string_view record) {
  if (record.size() < kRecordHeaderBytes || static_cast<unsigned char>(record[0]) != kRecordMagic ||
      static_cast<unsigned char>(record[1]) != kRecordVersion) {
    return std::nullopt;
  }
  RecordHeader header;
  header.payload =
      static_cast<std::uint32_t>(static_cast<unsigned char>(record[2])) << 8U | static_cast<unsigned char>(record[3]);
  WireWalk walk(record.substr(kRecordHeaderBytes));
  while (!walk.at_end()) {
    WireField field;
    if (!next_field(walk, field)) return std::nullopt;
    if (field.number == kSeqField) {
      if (field.type != 0 || header.seq != 0) return std::nullopt;
      header.seq = field.value;
    } else if (field.number == kPrevHashField) {
      if (field.type != 2 || field.bytes.size() != sizeof(Hash) || !header.prev_hash.empty()) return std::nullopt;
      header.prev_hash = field.bytes;
    }
  }
  if (header.seq == 0 || header.prev_hash.empty()) return std::nullopt;
  return header;
}

}  // namespace esaas::store
