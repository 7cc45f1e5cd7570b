#include "store/digests/record_hashes.h"

#include <algorithm>

namespace esaas::store {

Result<Hash> to_hash(std::string_view bytes) {
  Hash hash{};
  if (bytes.size() != hash.size()) {
    return fail(ErrorCode::kDataLoss, "a hash has 32 bytes, and here are " + std::to_string(bytes.size()));
  }
  std::ranges::transform(bytes, hash.begin(), [](char byte) { return static_cast<std::uint8_t>(byte); });
  return hash;
}

Result<void> for_each_record_hash(const EventLog& log, std::uint64_t first_seq, std::uint64_t through_seq,
                                  const std::function<void(const Hash& record)>& take) {
  ESAAS_TRY(const auto cursor, log.read(first_seq, {.to_seq = through_seq, .verify_chain = true}));
  // With the chain verified, what an event names is the hash of the bytes before it.
  for (std::uint64_t seq = first_seq; seq <= through_seq; ++seq) {
    ESAAS_TRY(const event::Event* event, cursor->next());
    if (event == nullptr) return fail(ErrorCode::kNotFound, "the log ends before event " + std::to_string(seq));
    if (seq == first_seq) continue;
    ESAAS_TRY(const Hash before, to_hash(event->prev_hash()));
    take(before);
  }
  ESAAS_TRY(const Hash last, log.hash_of(through_seq));
  take(last);
  return {};
}

}  // namespace esaas::store
