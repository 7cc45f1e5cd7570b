// Cancel, pause and continue; tenants and tokens.
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
