// When the log is signed, who is told, and what a crash in between leaves.
#include <gtest/gtest.h>

#include "store/digests/digest_view.h"
#include "tests/api/fake_secrets.h"
#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Kind = event::Event;

class DigestsTest : public ControllerFixture {
 protected:
  DigestsTest() { options_.digest_period = hours{1}; }

  void begin_anew() {
    restart();
    settle();
  }
  void pass(Duration time) {
    now_ += time;
    settle();
  }
  /// What a worker would answer to what was asked for last.
  [[nodiscard]] Result<store::SignedDigest> made() {
    return store::sign_digest(log_, secrets_, ports_.digests_asked.back());
  }
  void answer(const Result<store::SignedDigest>& outcome) {
    controller_->digest_signed(outcome, now_);
    settle();
  }
  void grow() { ASSERT_TRUE(submit(command::CreateTenant{"tenant-" + std::to_string(++tenants_)}).has_value()); }
  void ask() {
    command::Caller caller;
    caller.token_id = "t-1";
    caller.method = "POST";
    caller.url = "/v1/digests";
    controller_->ask_digest(caller, [this](const Result<std::uint64_t>& seq) { told_.push_back(seq); });
    settle();
  }
  [[nodiscard]] std::vector<event::Event> digests() const { return logged(Kind::kDigestSigned); }

  api::FakeSecrets secrets_;
  std::vector<Result<std::uint64_t>> told_;
  int tenants_ = 0;
};

TEST_F(DigestsTest, OnceAnHourWhenTheLogHasGrownAndNotAtTheStart) {
  begin_anew();
  EXPECT_TRUE(ports_.digests_asked.empty()) << "a start has other things to do";
  pass(minutes{2});
  ASSERT_EQ(ports_.digests_asked.size(), 1U);
  EXPECT_EQ(ports_.digests_asked[0].first_seq(), 1U);
  EXPECT_EQ(ports_.digests_asked[0].through_seq(), log_.last_seq());
  grow();
  EXPECT_EQ(ports_.digests_asked.size(), 1U) << "one at a time";
  answer(made());
  ASSERT_EQ(digests().size(), 1U);
  EXPECT_EQ(digests()[0].actor().kind(), event::ACTOR_KIND_CONTROLLER);
  grow();
  pass(minutes{59});
  EXPECT_EQ(ports_.digests_asked.size(), 1U);
  pass(minutes{2});
  ASSERT_EQ(ports_.digests_asked.size(), 2U);
  EXPECT_EQ(ports_.digests_asked[1].first_seq(), digests()[0].digest_signed().through_seq() + 1);
  EXPECT_EQ(ports_.digests_asked[1].previous_digest_seq(), digests()[0].seq());
  answer(made());
  pass(hours{30});
  EXPECT_EQ(ports_.digests_asked.size(), 2U) << "nothing was logged since";
}

TEST_F(DigestsTest, TheKeyIsToldOfOnceBeforeItsFirstDigest) {
  begin_anew();
  pass(minutes{2});
  answer(made());
  grow();
  pass(hours{2});
  answer(made());
  const auto created = logged(Kind::kSigningKeyCreated);
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].seq() + 1, digests()[0].seq());
  for (const event::Event& event : digests()) {
    EXPECT_TRUE(store::verify_signature(event.digest_signed(), created[0].signing_key_created().public_key()));
  }
  EXPECT_EQ(controller_->state().head.digest().seq(), digests()[1].seq());
}

TEST_F(DigestsTest, ACrashBetweenTheKeyAndItsEventIsHarmless) {
  begin_anew();
  pass(minutes{2});
  ASSERT_TRUE(made().has_value());  // the key is kept, and the answer is lost
  begin_anew();
  EXPECT_EQ(ports_.digests_asked.size(), 1U);
  pass(minutes{2});
  ASSERT_EQ(ports_.digests_asked.size(), 2U);
  answer(made());
  EXPECT_EQ(logged(Kind::kSigningKeyCreated).size(), 1U);
  EXPECT_EQ(secrets_.size(), 1U);
  ASSERT_EQ(digests().size(), 1U);
  EXPECT_EQ(digests()[0].digest_signed().first_seq(), 1U);
}

