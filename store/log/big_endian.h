#pragma once
// 64-bit numbers as eight big-endian bytes, so that keys sort as the numbers do. Pure, thread-safe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace esaas::store {

inline constexpr std::size_t kBigEndianBytes = 8;

inline void append_big_endian(std::uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

/// Precondition: at least eight bytes.
inline std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kBigEndianBytes; ++i) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace esaas::store
