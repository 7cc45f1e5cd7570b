// A log that somebody changed is found out, and where: every kind of change at every kind of place.
#include "store/digests/log_verifier.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <set>

#include "store/digests/digest.h"
#include "tests/store/signed_log.h"
#include "tests/store/tampering.h"

namespace esaas::store {
namespace {

using testing::SignedLog;
using testing::Tampering;
using Kind = Finding::Kind;

std::string text_of(const Verification& found) {
  std::string text;
  for (const Finding& one : found.findings) {
    text += std::string(name_of(one.kind)) + " " + events_text(one.first_seq, one.last_seq) + ": " + one.detail + "\n";
  }
  return text.empty() ? "no findings" : text;
}

/// Digests over 1-40, 41-82, 83-125; the log ends at 141. What is read at once is short, so that there are many seams.
class LogVerifierTest : public ::testing::Test {
 protected:
  static SignedLog& log() {
    static SignedLog made;
    [[maybe_unused]] static const bool once = [] {
      made.grow(40);
      made.sign();
      made.grow(40);
      made.sign(3);
      made.grow(39);
      made.sign();
      made.grow(15);
      made.close();
      return true;
    }();
    return made;
  }

  void SetUp() override {
    std::filesystem::copy(log().directory(), copy(), std::filesystem::copy_options::recursive);
    kept_ = log().digests;
  }

  [[nodiscard]] std::filesystem::path copy() const { return folder_.path() / "log"; }
  void start_anew() {
    std::filesystem::remove_all(copy());
    std::filesystem::copy(log().directory(), copy(), std::filesystem::copy_options::recursive);
  }

  Verification verify(const VerifyOptions& wanted = {}) {
    VerifyOptions options = wanted;
    options.range_events = 16;
    options.digests = kept_;
    auto found = verify_log(copy(), options);
    EXPECT_TRUE(found.has_value()) << found.error().detail;
    return found ? *std::move(found) : Verification{};
  }

  /// The first finding is of this kind, and is exactly there.
  void expect_first(Kind kind, std::uint64_t first, std::uint64_t last) {
    const Verification found = verify();
    ASSERT_FALSE(found.findings.empty());
    EXPECT_EQ(found.findings[0].kind, kind) << text_of(found);
    EXPECT_EQ(found.findings[0].first_seq, first) << text_of(found);
    EXPECT_EQ(found.findings[0].last_seq, last) << text_of(found);
    EXPECT_FALSE(found.next.has_value());
  }

  static std::uint64_t last_seq() { return 141; }
  /// Of every kind: ends, seams of what is read at once (16), digests, their keys, and what they are over.
  static std::vector<std::uint64_t> places() {
    std::vector<std::uint64_t> places{2, 16, 17, 18, 32, 100, last_seq() - 2};
    for (const DigestRecord& digest : log().digests) {
      for (const std::uint64_t seq : {digest.seq, digest.digest.first_seq(), digest.digest.through_seq()}) {
        if (seq > 1) places.push_back(seq);
        places.push_back(seq + 1);
      }
    }
    return places;
  }

