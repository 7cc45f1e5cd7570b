// The quota of a tenant: who may set what, and what no longer fits below it.
#include <gmock/gmock.h>

#include "core/commands/admission.h"
#include "core/commands/set_quota.h"
#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using test::Story;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

command::SetTenantQuota quota_of(const std::string& tenant) {
  command::SetTenantQuota command;
  command.tenant = tenant;
  command.method = "PUT";
  command.url = "/v1/tenants/" + tenant + "/quota";
  return command;
}

/// Tenant `shop` with cluster `search`: 3 nodes of 1000 milli cpus, 1024 MiB memory and 2048 MiB disk.
Story given_search() {
  Story story;
  story.given_search();
  return story;
}

void set_limit(Story& story, std::uint64_t cpus_milli, std::uint64_t mem_mib, bool applied = true) {
  auto command = quota_of("shop");
  command.quota.mutable_limit()->set_cpus_milli(cpus_milli);
  command.quota.mutable_limit()->set_mem_mib(mem_mib);
  ASSERT_THAT(story.accept(command), ElementsAre("tenant_quota_intended"));
  if (!applied) return;
  event::Event event;
  event.mutable_tenant_quota_applied()->set_name("shop");
  *event.mutable_tenant_quota_applied()->mutable_quota() = command.quota;
  event.set_tenant("shop");
  story.fold(std::move(event));
}

void add_node(Story& story, const std::string& name, std::uint32_t mem_mib) {
  event::Event event;
  event.set_cluster("search");
  auto& payload = *event.mutable_node_added();
  payload.set_node(name);
  payload.set_group("data");
  payload.mutable_resources()->set_cpus_milli(1000);
  payload.mutable_resources()->set_mem_mib(mem_mib);
  payload.mutable_resources()->set_disk_mib(2048);
  story.fold(std::move(event));
}

TEST(SetQuota, IsIntendedWithWhatWasBefore) {
  Story story = given_search();
  set_limit(story, 5000, 8192);
  auto command = quota_of("shop");
  command.quota.mutable_guarantee()->set_cpus_milli(2000);
  command.reason = "the sale";
  const auto events = story.when(command);
  ASSERT_TRUE(events.has_value());
  const auto& intended = events->front().tenant_quota_intended();
  EXPECT_EQ(intended.before().limit().cpus_milli(), 5000U);
  EXPECT_EQ(intended.after().guarantee().cpus_milli(), 2000U);
  EXPECT_FALSE(intended.after().has_limit());
  EXPECT_EQ(intended.reason(), "the sale");
  EXPECT_EQ(events->front().tenant(), "shop");
  EXPECT_EQ(events->front().actor().name(), "tok-root");
}

TEST(SetQuota, IsForAdministratorsOfAllTenants) {
  Story story = given_search();
  story.caller.tenant = "shop";
  EXPECT_EQ(story.refusal(quota_of("shop")).code, ErrorCode::kPermissionDenied);
}

TEST(SetQuota, OfAnUnknownTenantIsNotFound) {
  EXPECT_EQ(given_search().refusal(quota_of("nobody")).code, ErrorCode::kNotFound);
}

TEST(SetQuota, GuaranteeMustNotExceedTheLimit) {
  auto command = quota_of("shop");
  command.quota.mutable_guarantee()->set_mem_mib(9000);
  command.quota.mutable_limit()->set_mem_mib(8999);
  const Error error = given_search().refusal(command);
  EXPECT_EQ(error.field, "guarantee.mem_mib");
  EXPECT_EQ(error.rule, "guarantee_within_limit");
  EXPECT_THAT(error.detail, HasSubstr("9000 is more than the limit of 8999"));
}

TEST(SetQuota, AGuaranteeOfWhatIsNotLimitedIsFine) {
  auto command = quota_of("shop");
  command.quota.mutable_guarantee()->set_mem_mib(9000);
  command.quota.mutable_limit()->set_cpus_milli(4000);
  EXPECT_TRUE(given_search().when(command).has_value());
}

