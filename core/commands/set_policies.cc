#include "core/commands/set_policies.h"

#include "core/commands/attribution.h"
#include "core/commands/checks.h"
#include "core/commands/decide_operation.h"
#include "core/commands/validate.h"

namespace esaas::command {

Result<Events> decide(const state::FleetState& state, const SetTenantPolicies& command, const Context& context) {
  const state::Tenant* tenant = state.find_tenant(command.tenant);
  if (tenant == nullptr || !may_see(context.caller, command.tenant)) {
    return fail(ErrorCode::kNotFound, "there is no tenant " + command.tenant);
  }
  if (command.reason.size() > kReasonLengthMax) {
    return refuse("reason", "has more than " + std::to_string(kReasonLengthMax) + " characters", "length");
  }
  ESAAS_CHECK(validate_policies(command.policies, "policies"));
  if (tenant->policies().SerializeAsString() == command.policies.SerializeAsString()) {
    return refuse("policies", "tenant " + command.tenant + " has these already", "changes_something");
  }
  event::Event event;
  auto& payload = *event.mutable_tenant_policies_set();
  payload.set_name(command.tenant);
  if (tenant->has_policies()) *payload.mutable_before() = tenant->policies();
  *payload.mutable_after() = command.policies;
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  event.set_tenant(command.tenant);
  attribute(event, context);
  return Events{std::move(event)};
}

}  // namespace esaas::command
