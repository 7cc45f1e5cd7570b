#pragma once
// Signing: from the durable log and the kept key to a digest. What it takes is bounded, but it reads every record that
// it signs: not for the controller's thread. Thread-safe.

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/events/event.pb.h"
#include "store/digests/digest.h"
#include "store/log/event_log.h"
#include "store/secrets/secret_store.h"

namespace esaas::store {

/// At most so many events are under one digest: its Merkle tree has to be gone through for each proof.
inline constexpr std::uint64_t kDigestEventsMax = 1'000'000;

/// The secret half of the key that signs, in the store of secrets; no event refers to it.
inline constexpr std::string_view kSigningKeySecret = "controller/signing-key";

/// The kept key, or a new one that is on disk when this returns. Errors: those of the store; a key that is kept and
/// cannot be read is not replaced.
Result<SigningKey> ensure_signing_key(SecretStore& secrets);

struct SignedDigest {
  event::DigestSigned digest;
  std::string public_key;  ///< of the key that signed it
};

/// Completes `asked`, which says first_seq, through_seq (both in the log), previous_digest_seq and signed_at_us, with
/// the root, the hash of the last record, the key's id and the signature. Nothing is signed of a log that does not
/// hold together.
Result<SignedDigest> sign_digest(const EventLog& log, SecretStore& secrets, event::DigestSigned asked);

}  // namespace esaas::store