  testing::TempDirectory folder_;
  std::vector<DigestRecord> kept_;
};

TEST_F(LogVerifierTest, WhatWasWrittenIsIntact) {
  const Verification found = verify();
  EXPECT_TRUE(found.findings.empty()) << text_of(found);
  EXPECT_TRUE(found.notes.empty());
  EXPECT_EQ(found.last_seq, last_seq());
  EXPECT_EQ(found.digests, 3U);
  EXPECT_EQ(found.signed_through, kept_.back().digest.through_seq());
  EXPECT_EQ(found.proven_through, kept_.back().digest.through_seq());
  ASSERT_TRUE(found.next.has_value());
  kept_.clear();
  EXPECT_EQ(verify().proven_through, 0U);
  EXPECT_EQ(verify({.public_key = log().digests[0].public_key}).proven_through, found.proven_through);
}

TEST_F(LogVerifierTest, ALogInUseIsVerifiedWithoutTakingIt) {
  SignedLog used;
  used.grow(100);
  used.sign();
  const auto found = verify_log(used.directory(), {});
  ASSERT_TRUE(found.has_value()) << found.error().detail;
  EXPECT_TRUE(found->findings.empty());
  EXPECT_EQ(found->last_seq, 102U);
  used.grow(10);
  EXPECT_EQ(used.log().last_seq(), 112U);
}

TEST_F(LogVerifierTest, ALogThatGrowsMeanwhileIsIntactUpToWhereItWas) {
  SignedLog used;
  used.grow(10);
  const auto growing = std::async(std::launch::async, [&used] {
    for (int i = 0; i < 200; ++i) used.grow(100);
  });
  std::uint64_t before = 0;
  do {
    const auto found = verify_log(used.directory(), {.range_events = 1'000});
    ASSERT_TRUE(found.has_value()) << found.error().detail;
    EXPECT_TRUE(found->findings.empty()) << text_of(*found);
    EXPECT_GE(found->last_seq, before);
    before = found->last_seq;
  } while (growing.wait_for(std::chrono::seconds{0}) != std::future_status::ready);
  EXPECT_GT(before, 10U);
}

TEST_F(LogVerifierTest, ARecordThatWasChangedIsThatOne) {
  for (const std::uint64_t place : places()) {
    start_anew();
    Tampering tampering(copy());
    event::Event event = tampering.event(place);
    event.mutable_actor()->set_name("somebody else");
    tampering.put(place, event);
    tampering.store();
    SCOPED_TRACE(place);
    expect_first(Kind::kChanged, place, place);
  }
}

TEST_F(LogVerifierTest, ARecordThatWasTakenOutIsMissing) {
  for (const std::uint64_t place : places()) {
    start_anew();
    Tampering tampering(copy());
    tampering.records.erase(place);
    tampering.store();
    SCOPED_TRACE(place);
    expect_first(Kind::kMissing, place, place);
  }
}

TEST_F(LogVerifierTest, ARecordThatOthersWereMovedUpToIsMissing) {
  for (const std::uint64_t place : places()) {
    start_anew();
    Tampering tampering(copy());
    tampering.move_down(place);
    tampering.store(true);
    SCOPED_TRACE(place);
    expect_first(Kind::kMissing, place, place);
  }
}

TEST_F(LogVerifierTest, ARecordThatWasPutInIsExtra) {
  for (const std::uint64_t place : places()) {
    start_anew();
    Tampering tampering(copy());
    event::Event forged = tampering.event(place);
    forged.mutable_actor()->set_name("forged");
    tampering.move_up(place);
    tampering.put(place, forged);
    tampering.store(true);
    SCOPED_TRACE(place);
    expect_first(Kind::kExtra, place, place);
  }
}

TEST_F(LogVerifierTest, WhatLiesUnderAKeyThatIsNoSeqIsExtra) {
  for (const std::uint64_t place : places()) {
    start_anew();
    Tampering tampering(copy());
    std::string key(7, '\0');
    key += static_cast<char>(place);
    key += "behind";
    tampering.strange[key] = "anything";
    tampering.store();
    SCOPED_TRACE(place);
    expect_first(Kind::kExtra, place, place);
  }
}

TEST_F(LogVerifierTest, WhatLiesBehindTheEndUnderAKeyThatIsNoSeqIsExtra) {
  for (const std::string key : {"zzzzzzzz", "zzzzzzzzz", "~", "\xff\xff\xff\xff\xff\xff\xff\xff\xff"}) {
    start_anew();
    Tampering tampering(copy());
    tampering.strange[key] = "anything";
    tampering.store();
    SCOPED_TRACE(key);
    expect_first(Kind::kExtra, last_seq(), last_seq());
  }
}

TEST_F(LogVerifierTest, ARecordFarBehindTheEndIsFoundWithoutALookAtAllThatIsNotThere) {
  constexpr std::uint64_t kFar = std::uint64_t{1} << 50U;
  Tampering tampering(copy());
  event::Event forged = tampering.event(last_seq());
  forged.set_seq(kFar);
  tampering.put(kFar, forged);
  tampering.store();
  expect_first(Kind::kMissing, last_seq() + 1, kFar - 1);
}

TEST_F(LogVerifierTest, WhatIsMissingOverManyStretchesIsOneFinding) {
  Tampering tampering(copy());
  for (std::uint64_t seq = 20; seq <= 130; ++seq) tampering.records.erase(seq);
  tampering.store();
  expect_first(Kind::kMissing, 20, 130);
}

TEST_F(LogVerifierTest, AChangeThatIsSeenHidesNoneThatTheChainWasMadeToFit) {
  for (const std::uint64_t rewritten : {50U, 90U}) {
    start_anew();
    Tampering tampering(copy());
    event::Event forged = tampering.event(rewritten);
    forged.mutable_actor()->set_name("forged");
    tampering.put(rewritten, forged);
    tampering.make_chain();
    forged = tampering.event(2);
    forged.mutable_actor()->set_name("forged");
    tampering.put(2, forged);
    tampering.store(true);
    SCOPED_TRACE(rewritten);
    const Verification found = verify();
    const auto seen = std::ranges::find(found.findings, Kind::kChanged, &Finding::kind);
    ASSERT_NE(seen, found.findings.end()) << text_of(found);
    EXPECT_EQ(std::pair(seen->first_seq, seen->last_seq), std::pair(std::uint64_t{2}, std::uint64_t{2}));
    const auto one = std::ranges::find(found.findings, Kind::kRewritten, &Finding::kind);
    ASSERT_NE(one, found.findings.end()) << text_of(found);
    EXPECT_LE(one->first_seq, rewritten);
    EXPECT_GE(one->last_seq, rewritten);
  }
}

TEST_F(LogVerifierTest, RecordsThatWereSwappedAreOutOfOrder) {
  for (const std::uint64_t place : places()) {
    if (place + 1 >= last_seq()) continue;
    start_anew();
    Tampering tampering(copy());
    std::swap(tampering.records[place], tampering.records[place + 1]);
    tampering.store();
    SCOPED_TRACE(place);
    expect_first(Kind::kOutOfOrder, place, place + 1);
  }
}

/// Any byte of any record, turned over or replaced: the finding has the record within it.
TEST_F(LogVerifierTest, AnyByteOfAnyRecord) {
  std::mt19937_64 random(20'161'009);
  for (int round = 0; round < 80; ++round) {
    start_anew();
    Tampering tampering(copy());
    const std::uint64_t place = 1 + random() % last_seq();
    std::string& record = tampering.records.at(place);
    const std::size_t at = random() % record.size();
    record[at] = static_cast<char>(record[at] ^ static_cast<char>(1U << (random() % 8)));
    tampering.store();
    SCOPED_TRACE("byte " + std::to_string(at) + " of event " + std::to_string(place));
    const Verification found = verify();
    ASSERT_FALSE(found.findings.empty());
    const Finding& first = found.findings[0];
    EXPECT_LE(first.first_seq, place) << text_of(found);
    EXPECT_GE(first.last_seq, place) << text_of(found);
    // The last event has none after it that names its hash: it is held by what was acknowledged alone.
    EXPECT_TRUE(place == last_seq() || first.last_seq - first.first_seq <= 1) << text_of(found);
  }
}

/// Somebody who knows how makes the chain and the rest of the folder fit again. Then a digest does not.
class Rewriting : public LogVerifierTest, public ::testing::WithParamInterface<std::string> {
 protected:
  void rewrite(std::uint64_t place) {
    Tampering tampering(copy());
    if (GetParam() == "changed") {
      event::Event event = tampering.event(place);
      event.mutable_actor()->set_name("somebody else");
      tampering.put(place, event);
    } else if (GetParam() == "taken_out") {
      tampering.move_down(place);
    } else if (GetParam() == "put_in") {
      event::Event forged = tampering.event(place);
      forged.mutable_actor()->set_name("forged");
      tampering.move_up(place);
      tampering.put(place, forged);
    } else {
      tampering.records.erase(tampering.records.find(place), tampering.records.end());
    }
    tampering.make_chain();
    tampering.store(true);
  }
};

TEST_P(Rewriting, IsNarrowedToWhatOneDigestIsOver) {
  for (const std::uint64_t place : places()) {
    start_anew();
    rewrite(place);
    SCOPED_TRACE(place);
    const Verification found = verify();
    const auto over = std::ranges::find_if(kept_, [&](const auto& kept) { return place <= kept.digest.through_seq(); });
    if (over == kept_.end()) {
      // Nothing kept says anything of it, and nothing is said of it.
      EXPECT_EQ(found.proven_through, kept_.back().digest.through_seq());
      continue;
    }
    ASSERT_FALSE(found.findings.empty());
    const Finding& first = found.findings[0];
    EXPECT_LE(first.first_seq, place) << text_of(found);
    EXPECT_GE(first.last_seq, place) << text_of(found);
    EXPECT_GE(first.first_seq, over->digest.first_seq()) << text_of(found);
    EXPECT_LT(found.proven_through, place);
  }
}

TEST_P(Rewriting, IsBehindTheLastThatFitsWhenOnlyTheNewestWasKept) {
  kept_ = {kept_.back()};
  const std::uint64_t place = log().digests[1].digest.first_seq() + 3;
  rewrite(place);
  const Verification found = verify();
  ASSERT_FALSE(found.findings.empty());
  // The digests that lie in the log are by the same key, and the first of them fits still.
  EXPECT_EQ(found.findings[0].first_seq, GetParam() == "cut_off" ? place : log().digests[0].digest.through_seq() + 1)
      << text_of(found);
  EXPECT_LE(found.findings[0].first_seq, place);
  EXPECT_GE(found.findings[0].last_seq, place);
}

INSTANTIATE_TEST_SUITE_P(All, Rewriting, ::testing::Values("changed", "taken_out", "put_in", "cut_off"),
                         [](const auto& kind) { return kind.param; });

TEST_F(LogVerifierTest, ALogThatWasCutOffMissesWhatWasAcknowledged) {
  Tampering tampering(copy());
  tampering.records.erase(tampering.records.find(130), tampering.records.end());
  tampering.store();
  expect_first(Kind::kMissing, 130, last_seq());
}

TEST_F(LogVerifierTest, ADigestThatWasChangedDoesNotHoldByItself) {
  Tampering tampering(copy());
  const std::uint64_t seq = kept_[1].seq;
  event::Event event = tampering.event(seq);
  event.mutable_digest_signed()->set_signed_at_us(1);
  tampering.put(seq, event);
  tampering.make_chain();
  tampering.store(true);
  kept_.clear();
  const Verification found = verify();
  const auto blamed = [&](const Finding& one) { return one.kind == Kind::kDigest && one.first_seq == seq; };
  EXPECT_TRUE(std::ranges::any_of(found.findings, blamed)) << text_of(found);
}

TEST_F(LogVerifierTest, ADigestThatWasTakenOutIsMissed) {
  Tampering tampering(copy());
  event::Event noise = tampering.event(2);
  tampering.put(kept_[1].seq, noise);
  tampering.make_chain();
  tampering.store(true);
  kept_.clear();
  const Verification found = verify();
  const std::uint64_t next = log().digests[2].seq;
  const auto blamed = [&](const Finding& one) { return one.kind == Kind::kDigest && one.first_seq == next; };
  EXPECT_TRUE(std::ranges::any_of(found.findings, blamed)) << text_of(found);
}

/// The whole log anew, with a key of one's own: nothing within it tells. What was kept does.
TEST_F(LogVerifierTest, AnotherKeyIsFoundOutByWhatWasKept) {
  SignedLog forged(8);
  forged.grow(40);
  forged.sign();
  forged.close();
  std::filesystem::remove_all(copy());
  std::filesystem::copy(forged.directory(), copy(), std::filesystem::copy_options::recursive);
  kept_ = {log().digests[0]};
  const Verification found = verify();
  ASSERT_FALSE(found.findings.empty());
  EXPECT_EQ(found.findings[0].kind, Kind::kRewritten) << text_of(found);
  EXPECT_EQ(found.findings[0].first_seq, 1U);
  EXPECT_EQ(found.findings[0].last_seq, 40U);
  EXPECT_FALSE(found.notes.empty());
  EXPECT_EQ(found.proven_through, 0U);
}

TEST_F(LogVerifierTest, WhatWasKeptHasToHoldItself) {
  kept_[0].digest.set_through_seq(39);
  VerifyOptions options;
  options.digests = kept_;
  const auto found = verify_log(copy(), options);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
}

// ---- From a checkpoint on ----

TEST_F(LogVerifierTest, GoesOnFromACheckpoint) {
  SignedLog growing;
  growing.grow(50);
  growing.sign();
  growing.grow(20);
  auto first = verify_log(growing.directory(), {});
  ASSERT_TRUE(first.has_value() && first->next) << first.error().detail;
  const auto file = folder_.path() / "checkpoint.json";
  ASSERT_TRUE(save_checkpoint(*first->next, file).has_value());
  growing.grow(30);
  growing.sign(2);
  const auto loaded = load_checkpoint(file);
  ASSERT_TRUE(loaded.has_value() && loaded->has_value());
  const auto second = verify_log(growing.directory(), {.checkpoint = *loaded, .range_events = 16});
  ASSERT_TRUE(second.has_value()) << second.error().detail;
  EXPECT_TRUE(second->findings.empty()) << text_of(*second);
  EXPECT_EQ(second->first_seq, 51U) << "what the next digest is over is read again";
  EXPECT_EQ(second->digests, 1U);
  EXPECT_EQ(second->last_seq, growing.log().last_seq());
  EXPECT_GT(second->signed_through, first->signed_through);
}

TEST_F(LogVerifierTest, ACheckpointThatDoesNotFitIsAFinding) {
  const auto checkpoint = verify().next;
  ASSERT_TRUE(checkpoint.has_value());
  Tampering tampering(copy());
  event::Event event = tampering.event(60);
  event.mutable_actor()->set_name("somebody else");
  tampering.put(60, event);
  tampering.make_chain();
  tampering.store(true);
  kept_.clear();
  const Verification found = verify({.checkpoint = checkpoint});
  ASSERT_FALSE(found.findings.empty());
  EXPECT_EQ(found.first_seq, 1U) << "all is read to tell where";
  EXPECT_EQ(found.findings[0].kind, Kind::kRewritten) << text_of(found);
  EXPECT_LE(found.findings[0].first_seq, 60U);
  EXPECT_GE(found.findings[0].last_seq, 60U);
}

TEST_F(LogVerifierTest, ALogThatEndsBeforeTheCheckpointMissesTheRest) {
  const auto checkpoint = verify().next;
  Tampering tampering(copy());
  tampering.records.erase(tampering.records.find(135), tampering.records.end());
  tampering.store(true);
  kept_.clear();
  const Verification found = verify({.checkpoint = checkpoint});
  ASSERT_FALSE(found.findings.empty());
  EXPECT_EQ(found.findings[0].kind, Kind::kMissing) << text_of(found);
  EXPECT_EQ(found.findings[0].first_seq, 135U);
  EXPECT_EQ(found.findings[0].last_seq, last_seq());
}

TEST_F(LogVerifierTest, WhatIsNoCheckpointIsRefused) {
  const auto file = folder_.path() / "checkpoint.json";
  EXPECT_FALSE(load_checkpoint(file)->has_value()) << "there is none yet";
  for (const char* text : {"", "{}", "[]", R"({"format":"esaas log checkpoint 2"})",
                           R"({"format":"esaas log checkpoint 1","seq":1,"hash":"zz"})"}) {
    std::ofstream(file) << text;
    EXPECT_EQ(load_checkpoint(file).error().code, ErrorCode::kInvalidArgument) << text;
  }
}

TEST_F(LogVerifierTest, ACheckpointOfADigestThatCannotBeIsRefused) {
  const auto right = verify().next;
  ASSERT_TRUE(right.has_value());
  EXPECT_TRUE(checkpoint_from_text(to_text(*right)).has_value());
  const std::vector<std::function<void(Checkpoint&)>> changes = {
      [](Checkpoint& one) { one.digest_seq = one.seq + 1; },
      [](Checkpoint& one) { one.digest_through_seq = one.digest_seq; },
      [](Checkpoint& one) { one.seq = one.digest_seq = one.digest_through_seq = UINT64_MAX; },
      [](Checkpoint& one) { one.digest_seq = 0; },
      [](Checkpoint& one) { one.digest_chain_hash.pop_back(); },
      [](Checkpoint& one) { one.hash.clear(); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Checkpoint checkpoint = *right;
    changes[i](checkpoint);
    EXPECT_FALSE(checkpoint_from_text(to_text(checkpoint)).has_value()) << "change " << i;
  }
}

}  // namespace
}  // namespace esaas::store
