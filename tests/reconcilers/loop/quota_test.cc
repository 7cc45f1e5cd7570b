// Quotas on their way from the log to the master, and offers that a quota has chopped.
#include <gtest/gtest.h>

#include "tests/reconcilers/loop/controller_fixture.h"

namespace esaas::loop {
namespace {

namespace wire = mesos::wire;
using std::chrono::milliseconds;
using std::chrono::seconds;
using GetQuota = wire::master::Response::GetQuota;

Error unavailable() { return {ErrorCode::kUnavailable, "no leading master is known"}; }

class QuotaTest : public ControllerFixture {
 protected:
  void set_limit(std::uint64_t cpus_milli) {
    command::SetTenantQuota command;
    command.tenant = "shop";
    command.quota.mutable_limit()->set_cpus_milli(cpus_milli);
    ASSERT_TRUE(submit(command).has_value());
  }

  void answer(const Result<void>& outcome) {
    const auto& sent = ports_.quotas_sent.back();
    controller_->quota_answered(sent.tenant, sent.seq, outcome, now_);
    settle();
  }

  void compare(const Result<GetQuota>& quotas) {
    controller_->quotas_answered(quotas, now_);
    settle();
  }

  [[nodiscard]] const state::Tenant& shop() const { return *controller_->state().find_tenant("shop"); }
  [[nodiscard]] event::Event newest() const { return *log_.read_one(log_.last_seq()); }

  /// The master holds the quota of 2 cpus, and is asked for it in a new subscription.
  void subscribe_anew_with_a_quota() {
    submit(command::CreateTenant{"shop"});
    subscribe();
    compare(GetQuota{});
    set_limit(2000);
    answer({});
    controller_->mesos_disconnected();
    subscribe();
    ASSERT_EQ(ports_.quotas_asked, 2);
  }

  static GetQuota limit_of(double cpus) {
    GetQuota quotas;
    auto& config = *quotas.mutable_status()->add_configs();
    config.set_role("es-shop");
    (*config.mutable_limits())["cpus"].set_value(cpus);
    return quotas;
  }
  void compare_later(const GetQuota& quotas) {
    now_ += std::chrono::minutes{11};
    settle();
    compare(quotas);
  }
};

TEST_F(QuotaTest, TheIntentIsDurableBeforeTheMasterIsAsked) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  command::SetTenantQuota command;
  command.tenant = "shop";
  command.quota.mutable_limit()->set_cpus_milli(2500);
  command.quota.mutable_guarantee()->set_mem_mib(1024);
  controller_->submit({by_admin(command)}, [](auto) {}, now_);
  controller_->turn(now_);
  EXPECT_TRUE(ports_.quotas_sent.empty());
  settle();
  ASSERT_EQ(ports_.quotas_sent.size(), 1U);
  const auto& config = ports_.quotas_sent[0].config;
  EXPECT_EQ(config.role(), "es-shop");
  EXPECT_EQ(config.limits().at("cpus").value(), 2.5);
  EXPECT_EQ(config.guarantees().at("mem").value(), 1024);
  EXPECT_EQ(config.limits().size(), 1U);
}

TEST_F(QuotaTest, TheMastersYesPutsItInForce) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  set_limit(2000);
  EXPECT_FALSE(shop().has_quota());
  answer({});
  EXPECT_EQ(shop().quota().limit().cpus_milli(), 2000U);
  EXPECT_FALSE(shop().has_quota_intended());
  EXPECT_EQ(newest().cause_seq(), shop().quota_seq());
  EXPECT_EQ(newest().tenant(), "shop");
  EXPECT_EQ(published_.tenant("shop")->quota().limit().cpus_milli(), 2000U);
  settle();
  EXPECT_EQ(ports_.quotas_sent.size(), 1U);
}

TEST_F(QuotaTest, TheMastersNoIsKeptInItsWordsAndTheOldQuotaStays) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  set_limit(2000);
  answer({});
  set_limit(1000);
  answer(fail(ErrorCode::kInvalidArgument, "Role 'es-shop' is already consuming 'cpus:2'"));
  EXPECT_EQ(shop().quota().limit().cpus_milli(), 2000U);
  EXPECT_EQ(shop().quota_refused(), "Role 'es-shop' is already consuming 'cpus:2'");
  EXPECT_FALSE(shop().has_quota_intended());
}

