// Signatures over the log: what they hold for, and what they do not.
#include "store/digests/digest.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace esaas::store {
namespace {

event::DigestSigned digest() {
  event::DigestSigned one;
  one.set_first_seq(11);
  one.set_through_seq(20);
  one.set_root(std::string(32, 'r'));
  one.set_chain_hash(std::string(32, 'c'));
  one.set_previous_digest_seq(10);
  one.set_signed_at_us(1'480'000'000'000'000);
  return one;
}

TEST(Digest, HoldsForTheOwnerOfTheKey) {
  const SigningKey key = make_signing_key();
  auto one = digest();
  sign(one, key);
  EXPECT_EQ(one.key_id(), key.id);
  EXPECT_TRUE(verify_signature(one, key.public_key));
}

TEST(Digest, HoldsForNothingElse) {
  const SigningKey key = make_signing_key();
  const std::vector<std::function<void(event::DigestSigned&)>> changes = {
      [](auto& one) { one.set_first_seq(12); },
      [](auto& one) { one.set_through_seq(21); },
      [](auto& one) { one.mutable_root()->front() = 'x'; },
      [](auto& one) { one.mutable_chain_hash()->front() = 'x'; },
      [](auto& one) { one.set_previous_digest_seq(9); },
      [](auto& one) { one.set_signed_at_us(1); },
      [](auto& one) { one.set_key_id("0000000000000000"); },
      [](auto& one) { one.mutable_signature()->front() ^= 1; },
      [](auto& one) { one.clear_signature(); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto one = digest();
    sign(one, key);
    changes[i](one);
    const auto verdict = verify_signature(one, key.public_key);
    ASSERT_FALSE(verdict) << i;
    EXPECT_EQ(verdict.error().code, ErrorCode::kDataLoss);
  }
  auto one = digest();
  sign(one, key);
  EXPECT_FALSE(verify_signature(one, make_signing_key().public_key));
  EXPECT_FALSE(verify_signature(one, "short"));
}

TEST(Digest, AKeyIsItsSeed) {
  const SigningKey key = make_signing_key();
  const auto again = signing_key_of(key.seed);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key, key.public_key);
  EXPECT_EQ(again->id, key.id);
  EXPECT_EQ(signing_key_of("short").error().code, ErrorCode::kDataLoss);
}

// RFC 8032, 7.1, test 1: the key of that seed.
TEST(Digest, KeysAreThoseOfEd25519) {
  const std::string seed =
      "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
      "\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
  const std::string public_key =
      "\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a"
      "\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";
  EXPECT_EQ(signing_key_of(seed)->public_key, public_key);
}

}  // namespace
}  // namespace esaas::store