TEST(SetQuota, AbsurdAmountsAreRefused) {
  auto command = quota_of("shop");
  command.quota.mutable_limit()->set_disk_mib(command::kQuotaAmountMax + 1);
  const Error error = given_search().refusal(command);
  EXPECT_EQ(error.field, "limit.disk_mib");
  EXPECT_EQ(error.rule, "range");
}

TEST(SetQuota, ALimitBelowWhatIsWantedIsRefusedByHowMuch) {
  auto command = quota_of("shop");
  command.quota.mutable_limit()->set_cpus_milli(2900);
  command.quota.mutable_limit()->set_mem_mib(3072);
  command.quota.mutable_limit()->set_disk_mib(6143);
  const Error error = given_search().refusal(command);
  EXPECT_EQ(error.rule, "limit_covers_what_is_wanted");
  EXPECT_THAT(error.detail, HasSubstr("cpus_milli by 100 (3000 wanted, the limit is 2900)"));
  EXPECT_THAT(error.detail, HasSubstr("disk_mib by 1 (6144 wanted, the limit is 6143)"));
  EXPECT_THAT(error.detail, Not(HasSubstr("mem_mib")));
}

TEST(Admission, CreateBeyondTheLimitNamesEachResource) {
  Story story = given_search();
  set_limit(story, 4000, 4096);
  auto request = test::create_search();
  request.set_name("second");
  const Error error = story.refusal(test::submit(request));
  EXPECT_EQ(error.code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(error.rule, "tenant_quota");
  EXPECT_THAT(error.detail, HasSubstr("cpus_milli by 2000 (6000 wanted, the limit is 4000)"));
  EXPECT_THAT(error.detail, HasSubstr("mem_mib by 2048 (6144 wanted, the limit is 4096)"));
}

TEST(Admission, ScaleUpToTheLimitFitsAndOneMoreDoesNot) {
  Story story = given_search();
  set_limit(story, 5000, 8192);
  EXPECT_EQ(story.refusal(test::submit_scale("data", 6)).rule, "tenant_quota");
  EXPECT_TRUE(story.when(test::submit_scale("data", 5)).has_value());
}

TEST(Admission, APreemptibleGroupCountsInFull) {
  Story story = given_search();
  set_limit(story, 4999, 100'000);
  auto request = test::create_search();
  request.set_name("other");
  request.mutable_spec()->mutable_node_groups(0)->set_count(1);
  auto& front = *request.mutable_spec()->add_node_groups();
  front = test::group("front", {model::NODE_ROLE_COORDINATING}, 1);
  front.set_preemptible(true);
  EXPECT_THAT(story.refusal(test::submit(request)).detail, HasSubstr("cpus_milli by 1 (5000 wanted"));
  set_limit(story, 5000, 100'000);
  EXPECT_TRUE(story.when(test::submit(request)).has_value());
}

TEST(Admission, AnotherTenantsQuotaDoesNotBind) {
  Story story = given_search();
  set_limit(story, 3000, 4096);
  story.accept(command::CreateTenant{"other"});
  auto request = test::create_search();
  request.set_name("theirs");
  request.set_tenant("other");
  EXPECT_TRUE(story.when(test::submit(request)).has_value());
}

TEST(Admission, ResizeNeedsRoomForTheNodeThatIsBothOldAndNew) {
  Story story = given_search();
  for (int i = 0; i < 3; ++i) add_node(story, "data-" + std::to_string(i), 1024);
  set_limit(story, 3999, 100'000);  // three nodes fit; a fourth beside them does not
  const Error error = story.refusal(test::submit_resize("data", 2048));
  EXPECT_EQ(error.rule, "tenant_quota");
  EXPECT_THAT(error.detail, HasSubstr("cpus_milli by 1 (4000 wanted, the limit is 3999)"));
  set_limit(story, 4000, 7168);  // 3 x 2048 and the last old one, 1024
  EXPECT_TRUE(story.when(test::submit_resize("data", 2048)).has_value());
  set_limit(story, 4000, 7167);
  EXPECT_THAT(story.refusal(test::submit_resize("data", 2048)).detail, HasSubstr("mem_mib by 1 "));
}

TEST(Admission, SuspendedClustersAndLeavingNodesCount) {
  Story story = given_search();
  for (int i = 0; i < 3; ++i) add_node(story, "data-" + std::to_string(i), 1024);
  story.accept(test::submit_suspend());
  story.finish_active("search");
  EXPECT_EQ(command::wanted_by(story.cluster()).cpus_milli, 3000U);
  story.accept(test::submit_resume());
  story.finish_active("search");
  story.accept(test::submit_scale("data", 1));  // its nodes leave later
  EXPECT_EQ(command::wanted_by(story.cluster()).cpus_milli, 3000U);
  story.finish_active("search");
  story.accept(test::submit_delete("search"));
  EXPECT_EQ(command::wanted_by(story.cluster()).mem_mib, 3072U) << "until its nodes are gone";
}

TEST(Admission, AskingForLessIsAllowedHoweverLowTheLimit) {
  Story story = given_search();
  set_limit(story, 5000, 8192);
  event::Event event;  // as it may be after a quota that this controller did not decide
  event.mutable_tenant_quota_applied()->set_name("shop");
  event.mutable_tenant_quota_applied()->mutable_quota()->mutable_limit()->set_cpus_milli(1000);
  event.set_tenant("shop");
  story.fold(std::move(event));
  EXPECT_TRUE(story.when(test::submit_scale("data", 2)).has_value());
  EXPECT_EQ(story.refusal(test::submit_scale("data", 4)).rule, "tenant_quota");
}

TEST(Admission, OfTwoLimitsTheSmallerBindsWhileOneIsOnItsWay) {
  Story story = given_search();
  set_limit(story, 4000, 8192);
  set_limit(story, 9000, 4096, false);
  const auto limit = command::binding_limit(*story.state.find_tenant("shop"));
  EXPECT_EQ(limit.cpus_milli(), 4000U);
  EXPECT_EQ(limit.mem_mib(), 4096U);
  EXPECT_FALSE(limit.has_disk_mib());
}

TEST(Admission, LargerAndMoreNodesInOneOperationCountTogether) {
  Story story = given_search();
  for (int i = 0; i < 3; ++i) add_node(story, "data-" + std::to_string(i), 1024);
  const auto up_and_out = test::submit_json(R"({"resize":{"group":"data","resources":{"mem_mib":2048},"count":4}})");
  set_limit(story, 5000, 9216);  // 4 x 2048 and the last old one, 1024
  EXPECT_TRUE(story.when(up_and_out).has_value());
  set_limit(story, 5000, 9215);
  EXPECT_THAT(story.refusal(up_and_out).detail, HasSubstr("mem_mib by 1 "));
}

TEST(Admission, CompanionsCount) {
  Story story = given_search();
  set_limit(story, 3400, 8192);
  EXPECT_TRUE(story.when(test::submit_json(R"({"proxies":{"count":2}})")).has_value());
  EXPECT_EQ(story.refusal(test::submit_json(R"({"proxies":{"count":3}})")).rule, "tenant_quota");
  EXPECT_EQ(story.refusal(test::submit_json(R"({"install_kibana":{}})")).rule, "tenant_quota");
  EXPECT_TRUE(story.when(test::submit_json(R"({"install_kibana":{"resources":{"cpus_milli":400}}})")).has_value());
}

TEST(Admission, ARollingRestartNeedsNothingMore) {
  Story story = given_search();
  set_limit(story, 3000, 3072);
  EXPECT_TRUE(story.when(test::submit_json(R"({"restart":{}})")).has_value());
  EXPECT_TRUE(story.when(test::submit_json(R"({"upgrade":{"version":"2.4.6"}})")).has_value());
}

TEST(Admission, AQueuedOperationIsCheckedAgainWhenItStarts) {
  Story story = given_search();
  set_limit(story, 5000, 8192);
  story.accept(test::submit_scale("data", 4));
  ASSERT_THAT(story.accept(test::submit_scale("data", 5)), ElementsAre("operation_requested"));
  set_limit(story, 4500, 8192);
  const auto kinds = story.finish_active("search");
  ASSERT_FALSE(kinds.empty());
  EXPECT_EQ(kinds.back(), "operation_finished") << "the queued scale to 5 needs 5000";
  EXPECT_EQ(story.cluster().spec().node_groups(0).count(), 4U);
}

}  // namespace
}  // namespace esaas