TEST_F(QuotaTest, WhileTheMasterCannotBeAskedItIsRepeatedEverMoreRarely) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  set_limit(2000);
  answer(std::unexpected(unavailable()));
  EXPECT_EQ(ports_.quotas_sent.size(), 1U);
  EXPECT_EQ(*controller_->turn(now_), now_ + seconds{1});
  now_ += seconds{1};
  settle();
  EXPECT_EQ(ports_.quotas_sent.size(), 2U);
  answer(std::unexpected(unavailable()));
  now_ += milliseconds{1999};
  settle();
  EXPECT_EQ(ports_.quotas_sent.size(), 2U) << "the second pause is twice the first";
  now_ += milliseconds{1};
  settle();
  ASSERT_EQ(ports_.quotas_sent.size(), 3U);
  answer({});
  EXPECT_TRUE(shop().has_quota());
}

TEST_F(QuotaTest, WithoutASubscriptionNothingIsSent) {
  submit(command::CreateTenant{"shop"});
  set_limit(2000);
  EXPECT_TRUE(ports_.quotas_sent.empty());
  subscribe();
  EXPECT_EQ(ports_.quotas_sent.size(), 1U);
}

TEST_F(QuotaTest, AfterARestartWhatHasNoOutcomeIsSentAgain) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  set_limit(2000);
  ASSERT_EQ(ports_.quotas_sent.size(), 1U);
  state::FleetState state = controller_->state();
  controller_.reset();
  begin(std::move(state));
  subscribe();
  ASSERT_EQ(ports_.quotas_sent.size(), 2U);
  EXPECT_EQ(ports_.quotas_sent[1].seq, ports_.quotas_sent[0].seq);
}

TEST_F(QuotaTest, ALateAnswerToAnOlderIntentIsNotTakenForTheNewOne) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  set_limit(2000);
  const auto older = ports_.quotas_sent.back();
  set_limit(3000);
  ASSERT_EQ(ports_.quotas_sent.size(), 2U);
  controller_->quota_answered(older.tenant, older.seq, {}, now_);
  settle();
  EXPECT_FALSE(shop().has_quota());
  answer({});
  EXPECT_EQ(shop().quota().limit().cpus_milli(), 3000U);
}

TEST_F(QuotaTest, WhatSomebodyElseSetIsToldOnceAndOursIsSentAgain) {
  subscribe_anew_with_a_quota();
  compare(limit_of(1.5));
  EXPECT_EQ(shop().quota_found().limit().cpus_milli(), 1500U);
  ASSERT_EQ(newest().payload_case(), event::Event::kTenantQuotaFound);
  EXPECT_EQ(newest().tenant_quota_found().expected().limit().cpus_milli(), 2000U);
  EXPECT_EQ(newest().tenant(), "shop");
  ASSERT_EQ(ports_.quotas_sent.size(), 2U);
  EXPECT_EQ(ports_.quotas_sent[1].config.limits().at("cpus").value(), 2.0);
  answer(std::unexpected(unavailable()));
  const auto seq = log_.last_seq();
  compare_later(limit_of(1.5));
  EXPECT_EQ(log_.last_seq(), seq) << "told already";
  answer({});
  EXPECT_FALSE(shop().has_quota_found()) << "ours is in force again";
  EXPECT_EQ(shop().quota().limit().cpus_milli(), 2000U);
  const auto sent = ports_.quotas_sent.size();
  compare_later(limit_of(2.0));
  EXPECT_EQ(ports_.quotas_sent.size(), sent);
}

