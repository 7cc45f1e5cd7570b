#include "reconcilers/embedded/model/framework_checks.h"

#include <algorithm>
#include <cmath>

namespace esaas::embedded {
namespace {

// The longest duration that fits into the nanoseconds of a master.
constexpr double kTimeoutMaxSeconds = 9.2e9;

bool is_multi_role(const wire::FrameworkInfo& info) {
  return std::any_of(info.capabilities().begin(), info.capabilities().end(),
                     [](const auto& each) { return each.type() == wire::FrameworkInfo::Capability::MULTI_ROLE; });
}

std::optional<std::string> invalid_component(const std::string& role, const std::string& component) {
  if (component == "." || component == ".." || component == "*") {
    return "Role '" + role + "' cannot include '" + component + "' as a component";
  }
  if (component.starts_with('-')) {
    return "Role component '" + component + "' is invalid because it starts with a dash";
  }
  if (component.find_first_of("\x08\x09\x0a\x0b\x0c\x0d\x20\x7f") != std::string::npos) {
    return "Role component '" + component + "' is invalid because it contains backspace or whitespace";
  }
  return std::nullopt;
}

std::optional<std::string> invalid_roles(const wire::FrameworkInfo& info) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const bool has_old_role = info.has_role();
  const std::string& old_role = info.role();
#pragma GCC diagnostic pop
  if (!is_multi_role(info)) {
    if (info.roles_size() > 0) {
      return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
    }
    if (auto fault = invalid_role(old_role)) return "'FrameworkInfo.role' is not a valid role: " + *fault;
    return std::nullopt;
  }
  if (has_old_role) return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
  std::set<std::string> seen;
  for (const std::string& role : info.roles()) {
    if (!seen.insert(role).second) return "'FrameworkInfo.roles' contains duplicate items: { " + role + " }";
    if (auto fault = invalid_role(role)) return "'FrameworkInfo.roles' contains invalid role: " + *fault;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> invalid_role(const std::string& role) {
  if (role == "*") return std::nullopt;
  if (role.empty()) return "Role names cannot be the empty string";
  if (role.starts_with('/')) return "Role '" + role + "' cannot start with a slash";
  if (role.ends_with('/')) return "Role '" + role + "' cannot end with a slash";
  for (std::size_t begin = 0; begin <= role.size();) {
    const std::size_t end = std::min(role.find('/', begin), role.size());
    if (end == begin) return "Role '" + role + "' cannot contain two adjacent slashes";
    if (auto fault = invalid_component(role, role.substr(begin, end - begin))) return fault;
    begin = end + 1;
  }
  return std::nullopt;
}

std::optional<std::string> invalid_framework(const wire::FrameworkInfo& info) {
  if (auto fault = invalid_roles(info)) return fault;
  const std::string& id = info.id().value();
  if (id.find_first_of("/\\ \t\n\r") != std::string::npos || id == "." || id == ".." || id.size() > 255) {
    return "'" + id + "' is not a valid framework id";
  }
  const double timeout = info.failover_timeout();
  if (!std::isfinite(timeout) || std::abs(timeout) > kTimeoutMaxSeconds) {
    return "The framework failover_timeout (" + std::to_string(timeout) + ") is invalid";
  }
  return std::nullopt;
}

std::optional<std::string> invalid_suppression(const wire::FrameworkInfo& info,
                                               const std::set<std::string>& suppressed) {
  for (const std::string& role : suppressed) {
    if (std::find(info.roles().begin(), info.roles().end(), role) == info.roles().end()) {
      return "Suppressed role '" + role + "' is not contained in the list of roles";
    }
  }
  return std::nullopt;
}

std::optional<std::string> invalid_update(const wire::FrameworkInfo& before, const wire::FrameworkInfo& after) {
  if (before.has_principal() != after.has_principal() || before.principal() != after.principal()) {
    return "Changing framework's principal is not allowed.";
  }
  if (before.user() != after.user()) {
    return "Updating 'FrameworkInfo.user' is unsupported; attempted to update from '" + before.user() + "' to '" +
           after.user() + "'";
  }
  if (before.checkpoint() != after.checkpoint()) {
    const auto text = [](bool value) { return value ? "true" : "false"; };
    return std::string("Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '") +
           text(before.checkpoint()) + "' to '" + text(after.checkpoint()) + "'";
  }
  return std::nullopt;
}

}  // namespace esaas::embedded
