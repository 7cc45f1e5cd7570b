#pragma once
// A digest: an Ed25519 signature over the log up to some event. Whoever keeps it elsewhere can show later that an event
// was in that log, and finds any change before it. The bytes that are signed: store/digests/format.md. Pure;
// thread-safe.

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/events/event.pb.h"

namespace esaas::store {

/// A key that signs. The seed is the secret half (RFC 8032); whoever has it can sign whatever they like.
struct SigningKey {
  std::string seed;        ///< 32 bytes
  std::string public_key;  ///< 32 bytes
  std::string id;          ///< the first 16 hexadecimal digits of BLAKE2b-256 of the public half
};

/// A new one, from the system's random bytes.
SigningKey make_signing_key();
/// kDataLoss when the seed has not 32 bytes.
Result<SigningKey> signing_key_of(std::string_view seed);
std::string key_id_of(std::string_view public_key);

/// What is signed: every field of the digest but the signature.
std::string signed_text(const event::DigestSigned& digest);

/// Fills in the key's id and the signature.
void sign(event::DigestSigned& digest, const SigningKey& key);

/// kDataLoss when the signature is not that of the key's owner over this digest, or another key is named.
Result<void> verify_signature(const event::DigestSigned& digest, std::string_view public_key);

}  // namespace esaas::store
