// Fuzzes what verifies a log: digests and proofs as they are kept elsewhere, checkpoints, and stored records that
// somebody changed. The first byte chooses the reader. What is taken is shown in a form that means the same.

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "core/base/proto_json.h"
#include "store/digests/checkpoint.h"
#include "store/digests/merkle.h"
#include "store/digests/proof.h"
#include "store/digests/record_range.h"
#include "store/log/big_endian.h"

namespace {

using namespace esaas;
using namespace esaas::store;

void check_digests(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) return;
  const auto digests = digests_from_json(*value);
  if (!digests) {
    ESAAS_ASSERT(!digests.error().detail.empty(), "a refusal says why");
    return;
  }
  for (const DigestRecord& digest : *digests) {
    const auto back = digest_from_json(to_json(digest));
    ESAAS_ASSERT(back && back->seq == digest.seq && back->public_key == digest.public_key &&
                     back->digest.SerializeAsString() == digest.digest.SerializeAsString(),
                 "a digest reads back");
  }
}

void check_proofs(std::string_view text) {
  const auto value = parse_json(text);
  if (!value || !value->is_object()) return;
  const auto proof = proof_from_json(value->get_object());
  if (!proof) {
    ESAAS_ASSERT(!proof.error().detail.empty(), "a refusal says why");
    return;
  }
  const auto back = proof_from_json(to_json(*proof));
  ESAAS_ASSERT(back && back->seq == proof->seq && back->record_hash == proof->record_hash &&
                   back->record == proof->record && back->path == proof->path,
               "a proof reads back");
  ESAAS_ASSERT(!check_proof(*proof, std::string(32, '\1')), "and nobody has signed it");
  const event::DigestSigned& digest = proof->under.digest;
  if (digest.first_seq() == 0 || proof->seq < digest.first_seq() || proof->seq > digest.through_seq()) return;
  static_cast<void>(root_of_path(proof->record_hash, proof->seq - digest.first_seq(),
                                 digest.through_seq() - digest.first_seq() + 1, proof->path));
}

void check_checkpoint(std::string_view text) {
  const auto checkpoint = checkpoint_from_text(text);
  if (!checkpoint) return;
  const auto back = checkpoint_from_text(to_text(*checkpoint));
  ESAAS_ASSERT(back && to_text(*back) == to_text(*checkpoint), "a checkpoint reads back");
  ESAAS_ASSERT(checkpoint->digest_through_seq <= checkpoint->seq, "a digest is of what was verified");
}

/// From bytes: how far the key goes on (128 and more: it is no seq), the record's size in two bytes, and the record.
class MadeRecords final : public StoredRecords {
 public:
  explicit MadeRecords(std::string_view bytes) {
    while (bytes.size() >= 3) {
      const auto step = static_cast<unsigned char>(bytes[0]);
      const std::size_t size =
          static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) << 8U | static_cast<unsigned char>(bytes[2]);
      last_seq_ += step % 128;
      std::string key;
      append_big_endian(last_seq_, key);
      if (step >= 128) key += 'x';
      records_.emplace_back(std::move(key), bytes.substr(3, size));
      bytes.remove_prefix(std::min(bytes.size(), 3 + size));
    }
  }

  std::uint64_t last_seq() const override { return last_seq_; }
  Result<std::uint64_t> first_seq_from(std::uint64_t seq) const override { return seq <= last_seq_ ? seq : 0; }
  const Result<std::pair<std::uint64_t, Hash>>& acknowledged() const override { return acknowledged_; }
  Result<void> read(std::uint64_t from_seq, std::uint64_t to_seq, const Take& take) const override {
    for (const auto& [key, record] : records_) {
      const std::uint64_t seq = read_big_endian(std::string_view(key).substr(0, kBigEndianBytes));
      if (seq >= from_seq && seq <= to_seq) take(key, record);
    }
    return {};
  }
  Result<std::optional<std::string>> find(std::uint64_t /*seq*/) const override { return std::nullopt; }

 private:
  std::vector<std::pair<std::string, std::string>> records_;
  std::uint64_t last_seq_ = 0;
  Result<std::pair<std::uint64_t, Hash>> acknowledged_{std::pair<std::uint64_t, Hash>{}};
};

void check_records(std::string_view bytes) {
  const MadeRecords records(bytes);
  if (records.last_seq() == 0) return;
  const auto range = read_range(records, 1, records.last_seq());
  ESAAS_ASSERT(range.has_value() && range->hashes.size() == records.last_seq(), "each seq has a hash");
  for (const Oddity& oddity : range->oddities) {
    ESAAS_ASSERT(oddity.seq <= records.last_seq() && oddity.last_seq <= records.last_seq(), "an oddity is somewhere");
  }
  for (const event::Event& event : range->books) {
    ESAAS_ASSERT(event.seq() >= 1 && event.seq() <= records.last_seq(), "and a digest too");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: check_digests(bytes); break;
    case 1: check_proofs(bytes); break;
    case 2: check_checkpoint(bytes); break;
    default: check_records(bytes); break;
  }
  return 0;
}
