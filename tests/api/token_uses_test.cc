// What the controller is told of the use of tokens, over restarts.

#include "api/auth/token_uses.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/state/evolve_books.h"
#include "tests/api/fake_front.h"

namespace esaas::api::auth {
namespace {

constexpr int kKnown = state::kTokenAddressesMax;

class TokenUsesTest : public ::testing::Test {
 protected:
  TokenUsesTest() {
    front_.notes_token_uses = true;
    event::Event event;
    event.mutable_token_issued()->set_token_id("tok-1");
    event.mutable_token_issued()->set_role(model::TOKEN_ROLE_VIEWER);
    event.mutable_token_issued()->set_hash(std::string(32, 'h'));
    front_.append(std::move(event));
    restart();
  }

  void restart() {
    uses_.emplace(front_, [this] { return now_; });
  }
  void use_from(int address) {
    command::Caller caller;
    caller.token_id = "tok-1";
    caller.address = "10.0.0." + std::to_string(address);
    uses_->note(caller, "GET", "/v1/clusters");
  }
  void use_from(int first, int last) {
    for (int address = first; address <= last; ++address) use_from(address);
  }
  /// Events of it so far.
  std::uint64_t told() const { return front_.log.last_seq() - 1; }
  std::string last_told() const { return front_.log.read_one(front_.log.last_seq())->token_used().address(); }

  FakeFront front_;
  Time now_ = kTestNow;
  std::optional<TokenUses> uses_;
};

TEST_F(TokenUsesTest, TellsEachAddressOnceAndNothingAnewAfterARestart) {
  for (int round = 0; round < 3; ++round) use_from(1, kKnown);
  EXPECT_EQ(told(), 16U);
  restart();
  use_from(1, kKnown);
  EXPECT_EQ(told(), 16U);
}

TEST_F(TokenUsesTest, OfMoreAddressesThanAreKnownOneIsToldInAnHour) {
  use_from(1, 200);
  EXPECT_EQ(told(), 17U) << "one more than are known";
  EXPECT_EQ(last_told(), "10.0.0.17");
  now_ += std::chrono::minutes(59);
  use_from(1, 200);
  EXPECT_EQ(told(), 17U);
  now_ += std::chrono::minutes(1);
  use_from(18, 200);
  EXPECT_EQ(told(), 18U);
  EXPECT_EQ(last_told(), "10.0.0.18") << "it was used before and was not told";
}

TEST_F(TokenUsesTest, ARestartTellsOneOfThemAtTheMost) {
  use_from(1, 200);
  for (std::uint64_t restarts = 1; restarts <= 5; ++restarts) {
    restart();
    for (int round = 0; round < 3; ++round) use_from(1, 200);
    EXPECT_LE(told(), 17 + restarts);
  }
}

TEST_F(TokenUsesTest, WhatWasNotTakenIsToldByTheNextUse) {
  front_.refuse_all();
  use_from(1);
  use_from(1);
  EXPECT_EQ(front_.submissions_seen(), 2U);
  EXPECT_EQ(told(), 0U);
}

}  // namespace
}  // namespace esaas::api::auth
