// Cancel, pause, continue, override and force; tenants, their policies, and tokens.
#include "tests/core/requests.h"
#include "tests/core/story.h"

namespace esaas {
namespace {

using command::OperationVerb;
using test::Story;
using Kinds = std::vector<std::string>;

Story story_with_running_and_queued() {
  Story story;
  story.given_search();
  story.accept(test::submit_scale("data", 4));
  story.accept(test::submit_scale("data", 5));
  return story;
}

TEST(ControlOperation, CancelsAQueuedOperation) {
  Story story = story_with_running_and_queued();
  const std::string queued = story.cluster().queued_operations(0);
  EXPECT_EQ(story.accept(command::ControlOperation{queued, OperationVerb::kCancel}), (Kinds{"operation_finished"}));
  EXPECT_EQ(story.cluster().queued_operations_size(), 0);
  EXPECT_EQ(story.state.find_operation(queued), nullptr);
}

TEST(ControlOperation, RefusesToCancelWhatHasBegun) {
  Story story = story_with_running_and_queued();
  const Error error =
      story.refusal(command::ControlOperation{story.cluster().active_operation(), OperationVerb::kCancel});
  EXPECT_EQ(error.code, ErrorCode::kConflict);
  EXPECT_EQ(error.rule, "only_queued_operations_cancel");
}

TEST(ControlOperation, ARefusedCancelSaysWhatToDoInstead) {
  struct Instead {
    const char* request;
    const char* word;
  };
  for (const Instead& one :
       {Instead{R"({"configure":{"group":"data","settings":[{"key":"a.b","value":"1"}]}})", "/undo"},
        Instead{R"({"suspend":{}})", "resume the cluster"}}) {
    Story story;
    story.given_search();
    story.accept(test::submit_json(one.request));
    const Error error =
        story.refusal(command::ControlOperation{story.cluster().active_operation(), OperationVerb::kCancel});
    EXPECT_EQ(error.rule, "only_queued_operations_cancel");
    EXPECT_NE(error.detail.find(one.word), std::string::npos) << error.detail;
  }
}

TEST(ControlOperation, AnUpgradeIsCancelledUntilItHasChangedTheVersion) {
  Story story;
  story.given_search();
  story.accept(test::submit_json(R"({"upgrade":{"version":"2.4.6"}})"));
  const std::string upgrade = story.cluster().active_operation();
  EXPECT_TRUE(story.when(command::ControlOperation{upgrade, OperationVerb::kCancel}).has_value());
  event::Event changed;
  changed.set_cluster("search");
  changed.mutable_cluster_version_changed()->set_after("2.4.6");
  story.fold(changed);
  const Error error = story.refusal(command::ControlOperation{upgrade, OperationVerb::kCancel});
  EXPECT_EQ(error.rule, "only_queued_operations_cancel");
  EXPECT_NE(error.detail.find("no way back"), std::string::npos) << error.detail;
}

void hold(Story& story, const std::string& rule, const std::string& node, const std::string& operation = {}) {
  event::Event event;
  event.set_cluster("search");
  event.mutable_hold_began()->set_rule(rule);
  event.mutable_hold_began()->set_node(node);
  event.mutable_hold_began()->set_why("because");
  if (!operation.empty()) {
    model::Figure& figure = *event.mutable_hold_began()->add_basis();
    figure.set_name("operation");
    figure.set_value(operation);
  }
  story.fold(event);
}

command::ControlOperation override_of(const Story& story, const std::string& rule, const std::string& node = {}) {
  return {story.cluster().active_operation(), OperationVerb::kOverride, rule, node, "the data is in a snapshot"};
}

command::ControlOperation force_of(const Story& story, const std::string& node = {}) {
  return {story.cluster().active_operation(), OperationVerb::kForce, "", node, "the data is in a snapshot"};
}

TEST(Override, PutsARuleThatHoldsOutOfForceForTheOperation) {
  Story story = story_with_running_and_queued();
  hold(story, "keeps_last_started_copy", "data-1");
  hold(story, "keeps_quorum_of_masters", "");
  EXPECT_EQ(story.accept(override_of(story, "keeps_last_started_copy", "data-1")), (Kinds{"rule_overridden"}));
  EXPECT_EQ(story.accept(override_of(story, "keeps_quorum_of_masters")), (Kinds{"rule_overridden"}));
  const auto operation = story.operation(story.cluster().active_operation());
  ASSERT_EQ(operation.overrides_size(), 2);
  EXPECT_EQ(operation.overrides(0).rule(), "keeps_last_started_copy");
  EXPECT_EQ(operation.overrides(0).node(), "data-1");
  EXPECT_EQ(operation.overrides(0).by(), "tok-root");
  EXPECT_EQ(story.refusal(override_of(story, "keeps_last_started_copy", "data-1")).rule, "changes_something");
}

TEST(Override, IsForAdministratorsAndSaysWhy) {
  Story story = story_with_running_and_queued();
  hold(story, "keeps_last_started_copy", "data-1");
  auto command = override_of(story, "keeps_last_started_copy");
  command.why.clear();
  EXPECT_EQ(story.refusal(command).field, "why");
  story.caller.role = model::TOKEN_ROLE_OPERATOR;
  const Error error = story.refusal(override_of(story, "keeps_last_started_copy"));
  EXPECT_EQ(error.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(error.rule, "administrator_overrides");
  EXPECT_EQ(story.refusal(force_of(story)).code, ErrorCode::kPermissionDenied);
}

TEST(Override, WhatDoesNotHoldIsRefusedAndWhatHoldsIsNamed) {
  Story story = story_with_running_and_queued();
  hold(story, "keeps_last_started_copy", "data-1");
  Error error = story.refusal(override_of(story, "keeps_last_copy"));
  EXPECT_EQ(error.rule, "rule_holds_now");
  EXPECT_NE(error.detail.find("keeps_last_started_copy on data-1"), std::string::npos) << error.detail;
  EXPECT_EQ(story.refusal(override_of(story, "keeps_last_started_copy", "data-0")).rule, "rule_holds_now");
}

TEST(Override, WhatOnlyMesosGivesOrWouldCorruptBindsEverybody) {
  Story story = story_with_running_and_queued();
  for (const char* rule :
       {"operation_paused", "versions_work_together", "waits_for_offer", "minimum_master_nodes_first"}) {
    hold(story, rule, "");
    const Error error = story.refusal(override_of(story, rule));
    EXPECT_EQ(error.rule, "rule_can_be_overridden") << rule;
    EXPECT_EQ(error.field, "rule");
  }
  EXPECT_EQ(story.refusal(force_of(story)).rule, "rule_can_be_overridden");
}

TEST(Override, AQueuedOperationIsHeldByNoRule) {
  Story story = story_with_running_and_queued();
  hold(story, "keeps_last_started_copy", "data-1");
  auto command = override_of(story, "keeps_last_started_copy");
  command.operation_id = story.cluster().queued_operations(0);
  EXPECT_EQ(story.refusal(command).rule, "operation_running");
}

TEST(Override, OfAnOperationBesideIsOfWhatHoldsItself) {
  Story story = story_with_running_and_queued();
  story.accept(test::submit_json(R"({"settings":{"transient":[{"key":"a.b","value":"1"}]}})"));
  const std::string side = story.cluster().side_operations(0);
  hold(story, "keeps_last_started_copy", "data-1");
  hold(story, "side_operation_waits_for_health", "", side);
  const auto of_side = [&](const char* rule) {
    return command::ControlOperation{side, OperationVerb::kOverride, rule, "", "the data is in a snapshot"};
  };
  const Error another = story.refusal(of_side("keeps_last_started_copy"));
  EXPECT_EQ(another.rule, "rule_holds_now");
  EXPECT_NE(another.detail.find("side_operation_waits_for_health"), std::string::npos) << another.detail;
  const Error own = story.refusal(of_side("side_operation_waits_for_health"));
  EXPECT_EQ(own.rule, "rule_can_be_overridden");
  EXPECT_NE(own.detail.find("cancel the operation"), std::string::npos) << own.detail;
  EXPECT_EQ(story.refusal(command::ControlOperation{side, OperationVerb::kForce, "", "", "because"}).rule,
            "rule_can_be_overridden");
}

TEST(Override, ASettingThatElasticsearchRefusesBindsEverybody) {
  Story story = story_with_running_and_queued();
  hold(story, "elasticsearch_refuses_setting", "");
  const Error error = story.refusal(override_of(story, "elasticsearch_refuses_setting"));
  EXPECT_EQ(error.rule, "rule_can_be_overridden");
  EXPECT_NE(error.detail.find("change what its words name"), std::string::npos) << error.detail;
}

TEST(Force, OverridesEachRuleThatHoldsTheNodeOrTheCluster) {
  Story story = story_with_running_and_queued();
  for (const char* name : {"data-0", "data-1"}) {
    event::Event added;
    added.set_cluster("search");
    added.mutable_node_added()->set_node(name);
    added.mutable_node_added()->set_group("data");
    story.fold(added);
  }
  EXPECT_EQ(story.refusal(force_of(story)).rule, "something_is_held");
  hold(story, "cluster_is_not_red", "");
  hold(story, "keeps_last_started_copy", "data-1");
  hold(story, "one_node_at_a_time", "data-0");
  hold(story, "waits_for_offer", "data-1");
  EXPECT_EQ(story.refusal(force_of(story, "data-7")).rule, "known_node");
  const auto events = story.when(force_of(story, "data-1"));
  ASSERT_TRUE(events) << events.error().detail;
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ(events->at(0).rule_overridden().rule(), "cluster_is_not_red");
  EXPECT_EQ(events->at(0).rule_overridden().node(), "");
  EXPECT_EQ(events->at(1).rule_overridden().rule(), "keeps_last_started_copy");
  EXPECT_EQ(events->at(1).rule_overridden().node(), "data-1");
  for (const auto& event : *events) {
    EXPECT_EQ(event.operation_id(), story.cluster().active_operation());
    EXPECT_EQ(event.rule_overridden().why(), "the data is in a snapshot");
    story.fold(event);
  }
  EXPECT_EQ(story.accept(force_of(story)), (Kinds{"rule_overridden"})) << "what is overridden already stays";
  EXPECT_EQ(story.refusal(force_of(story)).rule, "rule_can_be_overridden");
}

command::SetTenantPolicies policies_of(const std::string& tenant, std::uint32_t replicas_min) {
  command::SetTenantPolicies command;
  command.tenant = tenant;
  command.policies.set_replicas_min(replicas_min);
  command.reason = "we were told so";
  return command;
}

TEST(TenantPolicies, AreSetWithWhatWasBefore) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  EXPECT_EQ(story.accept(policies_of("shop", 1)), (Kinds{"tenant_policies_set"}));
  const auto events = story.when(policies_of("shop", 2));
  ASSERT_TRUE(events) << events.error().detail;
  EXPECT_EQ(events->at(0).tenant_policies_set().before().replicas_min(), 1U);
  EXPECT_EQ(events->at(0).tenant_policies_set().after().replicas_min(), 2U);
  EXPECT_EQ(events->at(0).tenant_policies_set().reason(), "we were told so");
  EXPECT_EQ(story.state.find_tenant("shop")->policies().replicas_min(), 1U);
}

TEST(TenantPolicies, OfNobodyOrOthersAreNotFoundAndBadOnesRefused) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  EXPECT_EQ(story.refusal(policies_of("nobody", 1)).code, ErrorCode::kNotFound);
  EXPECT_EQ(story.refusal(policies_of("shop", 101)).rule, "range");
  story.accept(policies_of("shop", 1));
  EXPECT_EQ(story.refusal(policies_of("shop", 1)).rule, "changes_something");
  story.caller.tenant = "other";
  EXPECT_EQ(story.refusal(policies_of("shop", 2)).code, ErrorCode::kNotFound);
}

TEST(ControlOperation, PausesOnceAndContinuesOnce) {
  Story story = story_with_running_and_queued();
  const std::string active = story.cluster().active_operation();
  EXPECT_EQ(story.refusal(command::ControlOperation{active, OperationVerb::kContinue}).rule, "changes_something");
  EXPECT_EQ(story.accept(command::ControlOperation{active, OperationVerb::kPause}), (Kinds{"operation_paused"}));
  EXPECT_TRUE(story.operation(active).paused());
  EXPECT_EQ(story.refusal(command::ControlOperation{active, OperationVerb::kPause}).rule, "changes_something");
  EXPECT_EQ(story.accept(command::ControlOperation{active, OperationVerb::kContinue}), (Kinds{"operation_continued"}));
  EXPECT_FALSE(story.operation(active).paused());
}

TEST(ControlOperation, ClosedUnknownAndForeignOperationsAreNotFound) {
  Story story = story_with_running_and_queued();
  EXPECT_EQ(story.refusal(command::ControlOperation{"op-2", OperationVerb::kPause}).code, ErrorCode::kNotFound);
  EXPECT_EQ(story.refusal(command::ControlOperation{"op-999", OperationVerb::kPause}).code, ErrorCode::kNotFound);
  story.caller.tenant = "other";
  const std::string active = story.cluster().active_operation();
  EXPECT_EQ(story.refusal(command::ControlOperation{active, OperationVerb::kPause}).code, ErrorCode::kNotFound);
}

TEST(CreateTenant, RefusesBadNamesTakenNamesAndTenantsOwnTokens) {
  Story story;
  EXPECT_EQ(story.refusal(command::CreateTenant{"Shop"}).rule, "dns_label");
  story.accept(command::CreateTenant{"shop"});
  EXPECT_EQ(story.refusal(command::CreateTenant{"shop"}).code, ErrorCode::kAlreadyExists);
  story.caller.tenant = "shop";
  EXPECT_EQ(story.refusal(command::CreateTenant{"other"}).code, ErrorCode::kPermissionDenied);
}

command::IssueToken token(const std::string& id, const std::string& tenant) {
  return {id,          tenant, model::TOKEN_ROLE_VIEWER, std::string(32, 'h'), test::kNoon + std::chrono::hours{1},
          "for a test"};
}

struct TokenCase {
  const char* name;
  void (*change)(command::IssueToken&);
  ErrorCode code;
  const char* field;
  const char* rule;
};

class IssueTokenRefused : public testing::TestWithParam<TokenCase> {};

TEST_P(IssueTokenRefused, NamesFieldAndRule) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  story.accept(token("tok-taken", "shop"));
  auto command = token("tok-1", "shop");
  GetParam().change(command);
  const Error error = story.refusal(command);
  EXPECT_EQ(error.code, GetParam().code) << error.detail;
  EXPECT_EQ(error.field, GetParam().field) << error.detail;
  EXPECT_EQ(error.rule, GetParam().rule) << error.detail;
}

