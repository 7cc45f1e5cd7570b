// From a log and a kept key to a digest.
#include "store/digests/signer.h"

#include <gtest/gtest.h>

#include "store/digests/digest_view.h"
#include "store/digests/merkle.h"
#include "tests/store/log_without_indexes.h"
#include "tests/store/signed_log.h"
#include "tests/store/tampering.h"

namespace esaas::store {
namespace {

using testing::SignedLog;
using testing::Tampering;

TEST(Signer, MakesOneKeyAndKeepsIt) {
  api::FakeSecrets secrets;
  const auto first = ensure_signing_key(secrets);
  const auto second = ensure_signing_key(secrets);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->id, second->id);
  EXPECT_EQ(secrets.size(), 1U);
}

TEST(Signer, AKeyThatCannotBeReadIsNotReplaced) {
  api::FakeSecrets secrets;
  ASSERT_TRUE(secrets.put(kSigningKeySecret, "too short").has_value());
  EXPECT_EQ(ensure_signing_key(secrets).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(secrets.size(), 1U);
}

TEST(Signer, SignsWhatIsStored) {
  SignedLog log;
  log.grow(37);
  const DigestRecord& record = log.sign();
  EXPECT_TRUE(verify_signature(record.digest, record.public_key).has_value());
  MerkleTree tree;
  for (std::uint64_t seq = 1; seq <= 37; ++seq) tree.add(*log.log().hash_of(seq));
  EXPECT_EQ(record.digest.root(), to_bytes(tree.root()));
  EXPECT_EQ(record.digest.chain_hash(), to_bytes(*log.log().hash_of(37)));
}

TEST(Signer, SignsNothingOfALogThatDoesNotHoldTogether) {
  SignedLog log;
  log.grow(30);
  log.close();
  Tampering tampering(log.directory());
  event::Event event = tampering.event(12);
  event.mutable_actor()->set_name("somebody else");
  tampering.put(12, event);
  tampering.store();
  log.open();
  event::DigestSigned asked;
  asked.set_first_seq(1);
  asked.set_through_seq(30);
  EXPECT_EQ(sign_digest(log.log(), log.secrets, asked).error().code, ErrorCode::kDataLoss);
  asked.set_first_seq(14);
  EXPECT_TRUE(sign_digest(log.log(), log.secrets, asked).has_value()) << "what is behind it holds";
}

TEST(DigestView, FindsDigestsAndTheirKeys) {
  SignedLog log;
  for (int i = 0; i < 12; ++i) {
    log.grow(9);
    log.sign(2);
  }
  const DigestView view(log.log());
  const auto all = view.list(0, 100);
  ASSERT_TRUE(all.has_value());
  ASSERT_EQ(all->size(), 12U);
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(to_json((*all)[i]), to_json(log.digests[i]));
    EXPECT_EQ((*all)[i].public_key, log.digests[0].public_key);
  }
  EXPECT_EQ(view.list(log.digests[4].seq, 3)->front().seq, log.digests[5].seq);
  EXPECT_EQ(view.at(log.digests[3].seq)->digest.through_seq(), log.digests[3].digest.through_seq());
  EXPECT_EQ(view.at(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(view.at(100'000).error().code, ErrorCode::kNotFound);
  for (std::uint64_t seq = 1; seq <= log.log().last_seq(); ++seq) {
    const auto over = view.over(seq);
    const bool is_signed = seq <= log.digests.back().digest.through_seq();
    ASSERT_EQ(over.has_value(), is_signed) << seq;
    if (over) {
      EXPECT_LE(over->digest.first_seq(), seq);
      EXPECT_GE(over->digest.through_seq(), seq);
    }
  }
}

TEST(DigestView, TellsOfNothingByAPartOfTheIndex) {
  SignedLog log;
  log.grow(9);
  const std::uint64_t digest = log.sign().seq;
  const testing::LogWithoutIndexes older(log.log());
  const DigestView view(older);
  EXPECT_EQ(view.list(0, 10).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(view.at(digest).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(view.over(3).error().code, ErrorCode::kUnavailable);
}

TEST(DigestRecord, IsTheSameAfterJson) {
  SignedLog log;
  log.grow(5);
  const DigestRecord& record = log.sign();
  const auto again = digest_from_json(to_json(record));
  ASSERT_TRUE(again.has_value()) << again.error().detail;
  EXPECT_EQ(again->digest.SerializeAsString(), record.digest.SerializeAsString());
  EXPECT_EQ(again->seq, record.seq);
  EXPECT_EQ(again->public_key, record.public_key);
  boost::json::object page{{"items", boost::json::array{to_json(record)}}};
  EXPECT_EQ(digests_from_json(page)->size(), 1U);
  EXPECT_EQ(digests_from_json(boost::json::array{to_json(record), to_json(record)})->size(), 2U);
  EXPECT_FALSE(digests_from_json(boost::json::value("text")).has_value());
  for (const char* name : {"seq", "signed_at_us"}) {
    auto object = to_json(record);
    object.erase(name);
    EXPECT_EQ(digest_from_json(object).error().field, name);
  }
  auto wrong = to_json(record);
  wrong["root"] = "no hexadecimal";
  EXPECT_FALSE(digest_from_json(wrong).has_value());
}

}  // namespace
}  // namespace esaas::store
