#include "store/log/idempotency_codec.h"

#include "store/log/big_endian.h"
#include "store/log/idempotency.pb.h"

namespace esaas::store {

bool has_expired(std::int64_t at_us, std::int64_t newest_us) {
  return newest_us - at_us > kIdempotencyLifetime.count();
}

std::string idempotency_key(std::string_view key) {
  std::string bytes = "k";
  bytes.append(key);
  return bytes;
}

std::string expiry_key(std::int64_t at_us, std::string_view key) {
  std::string bytes{kExpiryPrefix};
  append_big_endian(static_cast<std::uint64_t>(at_us), bytes);
  bytes.append(key);
  return bytes;
}

Result<Expiry> parse_expiry_key(std::string_view bytes) {
  const std::size_t head = kExpiryPrefix.size() + kBigEndianBytes;
  if (bytes.size() < head || !bytes.starts_with(kExpiryPrefix)) {
    return fail(ErrorCode::kDataLoss, "a key in `idempotency` that should order expiries does not");
  }
  return Expiry{static_cast<std::int64_t>(read_big_endian(bytes.substr(kExpiryPrefix.size()))), bytes.substr(head)};
}

std::string encode_idempotency(const IdempotencyEntry& entry) {
  proto::Idempotency stored;
  stored.set_body_hash(entry.body_hash);
  stored.set_operation_id(entry.operation_id);
  stored.set_seq(entry.seq);
  stored.set_revision(entry.revision);
  stored.set_at_us(entry.at_us);
  return stored.SerializeAsString();
}

Result<IdempotencyEntry> decode_idempotency(std::string_view key, std::string_view bytes) {
  proto::Idempotency stored;
  if (!stored.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(ErrorCode::kDataLoss, "the stored answer for idempotency key \"" + std::string(key) + "\" is broken");
  }
  return IdempotencyEntry{std::string(key), stored.body_hash(), stored.operation_id(),
                          stored.seq(),     stored.revision(),  stored.at_us()};
}

}  // namespace esaas::store