TEST_F(QuotaTest, AQuotaThatTheMasterHasLostIsSentAgain) {
  subscribe_anew_with_a_quota();
  compare(GetQuota{});
  EXPECT_TRUE(shop().has_quota_found());
  EXPECT_FALSE(shop().quota_found().limit().has_cpus_milli());
  ASSERT_EQ(ports_.quotas_sent.size(), 2U);
  answer({});
  EXPECT_FALSE(shop().has_quota_found());
  settle();
  EXPECT_EQ(ports_.quotas_sent.size(), 2U);
}

TEST_F(QuotaTest, WhatIsFoundForATenantWithoutAQuotaIsOnlyReported) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  EXPECT_EQ(ports_.quotas_asked, 1);
  compare(limit_of(3));
  EXPECT_EQ(shop().quota_found().limit().cpus_milli(), 3000U);
  EXPECT_TRUE(ports_.quotas_sent.empty());
  const auto seq = log_.last_seq();
  compare_later(limit_of(3));
  EXPECT_EQ(log_.last_seq(), seq);
  compare_later(limit_of(4));
  EXPECT_EQ(shop().quota_found().limit().cpus_milli(), 4000U) << "another finding";
  compare_later(GetQuota{});
  EXPECT_FALSE(shop().has_quota_found()) << "whoever set it has taken it back";
  EXPECT_TRUE(ports_.quotas_sent.empty());
}

TEST_F(QuotaTest, AnAnswerFromBeforeAChangeIsNoFinding) {
  subscribe_anew_with_a_quota();
  set_limit(3000);
  answer({});
  const auto seq = log_.last_seq();
  compare(limit_of(2.0));  // as it was when it was asked for
  EXPECT_EQ(log_.last_seq(), seq);
  EXPECT_FALSE(shop().has_quota_found());
}

TEST_F(QuotaTest, AQuotaThatTheMasterHoldsIsLeftAlone) {
  subscribe_anew_with_a_quota();
  const auto seq = log_.last_seq();
  compare(limit_of(2.0));
  EXPECT_EQ(ports_.quotas_sent.size(), 1U);
  EXPECT_EQ(log_.last_seq(), seq);
}

TEST_F(QuotaTest, AComparisonThatFailsIsMadeAgain) {
  subscribe_anew_with_a_quota();
  compare(std::unexpected(unavailable()));
  EXPECT_EQ(ports_.quotas_asked, 2);
  now_ += seconds{1};
  settle();
  EXPECT_EQ(ports_.quotas_asked, 3);
}

/// A master chops an offer to what the quota leaves, and another role's offer may hold the ports: each alone is of no
/// use. Declined in one call, both go back, and the next allocation offers them as one.
TEST_F(QuotaTest, ChoppedOffersGoBackTogetherAndTheWholeIsUsed) {
  submit(command::CreateTenant{"shop"});
  subscribe();
  submit(create("search"));
  Event event;
  add_offer(event, "no-cpus", {.cpus = 0});
  add_offer(event, "no-ports", {.mem = 64, .ports = false});
  give(event);
  EXPECT_TRUE(ports_.calls_of(Call::ACCEPT).empty());
  const auto declines = ports_.calls_of(Call::DECLINE);
  ASSERT_EQ(declines.size(), 1U);
  EXPECT_EQ(declines[0].decline().offer_ids_size(), 2);
  EXPECT_LE(declines[0].decline().filters().refuse_seconds(), 10.0) << "while a node waits";
  EXPECT_TRUE(controller_->offers().empty()) << "nothing is held while it is of no use";
  offer("whole");
  EXPECT_EQ(ports_.calls_of(Call::ACCEPT).size(), 1U);
}

TEST_F(QuotaTest, OfManyRolesOnlyThoseWithoutAWantAreSuppressed) {
  submit(command::CreateTenant{"shop"});
  submit(command::CreateTenant{"other"});
  subscribe();
  submit(create("search"));
  now_ += seconds{10};
  settle();
  const auto suppressed = ports_.calls_of(Call::SUPPRESS);
  ASSERT_EQ(suppressed.size(), 1U);
  ASSERT_EQ(suppressed[0].suppress().roles_size(), 1);
  EXPECT_EQ(suppressed[0].suppress().roles(0), "es-other");
}

}  // namespace
}  // namespace esaas::loop
