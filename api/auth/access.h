#pragma once
// Who may call a route: roles as a set, and whether the token must be of all tenants. Pure values.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/commands/decide.h"
#include "core/model/model.pb.h"

namespace esaas::api::auth {

/// A set of token roles.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<model::TokenRole> roles) {
    for (const auto role : roles) bits_ |= 1U << static_cast<unsigned>(role);
  }
  [[nodiscard]] constexpr bool contains(model::TokenRole role) const {
    return ((bits_ >> static_cast<unsigned>(role)) & 1U) != 0;
  }

 private:
  std::uint32_t bits_ = 0;
};

/// What a route asks of its caller.
struct Access {
  bool open = false;  ///< no token at all
  Roles roles;
  bool all_tenants = false;  ///< only tokens that are bound to no tenant
};

inline constexpr Access kOpen{.open = true, .roles = {}};
inline constexpr Access kReaders{
    .roles = {model::TOKEN_ROLE_VIEWER, model::TOKEN_ROLE_OPERATOR, model::TOKEN_ROLE_ADMIN}};
inline constexpr Access kOperators{.roles = {model::TOKEN_ROLE_OPERATOR, model::TOKEN_ROLE_ADMIN}};
/// What billing needs too: usage and the audit.
inline constexpr Access kAccountants{.roles = {model::TOKEN_ROLE_VIEWER, model::TOKEN_ROLE_OPERATOR,
                                               model::TOKEN_ROLE_BILLING, model::TOKEN_ROLE_ADMIN}};
inline constexpr Access kAdmins{.roles = {model::TOKEN_ROLE_ADMIN}};
inline constexpr Access kFleetAdmins{.roles = {model::TOKEN_ROLE_ADMIN}, .all_tenants = true};
inline constexpr Access kFleetReaders{
    .roles = {model::TOKEN_ROLE_VIEWER, model::TOKEN_ROLE_OPERATOR, model::TOKEN_ROLE_ADMIN}, .all_tenants = true};

/// True when this caller may call a route with this access.
bool allows(const Access& access, const command::Caller& caller);

/// True when the caller may know of a thing of this tenant. What belongs to no tenant is for callers of all tenants.
bool may_see(const command::Caller& caller, std::string_view tenant);

/// "viewer" and so on, and back.
std::string_view name_of(model::TokenRole role);
std::optional<model::TokenRole> parse_role(std::string_view name);

}  // namespace esaas::api::auth
