#include "store/digests/digest.h"

#include <sodium.h>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "store/log/big_endian.h"

namespace esaas::store {
namespace {

constexpr std::string_view kDomain{"esaas digest 1\0", 15};
constexpr std::size_t kIdDigits = 16;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

void append_sized(std::string& out, std::string_view text) {
  append_big_endian(text.size(), out);
  out += text;
}

}  // namespace

std::string key_id_of(std::string_view public_key) {
  return to_hex(to_bytes(blake2b_256(public_key))).substr(0, kIdDigits);
}

Result<SigningKey> signing_key_of(std::string_view seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return fail(ErrorCode::kDataLoss, "a signing key's seed has " + std::to_string(crypto_sign_SEEDBYTES) +
                                          " bytes, and this one " + std::to_string(seed.size()));
  }
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};
  crypto_sign_seed_keypair(public_key.data(), secret_key.data(), bytes_of(seed));
  sodium_memzero(secret_key.data(), secret_key.size());
  SigningKey key;
  key.seed = seed;
  key.public_key.assign(reinterpret_cast<const char*>(public_key.data()), public_key.size());
  key.id = key_id_of(key.public_key);
  return key;
}

SigningKey make_signing_key() {
  ESAAS_ASSERT(sodium_init() >= 0, "libsodium does not start");
  std::array<char, crypto_sign_SEEDBYTES> seed{};
  randombytes_buf(seed.data(), seed.size());
  return *signing_key_of({seed.data(), seed.size()});
}

std::string signed_text(const event::DigestSigned& digest) {
  std::string text(kDomain);
  append_big_endian(digest.first_seq(), text);
  append_big_endian(digest.through_seq(), text);
  append_sized(text, digest.root());
  append_sized(text, digest.chain_hash());
  append_big_endian(digest.previous_digest_seq(), text);
  append_big_endian(static_cast<std::uint64_t>(digest.signed_at_us()), text);
  append_sized(text, digest.key_id());
  return text;
}

void sign(event::DigestSigned& digest, const SigningKey& key) {
  digest.set_key_id(key.id);
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_key{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key{};
  crypto_sign_seed_keypair(public_key.data(), secret_key.data(), bytes_of(key.seed));
  const std::string text = signed_text(digest);
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(text), text.size(), secret_key.data());
  sodium_memzero(secret_key.data(), secret_key.size());
  digest.set_signature(signature.data(), signature.size());
}

Result<void> verify_signature(const event::DigestSigned& digest, std::string_view public_key) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorCode::kDataLoss, "the digest over the log up to event " + std::to_string(digest.through_seq()) +
                                          " is not to be trusted: " + why);
  };
  if (public_key.size() != crypto_sign_PUBLICKEYBYTES) return wrong("a public key has 32 bytes");
  if (digest.key_id() != key_id_of(public_key)) {
    return wrong("it names key " + digest.key_id() + ", and the one that is trusted is " + key_id_of(public_key));
  }
  const std::string text = signed_text(digest);
  const bool holds =
      digest.signature().size() == crypto_sign_BYTES &&
      crypto_sign_verify_detached(bytes_of(digest.signature()), bytes_of(text), text.size(), bytes_of(public_key)) == 0;
  if (!holds) return wrong("its signature is not of key " + digest.key_id());
  return {};
}

}  // namespace esaas::store
