#pragma once
// Keys and values of the column family `idempotency`. Pure, thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "store/log/event_log.h"

namespace esaas::store {

/// True when an entry of that time is forgotten, the newest event being of `newest_us`.
bool has_expired(std::int64_t at_us, std::int64_t newest_us);

/// 'k' and the key: where the entry is.
std::string idempotency_key(std::string_view key);
/// 't', big-endian time, the key: the order in which entries expire. The value is empty.
std::string expiry_key(std::int64_t at_us, std::string_view key);
/// All that `expiry_key` begins with; and the entry's time and key back out of it.
inline constexpr std::string_view kExpiryPrefix = "t";
struct Expiry {
  std::int64_t at_us = 0;
  std::string_view key;
};
Result<Expiry> parse_expiry_key(std::string_view bytes);

std::string encode_idempotency(const IdempotencyEntry& entry);
/// kDataLoss when the bytes are not what `encode_idempotency` writes.
Result<IdempotencyEntry> decode_idempotency(std::string_view key, std::string_view bytes);

}  // namespace esaas::store