INSTANTIATE_TEST_SUITE_P(Rules, IssueTokenRefused,
                         testing::Values(TokenCase{"NoRole", [](auto& c) { c.role = model::TOKEN_ROLE_UNSPECIFIED; },
                                                   ErrorCode::kInvalidArgument, "role", "required"},
                                         TokenCase{"Expired", [](auto& c) { c.expires_at = test::kNoon; },
                                                   ErrorCode::kInvalidArgument, "expires_at", "in_the_future"},
                                         TokenCase{"LongDescription",
                                                   [](auto& c) { c.description = std::string(256, 'd'); },
                                                   ErrorCode::kInvalidArgument, "description", "length"},
                                         TokenCase{"UnknownTenant", [](auto& c) { c.tenant = "nobody"; },
                                                   ErrorCode::kInvalidArgument, "tenant", "known_tenant"},
                                         TokenCase{"TakenId", [](auto& c) { c.token_id = "tok-taken"; },
                                                   ErrorCode::kAlreadyExists, "token_id", "unique"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(IssueToken, OfAnotherTenantOrOfAllIsRefusedToATenantsAdmin) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  story.accept(command::CreateTenant{"other"});
  story.caller.tenant = "shop";
  EXPECT_EQ(story.refusal(token("tok-1", "other")).rule, "own_tenant");
  EXPECT_EQ(story.refusal(token("tok-1", "")).rule, "own_tenant");
  story.accept(token("tok-1", "shop"));
}

TEST(RevokeToken, RemovesTheTokenAndHidesThoseOfOthers) {
  Story story;
  story.accept(command::CreateTenant{"shop"});
  story.accept(token("tok-1", "shop"));
  story.caller.tenant = "other";
  EXPECT_EQ(story.refusal(command::RevokeToken{"tok-1"}).code, ErrorCode::kNotFound);
  story.caller.tenant.clear();
  EXPECT_EQ(story.accept(command::RevokeToken{"tok-1"}), (Kinds{"token_revoked"}));
  EXPECT_EQ(story.state.find_token("tok-1"), nullptr);
  EXPECT_EQ(story.refusal(command::RevokeToken{"tok-1"}).code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace esaas