TEST_F(DigestsTest, WhatCannotBeSignedIsTriedAgainLater) {
  begin_anew();
  pass(minutes{2});
  answer(fail(ErrorCode::kDataLoss, "the key cannot be read"));
  EXPECT_TRUE(digests().empty());
  EXPECT_EQ(ports_.notes.back(), "digest_not_signed");
  pass(minutes{4});
  EXPECT_EQ(ports_.digests_asked.size(), 1U);
  pass(minutes{2});
  EXPECT_EQ(ports_.digests_asked.size(), 2U);
}

TEST_F(DigestsTest, WhoAsksGetsOneAtOnceAndIsNamed) {
  options_.digest_period = Duration{0};
  begin_anew();
  pass(hours{9});
  EXPECT_TRUE(ports_.digests_asked.empty()) << "period 0: only when asked";
  ask();
  ASSERT_EQ(ports_.digests_asked.size(), 1U);
  EXPECT_TRUE(told_.empty());
  answer(made());
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(*told_[0], digests()[0].seq());
  EXPECT_EQ(digests()[0].actor().kind(), event::ACTOR_KIND_USER);
  EXPECT_EQ(digests()[0].actor().name(), "t-1");
  EXPECT_EQ(digests()[0].actor().url(), "/v1/digests");
  ask();
  ASSERT_EQ(ports_.digests_asked.size(), 2U) << "that there is a key now is under no digest yet";
  answer(made());
  ask();
  ASSERT_EQ(told_.size(), 3U) << "nothing was logged since: the newest it is";
  EXPECT_EQ(*told_[2], digests()[1].seq());
  EXPECT_EQ(ports_.digests_asked.size(), 2U);
}

TEST_F(DigestsTest, WhoAsksWhileOneIsUnderWayGetsTheNext) {
  begin_anew();
  pass(minutes{2});
  grow();
  ask();
  EXPECT_EQ(ports_.digests_asked.size(), 1U);
  answer(made());
  EXPECT_TRUE(told_.empty()) << "that one does not reach what was logged before it was asked for";
  ASSERT_EQ(ports_.digests_asked.size(), 2U);
  answer(made());
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(*told_[0], digests()[1].seq());
}

TEST_F(DigestsTest, BelowTheReserveNothingIsSigned) {
  begin_anew();
  controller_->set_writable(false);
  pass(hours{2});
  EXPECT_TRUE(ports_.digests_asked.empty());
  ask();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].error().rule, "free_space_reserve");
  controller_->set_writable(true);
  settle();
  EXPECT_EQ(ports_.digests_asked.size(), 1U);
}

TEST_F(DigestsTest, ALongLogIsCaughtUpWithOneDigestAfterTheOther) {
  DigestWork work(hours{1});
  const std::uint64_t durable = 2 * store::kDigestEventsMax + 10;
  work.begin(now_);
  now_ += minutes{2};
  state::FleetState state;
  std::vector<std::uint64_t> through;
  std::vector<std::uint64_t> told;
  std::uint64_t seq = durable;
  ASSERT_TRUE(work.ask({}, [&](const Result<std::uint64_t>& answer) { told.push_back(*answer); }));
  while (const auto asked = work.next_request(state, seq, now_)) {
    ASSERT_LT(through.size(), 10U);
    EXPECT_EQ(asked->first_seq(), state.head.digest().through_seq() + 1);
    EXPECT_LE(asked->through_seq() - asked->first_seq(), store::kDigestEventsMax - 1);
    through.push_back(asked->through_seq());
    const auto finished = work.finish(false, now_);
    state.head.mutable_digest()->set_seq(++seq);
    state.head.mutable_digest()->set_through_seq(asked->through_seq());
    state.head.mutable_digest()->set_signed_at_us(to_us(now_));
    for (const auto& answer : finished.answers) answer(seq);
  }
  ASSERT_EQ(through.size(), 3U);
  EXPECT_GE(through.back(), durable);
  EXPECT_EQ(told, std::vector{seq});
}

}  // namespace
}  // namespace esaas::loop
