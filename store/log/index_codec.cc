#include "store/log/index_codec.h"

#include "store/log/big_endian.h"

namespace esaas::store {

std::string posting_prefix(IndexKind kind, std::string_view value) {
  std::string bytes;
  bytes.reserve(2 + value.size() + kBigEndianBytes);
  bytes.push_back(static_cast<char>(kind));
  bytes.append(value);
  bytes.push_back('\0');
  return bytes;
}

std::string posting_key(IndexKind kind, std::string_view value, std::uint64_t first_seq) {
  std::string bytes = posting_prefix(kind, value);
  append_big_endian(first_seq, bytes);
  return bytes;
}

void append_distance(std::uint64_t last, std::uint64_t seq, std::string& posting) {
  std::uint64_t distance = seq - last;
  for (; distance >= 0x80U; distance >>= 7U) {
    posting.push_back(static_cast<char>(static_cast<unsigned char>(distance | 0x80U)));
  }
  posting.push_back(static_cast<char>(static_cast<unsigned char>(distance)));
}

Result<void> expand_posting(std::uint64_t first_seq, std::string_view posting, std::vector<std::uint64_t>& seqs) {
  seqs.push_back(first_seq);
  std::uint64_t seq = first_seq;
  std::uint64_t distance = 0;
  unsigned shift = 0;
  for (const char c : posting) {
    const auto byte = static_cast<unsigned char>(c);
    if (shift > 63) return fail(ErrorCode::kDataLoss, "an index entry holds a number that never ends");
    distance |= std::uint64_t{byte & 0x7fU} << shift;
    shift += 7;
    if ((byte & 0x80U) != 0) continue;
    if (distance == 0) return fail(ErrorCode::kDataLoss, "an index entry names one event twice");
    if (distance > UINT64_MAX - seq) return fail(ErrorCode::kDataLoss, "an index entry names no event");
    seq += distance;
    seqs.push_back(seq);
    distance = 0;
    shift = 0;
  }
  if (shift != 0) return fail(ErrorCode::kDataLoss, "an index entry ends within a number");
  return {};
}

}  // namespace esaas::store
