#pragma once
// BLAKE2b-256: the hash of the event chain, of tokens and of request bodies. Thread-safe.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace esaas {

using Hash = std::array<std::uint8_t, 32>;

/// BLAKE2b-256 of `bytes`, without a key.
Hash blake2b_256(std::string_view bytes);

/// The 32 bytes as a string, as events and indexes store them.
std::string to_bytes(const Hash& hash);

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);

}  // namespace esaas
