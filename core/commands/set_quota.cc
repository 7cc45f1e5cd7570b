#include "core/commands/set_quota.h"

#include "core/commands/admission.h"
#include "core/commands/attribution.h"
#include "core/commands/validate.h"

namespace esaas::command {
namespace {

struct Amount {
  const char* name;
  bool promised;
  std::uint64_t guarantee;
  bool limited;
  std::uint64_t limit;
};

std::vector<Amount> amounts_of(const model::Quota& quota) {
  const model::Quantities& guarantee = quota.guarantee();
  const model::Quantities& limit = quota.limit();
  return {
      {"cpus_milli", guarantee.has_cpus_milli(), guarantee.cpus_milli(), limit.has_cpus_milli(), limit.cpus_milli()},
      {"mem_mib", guarantee.has_mem_mib(), guarantee.mem_mib(), limit.has_mem_mib(), limit.mem_mib()},
      {"disk_mib", guarantee.has_disk_mib(), guarantee.disk_mib(), limit.has_disk_mib(), limit.disk_mib()}};
}

Result<void> check_range(const std::string& field, std::uint64_t value) {
  if (value <= kQuotaAmountMax) return {};
  return fail(ErrorCode::kInvalidArgument,
              field + ": " + std::to_string(value) + " is more than " + std::to_string(kQuotaAmountMax), field,
              "range");
}

Result<void> check_quota(const model::Quota& quota) {
  for (const Amount& amount : amounts_of(quota)) {
    const std::string guarantee = std::string("guarantee.") + amount.name;
    ESAAS_CHECK(check_range(guarantee, amount.guarantee));
    ESAAS_CHECK(check_range(std::string("limit.") + amount.name, amount.limit));
    if (amount.promised && amount.limited && amount.guarantee > amount.limit) {
      return fail(ErrorCode::kInvalidArgument,
                  guarantee + ": " + std::to_string(amount.guarantee) + " is more than the limit of " +
                      std::to_string(amount.limit),
                  guarantee, "guarantee_within_limit");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<event::Event>> decide(const state::FleetState& state, const SetTenantQuota& command,
                                         const Context& context) {
  if (!context.caller.tenant.empty()) {
    return fail(ErrorCode::kPermissionDenied, "only an administrator of all tenants sets quotas");
  }
  const state::Tenant* tenant = state.find_tenant(command.tenant);
  if (tenant == nullptr) return fail(ErrorCode::kNotFound, "there is no tenant " + command.tenant);
  if (command.reason.size() > kReasonLengthMax) {
    return fail(ErrorCode::kInvalidArgument,
                "reason: has more than " + std::to_string(kReasonLengthMax) + " characters", "reason", "length");
  }
  ESAAS_CHECK(check_quota(command.quota));
  const std::string excess = excess_over(command.quota.limit(), wanted_by_tenant(state, command.tenant));
  if (!excess.empty()) {
    return fail(ErrorCode::kConflict,
                "limit: the clusters of tenant " + command.tenant + " want more than that already: " + excess, "limit",
                "limit_covers_what_is_wanted");
  }
  event::Event event;
  auto& payload = *event.mutable_tenant_quota_intended();
  payload.set_name(command.tenant);
  if (tenant->has_quota()) *payload.mutable_before() = tenant->quota();
  *payload.mutable_after() = command.quota;
  payload.set_method(command.method);
  payload.set_url(command.url);
  payload.set_reason(command.reason);
  event.set_tenant(command.tenant);
  attribute(event, context);
  return std::vector<event::Event>{std::move(event)};
}

}  // namespace esaas::command
