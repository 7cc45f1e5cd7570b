#include "api/auth/access.h"

#include <array>

namespace esaas::api::auth {
namespace {

struct RoleName {
  model::TokenRole role;
  std::string_view name;
};
constexpr std::array kRoleNames{
    RoleName{model::TOKEN_ROLE_VIEWER, "viewer"}, RoleName{model::TOKEN_ROLE_OPERATOR, "operator"},
    RoleName{model::TOKEN_ROLE_BILLING, "billing"}, RoleName{model::TOKEN_ROLE_ADMIN, "admin"}};

}  // namespace

bool allows(const Access& access, const command::Caller& caller) {
  if (access.open) return true;
  return access.roles.contains(caller.role) && (!access.all_tenants || caller.tenant.empty());
}

bool may_see(const command::Caller& caller, std::string_view tenant) {
  return caller.tenant.empty() || caller.tenant == tenant;
}

std::string_view name_of(model::TokenRole role) {
  for (const auto& row : kRoleNames) {
    if (row.role == role) return row.name;
  }
  return "none";
}

std::optional<model::TokenRole> parse_role(std::string_view name) {
  for (const auto& row : kRoleNames) {
    if (row.name == name) return row.role;
  }
  return std::nullopt;
}

}  // namespace esaas::api::auth
