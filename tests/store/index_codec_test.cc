#include "store/log/index_codec.h"

#include <gtest/gtest.h>

#include "store/log/idempotency_codec.h"
#include "store/log/index_entries.h"
#include "store/log/posting_table.h"
#include "tests/store/sample_events.h"

namespace esaas::store {
namespace {

TEST(IndexCodec, ExpandsWhatItWrote) {
  const std::vector<std::uint64_t> seqs = {5, 6, 133, 134, 1'000'000, 1ULL << 60U};
  std::string posting;
  for (std::size_t i = 1; i < seqs.size(); ++i) append_distance(seqs[i - 1], seqs[i], posting);
  std::vector<std::uint64_t> expanded;
  ASSERT_TRUE(expand_posting(5, posting, expanded));
  EXPECT_EQ(expanded, seqs);
}

TEST(IndexCodec, RefusesBrokenPostings) {
  for (const std::string& posting : {std::string("\x80", 1), std::string("\x01\x00", 2),
                                     std::string(11, '\x80') + "\x01", std::string(9, '\xff') + "\x01"}) {
    std::vector<std::uint64_t> expanded;
    EXPECT_EQ(expand_posting(1, posting, expanded).error().code, ErrorCode::kDataLoss);
  }
}

TEST(IndexCodec, KeysOfOneValueSortBySeqAndShareAPrefix) {
  const auto first = posting_key(IndexKind::kCluster, "logs", 255);
  const auto second = posting_key(IndexKind::kCluster, "logs", 256);
  EXPECT_LT(first, second);
  EXPECT_TRUE(first.starts_with(posting_prefix(IndexKind::kCluster, "logs")));
  EXPECT_FALSE(posting_key(IndexKind::kCluster, "logs2", 1).starts_with(posting_prefix(IndexKind::kCluster, "logs")));
}

TEST(PostingTable, GroupsABatchByValueAndIsReusable) {
  testing::SampleEvents samples(1, 40);
  PostingTable table;
  for (int round = 0; round < 3; ++round) {
    const auto events = samples.take(4000);
    table.collect(events);
    std::map<std::pair<IndexKind, std::string>, std::vector<std::uint64_t>> want;
    std::size_t of_earlier_events = 0;
    IndexTexts texts;
    for (const auto& event : events) {
      for_each_index_entry(event, texts, [&](IndexKind kind, std::string_view value, std::uint64_t seq) {
        if (seq != event.seq()) ++of_earlier_events;
        want[{kind, std::string(value)}].push_back(seq);
      });
    }
    EXPECT_GT(of_earlier_events, 0U);
    std::map<std::pair<IndexKind, std::string>, std::vector<std::uint64_t>> got;
    std::size_t alone = 0;
    for (const auto& posting : table.postings()) {
      auto& seqs = got[{posting.kind, std::string(posting.value)}];
      if (posting.kind == IndexKind::kOutcomeLater || posting.kind == IndexKind::kOutcomeWord) {
        EXPECT_TRUE(posting.distances.empty()) << "of an earlier event, by itself";
        ++alone;
      } else {
        EXPECT_TRUE(seqs.empty()) << "one posting for each value";
      }
      ASSERT_TRUE(expand_posting(posting.first_seq, posting.distances, seqs));
    }
    EXPECT_EQ(alone, of_earlier_events);
    EXPECT_EQ(got, want);
  }
}

TEST(IndexEntries, CancelByAUserIsAnActionAndFailureByTheControllerIsNot) {
  auto event = testing::plain_event(1);
  event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_CANCELLED);
  EXPECT_FALSE(is_user_action(event));
  event.mutable_actor()->set_kind(event::ACTOR_KIND_USER);
  EXPECT_TRUE(is_user_action(event));
  event.mutable_operation_finished()->set_status(model::OPERATION_STATUS_SUCCEEDED);
  EXPECT_FALSE(is_user_action(event));
}

TEST(IdempotencyCodec, ExpiryKeysSortByTime) {
  EXPECT_LT(expiry_key(1, "z"), expiry_key(256, "a"));
  const auto key = expiry_key(256, "a");
  const auto expiry = parse_expiry_key(key);
  ASSERT_TRUE(expiry);
  EXPECT_EQ(expiry->at_us, 256);
  EXPECT_EQ(expiry->key, "a");
  EXPECT_FALSE(parse_expiry_key("t123"));
  EXPECT_FALSE(parse_expiry_key("k12345678"));
}

TEST(IdempotencyCodec, RefusesBrokenBytes) {
  EXPECT_EQ(decode_idempotency("key", "\xff\xff").error().code, ErrorCode::kDataLoss);
}

}  // namespace
}  // namespace esaas::store
