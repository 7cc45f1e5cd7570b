#include "core/commands/validate_group.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "core/commands/checks.h"
#include "core/commands/validate.h"
#include "core/commands/validate_settings.h"
#include "core/state/fleet_state.h"

namespace esaas::command {
namespace {

Result<void> validate_pattern(const std::string& value, const std::string& field) {
  if (value.empty()) return refuse(field, "is missing: a regular expression for the whole value", "required");
  const re2::RE2 pattern(value, re2::RE2::Quiet);
  if (!pattern.ok()) return refuse(field, "is no regular expression: " + pattern.error(), "regular_expression");
  return {};
}

Result<void> validate_number(const std::string& value, const std::string& field) {
  std::uint32_t number = 0;
  const char* end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  if (read.ec == std::errc() && read.ptr == end && number >= 1 && number <= kNodesPerClusterMax) return {};
  return refuse(field, "must be a number from 1 to " + std::to_string(kNodesPerClusterMax), "number");
}

/// What the operator wants for a value.
Result<void> validate_operand(const model::Constraint& constraint, const std::string& field) {
  const std::string& value = constraint.value();
  switch (constraint.operator_()) {
    case model::CONSTRAINT_OPERATOR_LIKE:
    case model::CONSTRAINT_OPERATOR_UNLIKE: return validate_pattern(value, field + ".value");
    case model::CONSTRAINT_OPERATOR_UNIQUE:
      if (value.empty()) return {};
      return refuse(field + ".value", "unique takes no value: it keeps all values apart", "no_value");
    case model::CONSTRAINT_OPERATOR_GROUP_BY:
      if (value.empty()) return {};
      return validate_number(value, field + ".value");
    case model::CONSTRAINT_OPERATOR_MAX_PER: return validate_number(value, field + ".value");
    case model::CONSTRAINT_OPERATOR_CLUSTER: return {};
    default:
      return refuse(field + ".operator", "is missing (like, unlike, unique, group_by, cluster or max_per)", "required");
  }
}

Result<void> validate_constraint(const model::Constraint& constraint, const std::string& field) {
  const std::string& attribute = constraint.attribute();
  if (attribute.empty()) return refuse(field + ".attribute", "is missing", "required");
  if (attribute.size() > kConstraintLengthMax) return refuse(field + ".attribute", "is too long", "length");
  if (constraint.value().size() > kConstraintLengthMax) return refuse(field + ".value", "is too long", "length");
  constexpr std::array kBuiltIn{"@hostname", "@zone", "@region"};
  if (attribute.front() == '@' && std::ranges::find(kBuiltIn, attribute) == kBuiltIn.end()) {
    return refuse(field + ".attribute", "\"" + attribute + "\" is none of @hostname, @zone, @region",
                  "known_attribute");
  }
  return validate_operand(constraint, field);
}

Result<void> validate_disk_type(const std::string& type, const std::string& field) {
  if (type.empty()) return {};
  if (type.size() > kDiskTypeLengthMax) return refuse(field, "is too long", "length");
  if (type == "root") return refuse(field, "leave it empty for the root disk", "disk_type");
  if (type == "block" || type == "raw") {
    return refuse(field, "\"" + type + "\" disks hold no file system: use path, mount or a profile", "disk_type");
  }
  const auto is_good = [](char c) {
    return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
  };
  if (std::ranges::all_of(type, is_good)) return {};
  return refuse(field, "must be path, mount or a profile: letters, digits, '-', '_' and '.'", "disk_type");
}

Result<void> validate_roles(const model::NodeGroup& group, const std::string& field) {
  if (group.roles().empty()) {
    return refuse(field, "name at least one of master, data; or coordinating, proxy or kibana alone", "required");
  }
  std::set<int> seen;
  for (const int role : group.roles()) {
    if (role == model::NODE_ROLE_UNSPECIFIED || !model::NodeRole_IsValid(role)) {
      return refuse(field, "holds a role that is none of master, data, coordinating, proxy, kibana", "known_values");
    }
    if (!seen.insert(role).second) return refuse(field, "names a role twice", "unique");
  }
  if (seen.size() == 1) return {};
  if (seen.contains(model::NODE_ROLE_COORDINATING)) {
    return refuse(field, "coordinating says that the nodes are neither master nor data: name it alone",
                  "coordinating_stands_alone");
  }
  if (seen.contains(model::NODE_ROLE_PROXY) || seen.contains(model::NODE_ROLE_KIBANA)) {
    return refuse(field, "proxies and Kibana are no nodes of Elasticsearch: name the role alone",
                  "companion_stands_alone");
  }
  return {};
}

/// Nodes that keep nothing have transient places: nothing is reserved for them, and their disk is the sandbox's.
/// Proxies keep nothing either, but their address is what the cluster is known by.
Result<void> validate_place(const model::NodeGroup& group, const std::string& field) {
  const bool keeps_nothing = !state::is_master_eligible(group) && !state::holds_data(group) && !state::is_proxy(group);
  if (group.preemptible() && !keeps_nothing) {
    return refuse(field + ".preemptible", "only a coordinating group or Kibana can lose its nodes at any moment",
                  "preemptible_keeps_nothing");
  }
  if (keeps_nothing && !group.disk_type().empty()) {
    return refuse(field + ".disk_type", "the disk of a node that keeps nothing is its sandbox's: leave it empty",
                  "sandbox_disk");
  }
  return {};
}

/// Companions are found by the names of their groups.
Result<void> validate_companion(const model::NodeGroup& group, const std::string& field) {
  const std::string expected = state::is_proxy(group)    ? std::string(kProxyGroup)
                               : state::is_kibana(group) ? std::string(kKibanaGroup)
                                                         : std::string();
  if (expected.empty()) {
    if (group.name() == kProxyGroup || group.name() == kKibanaGroup) {
      return refuse(field + ".name", "\"" + group.name() + "\" is kept for a companion", "companion_name");
    }
    if (group.version().empty()) return {};
    return refuse(field + ".version", "a group of Elasticsearch nodes has the cluster's version", "companion_version");
  }
  if (group.name() != expected) return refuse(field + ".name", "must be \"" + expected + "\"", "companion_name");
  if (!group.settings().empty()) {
    return refuse(field + ".settings", "a companion has none of Elasticsearch's settings", "companion_settings");
  }
  return in_range(group.count(), 0, kCompanionsMax, field + ".count");
}

}  // namespace

Result<void> validate_constraints(const Constraints& constraints, const std::string& field) {
  if (constraints.size() > static_cast<int>(kConstraintsMax)) {
    return refuse(field, "are more than " + std::to_string(kConstraintsMax), "constraints_max");
  }
  std::set<std::pair<std::string, int>> seen;
  for (int i = 0; i < constraints.size(); ++i) {
    const model::Constraint& constraint = constraints[i];
    const std::string one = field + "[" + std::to_string(i) + "]";
    ESAAS_CHECK(validate_constraint(constraint, one));
    const bool is_pattern = constraint.operator_() == model::CONSTRAINT_OPERATOR_LIKE ||
                            constraint.operator_() == model::CONSTRAINT_OPERATOR_UNLIKE;
    if (!is_pattern && !seen.emplace(constraint.attribute(), constraint.operator_()).second) {
      return refuse(one, "says once more what is said of \"" + constraint.attribute() + "\" before", "unique");
    }
  }
  return {};
}

Result<void> validate_group(const model::NodeGroup& group, const std::string& field) {
  ESAAS_CHECK(validate_name(group.name(), field + ".name", 20));
  ESAAS_CHECK(validate_roles(group, field + ".roles"));
  ESAAS_CHECK(validate_companion(group, field));
  if (!state::is_companion(group)) ESAAS_CHECK(in_range(group.count(), 1, kNodesPerClusterMax, field + ".count"));
  if (!group.has_resources()) return refuse(field + ".resources", "is missing", "required");
  ESAAS_CHECK(validate_resources(group.resources(), field + ".resources", false));
  ESAAS_CHECK(validate_constraints(group.constraints(), field + ".constraints"));
  ESAAS_CHECK(validate_disk_type(group.disk_type(), field + ".disk_type"));
  ESAAS_CHECK(validate_node_settings(group.settings(), field + ".settings", false));
  return validate_place(group, field);
}

}  // namespace esaas::command
