// What limits leave and guarantees hold back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/reconcilers/embedded/driver.h"

namespace esaas::embedded::testing {
namespace {

using ::testing::HasSubstr;

using Amounts = std::map<std::string, double>;

Result<wire::master::Response> set_quota(ModelDriver& driver, const std::string& role, const Amounts& guarantees,
                                         const Amounts& limits = {}, bool force = false) {
  wire::master::Call call;
  call.set_type(wire::master::Call::UPDATE_QUOTA);
  call.mutable_update_quota()->set_force(force);
  auto* config = call.mutable_update_quota()->add_quota_configs();
  config->set_role(role);
  for (const auto& [name, value] : guarantees) (*config->mutable_guarantees())[name].set_value(value);
  for (const auto& [name, value] : limits) (*config->mutable_limits())[name].set_value(value);
  auto answer = driver.model.operate(call, driver.now);
  driver.settle();
  return answer;
}

/// What of `name` is offered to the role now, in thousandths.
std::int64_t offered(const ModelDriver& driver, const std::string& role, const std::string& name) {
  std::int64_t sum = 0;
  for (const auto& offer : driver.model.offers()) {
    const auto scalars = offer.resources.scalars();
    if (offer.role == role && scalars.contains(name)) sum += scalars.at(name);
  }
  return sum;
}

int offers_of(const ModelDriver& driver, const std::string& role) {
  int count = 0;
  for (const auto& offer : driver.model.offers()) count += offer.role == role ? 1 : 0;
  return count;
}

TEST(ModelQuota, WhatIsPromisedToAnAbsentRoleStaysFree) {
  ModelDriver driver(2);  // 8 cpus, 8192 MB
  ASSERT_TRUE(set_quota(driver, "es-promised", {{"cpus", 3}, {"mem", 6000}}).has_value());
  driver.subscribe(framework_info({"noisy"}));
  EXPECT_EQ(offered(driver, "noisy", "cpus"), 5000);
  EXPECT_EQ(offered(driver, "noisy", "mem"), 2'192'000);
  EXPECT_EQ(offered(driver, "noisy", "disk"), 20'480'000) << "nothing was promised of it";
}

TEST(ModelQuota, APromisedRoleIsServedBeforeTheOthers) {
  ModelDriver driver(2);
  ASSERT_TRUE(set_quota(driver, "es-b", {{"cpus", 6}, {"mem", 6000}}).has_value());
  driver.subscribe(framework_info({"es-a", "es-b"}));
  EXPECT_GE(offered(driver, "es-b", "cpus"), 6000);
  EXPECT_LE(offered(driver, "es-a", "cpus"), 2000);
}

TEST(ModelQuota, OneAgentsPartOfARoleIsOneOffer) {
  ModelDriver driver(1);
  ASSERT_TRUE(set_quota(driver, "es-a", {{"cpus", 1}, {"mem", 512}}).has_value());
  driver.subscribe();
  EXPECT_EQ(offers_of(driver, "es-a"), 1) << "the promised part and the rest";
  EXPECT_EQ(offered(driver, "es-a", "cpus"), 4000);
  EXPECT_EQ(offered(driver, "es-a", "mem"), 4'096'000);
}

TEST(ModelQuota, ARoleGetsItsPromiseWithinItsLimitAndNoMore) {
  ModelDriver driver(2);
  ASSERT_TRUE(set_quota(driver, "es-a", {{"cpus", 1}}, {{"cpus", 1.5}, {"mem", 512}}).has_value());
  driver.subscribe();
  EXPECT_EQ(offered(driver, "es-a", "cpus"), 1500);
  EXPECT_EQ(offered(driver, "es-a", "mem"), 512'000);
}

TEST(ModelQuota, WhatIsReservedOrRunsCountsForThePromise) {
  ModelDriver driver(1);
  driver.subscribe(framework_info({"es-a", "noisy"}), {"noisy"});
  driver.run_task("t1", driver.agent(1), {.cpus_milli = 1000, .mem_mib = 512, .disk_mib = 0});
  ASSERT_TRUE(set_quota(driver, "es-a", {{"cpus", 3}}).has_value());
  Call suppress = driver.make(Call::SUPPRESS);
  suppress.mutable_suppress()->add_roles("es-a");
  driver.send(suppress);
  Call revive = driver.make(Call::REVIVE);
  revive.mutable_revive()->add_roles("noisy");
  driver.send(revive);
  Call decline = driver.make(Call::DECLINE);
  for (const auto& offer : driver.model.offers()) {
    if (offer.role == "es-a") decline.mutable_decline()->add_offer_ids()->set_value(offer.id);
  }
  decline.mutable_decline()->mutable_filters()->set_refuse_seconds(0);
  driver.send(decline);
  EXPECT_EQ(offered(driver, "noisy", "cpus"), 1000) << "4, less the 1 that runs and the 2 still promised";
}

TEST(ModelQuota, APromiseTakesBackWhatIsOnlyOfferedToOthers) {
  ModelDriver driver(1);
  driver.subscribe(framework_info({"noisy"}));
  ASSERT_EQ(offered(driver, "noisy", "cpus"), 4000);
  driver.events.clear();
  ASSERT_TRUE(set_quota(driver, "es-a", {{"cpus", 3}}).has_value());
  EXPECT_EQ(driver.last(Event::RESCIND).size(), 1U);
  EXPECT_EQ(offered(driver, "noisy", "cpus"), 1000);
}

TEST(ModelQuota, PromisesBeyondWhatThereIsAreRefusedUnlessForced) {
  ModelDriver driver(1);
  ASSERT_TRUE(set_quota(driver, "es-a", {{"cpus", 3}}).has_value());
  const auto answer = set_quota(driver, "es-b", {{"cpus", 2}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(answer.error().detail, HasSubstr("total quota guarantees 'cpus:5' exceed cluster capacity 'cpus:4;"));
  EXPECT_TRUE(set_quota(driver, "es-b", {{"cpus", 2}}, {}, true).has_value());
}

TEST(ModelQuota, ALimitBelowWhatIsUsedIsRefusedAndWhatIsOnlyOfferedDoesNotCount) {
  ModelDriver driver(1);
  driver.subscribe();
  driver.run_task("t1", driver.agent(1), {.cpus_milli = 2000, .mem_mib = 512, .disk_mib = 0});
  const auto answer = set_quota(driver, "es-a", {}, {{"cpus", 1.5}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().detail, HasSubstr("Role 'es-a' is already consuming 'cpus:2; mem:512'"));
  EXPECT_TRUE(set_quota(driver, "es-a", {}, {{"cpus", 2}}).has_value());
}

TEST(ModelQuota, WithoutItsQuotaARoleHoldsNothingBack) {
  ModelDriver driver(1);
  ASSERT_TRUE(set_quota(driver, "es-promised", {{"cpus", 3}}).has_value());
  driver.subscribe(framework_info({"noisy"}));
  ASSERT_EQ(offered(driver, "noisy", "cpus"), 1000);
  ASSERT_TRUE(set_quota(driver, "es-promised", {}).has_value());
  EXPECT_EQ(offered(driver, "noisy", "cpus"), 4000);
}

}  // namespace
}  // namespace esaas::embedded::testing
