#include "store/digests/signer.h"

#include "core/base/hash.h"
#include "store/digests/merkle.h"
#include "store/digests/record_hashes.h"

namespace esaas::store {
namespace {

/// It is kept once.
constexpr std::uint32_t kSigningKeyVersion = 1;

}  // namespace

Result<SigningKey> ensure_signing_key(SecretStore& secrets) {
  const auto kept = secrets.get(kSigningKeySecret, kSigningKeyVersion);
  if (kept) return signing_key_of(*kept);
  if (kept.error().code != ErrorCode::kNotFound) return std::unexpected(kept.error());
  SigningKey key = make_signing_key();
  ESAAS_CHECK(secrets.put(kSigningKeySecret, key.seed));
  return key;
}

Result<SignedDigest> sign_digest(const EventLog& log, SecretStore& secrets, event::DigestSigned asked) {
  MerkleTree tree;
  Hash last{};
  const auto take = [&](const Hash& record) {
    tree.add(record);
    last = record;
  };
  ESAAS_CHECK(for_each_record_hash(log, asked.first_seq(), asked.through_seq(), take));
  asked.set_root(to_bytes(tree.root()));
  asked.set_chain_hash(to_bytes(last));
  ESAAS_TRY(const SigningKey key, ensure_signing_key(secrets));
  sign(asked, key);
  return SignedDigest{std::move(asked), key.public_key};
}

}  // namespace esaas::store
