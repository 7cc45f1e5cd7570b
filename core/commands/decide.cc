#include "core/commands/decide.h"

#include <algorithm>

#include "core/commands/attribution.h"
#include "core/commands/books.h"
#include "core/commands/decide_operation.h"
#include "core/commands/set_policies.h"
#include "core/commands/set_quota.h"
#include "core/commands/sinks.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

using Events = std::vector<event::Event>;

constexpr int kTenantsMax = 10'000;
constexpr int kTokensMax = 100'000;

void attribute(event::Event& event, const std::string& tenant, const Context& context) {
  event.set_tenant(tenant);
  attribute_with_request(event, context);
}

Result<Events> decide(const state::FleetState& state, const CreateTenant& command, const Context& context) {
  ESAAS_CHECK(validate_name(command.name, "name", 30));
  if (!context.caller.tenant.empty()) {
    return fail(ErrorCode::kPermissionDenied, "only an administrator of all tenants makes tenants");
  }
  if (state.find_tenant(command.name) != nullptr) {
    return fail(ErrorCode::kAlreadyExists, "name: tenant " + command.name + " exists", "name", "unique");
  }
  if (state.head.tenants_size() >= kTenantsMax) {
    return fail(ErrorCode::kResourceExhausted, "there are " + std::to_string(kTenantsMax) + " tenants", "",
                "tenants_max");
  }
  event::Event event;
  event.mutable_tenant_created()->set_name(command.name);
  attribute(event, command.name, context);
  return Events{std::move(event)};
}

Result<void> check_issue(const state::FleetState& state, const IssueToken& command, const Context& context) {
  if (command.role == model::TOKEN_ROLE_UNSPECIFIED) {
    return fail(ErrorCode::kInvalidArgument, "role: name viewer, operator, billing or admin", "role", "required");
  }
  if (command.expires_at <= context.now) {
    return fail(ErrorCode::kInvalidArgument, "expires_at: is in the past", "expires_at", "in_the_future");
  }
  if (command.description.size() > 255) {
    return fail(ErrorCode::kInvalidArgument, "description: has more than 255 characters", "description", "length");
  }
  if (!context.caller.tenant.empty() && context.caller.tenant != command.tenant) {
    return fail(ErrorCode::kPermissionDenied, "tenant: this token belongs to tenant " + context.caller.tenant, "tenant",
                "own_tenant");
  }
  if (!command.tenant.empty() && state.find_tenant(command.tenant) == nullptr) {
    return fail(ErrorCode::kInvalidArgument, "tenant: there is no tenant " + command.tenant, "tenant", "known_tenant");
  }
  if (state.find_token(command.token_id) != nullptr) {
    return fail(ErrorCode::kAlreadyExists, "token " + command.token_id + " exists", "token_id", "unique");
  }
  if (state.head.tokens_size() >= kTokensMax) {
    return fail(ErrorCode::kResourceExhausted, "there are " + std::to_string(kTokensMax) + " tokens: revoke some", "",
                "tokens_max");
  }
  return {};
}

Result<Events> decide(const state::FleetState& state, const IssueToken& command, const Context& context) {
  ESAAS_CHECK(check_issue(state, command, context));
  event::Event event;
  auto& payload = *event.mutable_token_issued();
  payload.set_token_id(command.token_id);
  payload.set_tenant(command.tenant);
  payload.set_role(command.role);
  payload.set_hash(command.hash);
  payload.set_expires_at_us(to_us(command.expires_at));
  payload.set_description(command.description);
  attribute(event, command.tenant, context);
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const RevokeToken& command, const Context& context) {
  const state::Token* token = state.find_token(command.token_id);
  if (token == nullptr || (!context.caller.tenant.empty() && context.caller.tenant != token->tenant())) {
    return fail(ErrorCode::kNotFound, "there is no token " + command.token_id);
  }
  event::Event event;
  event.mutable_token_revoked()->set_token_id(command.token_id);
  attribute(event, token->tenant(), context);
  event.set_cause_seq(token->issued_seq());
  return Events{std::move(event)};
}

Result<Events> decide(const state::FleetState& state, const NoteTokenUse&, const Context& context) {
  const state::Token* token = state.find_token(context.caller.token_id);
  if (token == nullptr) return fail(ErrorCode::kNotFound, "there is no token " + context.caller.token_id);
  const std::string& address = context.caller.address;
  if (std::ranges::find(token->addresses(), address) != token->addresses().end()) {
    return fail(ErrorCode::kAlreadyExists, "the token's use from " + address + " is in the log", "", "told_once");
  }
  event::Event event;
  auto& payload = *event.mutable_token_used();
  payload.set_token_id(token->token_id());
  payload.set_address(address);
  attribute(event, token->tenant(), context);
  event.set_cause_seq(token->issued_seq());
  return Events{std::move(event)};
}

}  // namespace

Result<Events> decide(const state::FleetState& state, const Command& command, const Context& context) {
  return std::visit([&](const auto& one) { return decide(state, one, context); }, command);
}

}  // namespace esaas::command
