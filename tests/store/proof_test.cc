// A proof holds by itself, and for nothing else than what it proves.
#include "store/digests/proof.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/store/signed_log.h"

namespace esaas::store {
namespace {

using testing::SignedLog;

TEST(Proof, HoldsForEveryEventUnderADigest) {
  SignedLog log;
  for (const std::size_t events : {1U, 2U, 33U}) {
    log.grow(events);
    log.sign(1);
  }
  const std::string& key = log.digests[0].public_key;
  for (std::uint64_t seq = 1; seq <= log.digests.back().digest.through_seq(); ++seq) {
    const auto proof = prove(log.log(), seq);
    ASSERT_TRUE(proof.has_value()) << seq << ": " << proof.error().detail;
    EXPECT_TRUE(check_proof(*proof, key).has_value()) << seq;
    const auto again = proof_from_json(to_json(*proof));
    ASSERT_TRUE(again.has_value()) << again.error().detail;
    EXPECT_TRUE(check_proof(*again, key).has_value()) << seq;
  }
  EXPECT_EQ(prove(log.log(), log.log().last_seq()).error().rule, "in_a_digest");
  EXPECT_EQ(prove(log.log(), 10'000).error().code, ErrorCode::kNotFound);
}

TEST(Proof, HoldsForNothingElse) {
  SignedLog log;
  log.grow(21);
  log.sign();
  const std::string& key = log.digests[0].public_key;
  const auto right = prove(log.log(), 8);
  ASSERT_TRUE(right.has_value());
  ASSERT_FALSE(right->record.empty());
  const std::vector<std::function<void(Proof&)>> changes = {
      [](Proof& proof) { proof.seq = 9; },
      [](Proof& proof) { proof.seq = 22; },
      [](Proof& proof) { proof.record.back() = static_cast<char>(proof.record.back() ^ 1); },
      [](Proof& proof) { proof.record_hash[0] ^= 1U; },
      [](Proof& proof) { proof.record.clear(), proof.record_hash[31] ^= 1U; },
      [](Proof& proof) { proof.path[0][5] ^= 1U; },
      [](Proof& proof) { proof.path.pop_back(); },
      [](Proof& proof) { proof.path.push_back(proof.path[0]); },
      [](Proof& proof) { std::swap(proof.path[0], proof.path[1]); },
      [](Proof& proof) { proof.under.digest.set_through_seq(22); },
      [](Proof& proof) { proof.under.digest.mutable_root()->back() ^= 1; },
      [](Proof& proof) { proof.under.digest.mutable_signature()->front() ^= 1; },
      [](Proof& proof) { sign(proof.under.digest, make_signing_key()); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Proof proof = *right;
    changes[i](proof);
    EXPECT_FALSE(check_proof(proof, key).has_value()) << "change " << i;
  }
  EXPECT_FALSE(check_proof(*right, make_signing_key().public_key).has_value());
}

TEST(Proof, ShowsNoHashOfAToken) {
  SignedLog log;
  event::Event issued = testing::plain_event(1);
  issued.mutable_token_issued()->set_token_id("t-1");
  issued.mutable_token_issued()->set_hash(std::string(32, 's'));
  ASSERT_TRUE(log.log().append({.events = {issued}}).has_value());
  log.sign();
  const auto proof = prove(log.log(), 1);
  ASSERT_TRUE(proof.has_value());
  EXPECT_TRUE(proof->record.empty());
  EXPECT_FALSE(to_json(*proof).contains("record"));
  EXPECT_TRUE(check_proof(*proof, log.digests[0].public_key).has_value());
}

TEST(Proof, WhatIsNoneIsRefusedByField) {
  SignedLog log;
  log.grow(3);
  log.sign();
  const auto whole = to_json(*prove(log.log(), 2));
  for (const char* name : {"seq", "record_hash", "path", "digest"}) {
    auto object = whole;
    object.erase(name);
    EXPECT_EQ(proof_from_json(object).error().field, name);
    object[name] = true;
    EXPECT_EQ(proof_from_json(object).error().field, name);
  }
}

}  // namespace
}  // namespace esaas::store
