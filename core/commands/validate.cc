#include "core/commands/validate.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "core/state/fleet_state.h"

namespace esaas::command {
namespace {

Result<void> refuse(std::string_view field, const std::string& what, std::string_view rule) {
  return fail(ErrorCode::kInvalidArgument, std::string(field) + ": " + what, std::string(field), std::string(rule));
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<void> in_range(std::uint32_t value, std::uint32_t least, std::uint32_t most, const std::string& field) {
  if (value >= least && value <= most) return {};
  return refuse(field,
                std::to_string(value) + " is not between " + std::to_string(least) + " and " + std::to_string(most),
                "range");
}

Result<void> validate_resources(const model::Resources& resources, const std::string& field, bool zero_allowed) {
  struct Limit {
    const char* name;
    std::uint32_t value, least, most;
  };
  for (const Limit& limit : {Limit{"cpus_milli", resources.cpus_milli(), kCpusMilliMin, kCpusMilliMax},
                             Limit{"mem_mib", resources.mem_mib(), kMemMibMin, kMemMibMax},
                             Limit{"disk_mib", resources.disk_mib(), kDiskMibMin, kDiskMibMax}}) {
    if (zero_allowed && limit.value == 0) continue;
    ESAAS_CHECK(in_range(limit.value, limit.least, limit.most, field + "." + limit.name));
  }
  return {};
}

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

Result<void> validate_constraints(const model::NodeGroup& group, const std::string& field) {
  if (group.constraints_size() > static_cast<int>(kConstraintsMax)) {
    return refuse(field, "are more than " + std::to_string(kConstraintsMax), "constraints_max");
  }
  std::set<std::pair<std::string, int>> seen;
  for (int i = 0; i < group.constraints_size(); ++i) {
    const model::Constraint& constraint = group.constraints(i);
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
    return refuse(field, "name at least one of master, data; or coordinating alone", "required");
  }
  std::set<int> seen;
  for (const int role : group.roles()) {
    if (role == model::NODE_ROLE_UNSPECIFIED || !model::NodeRole_IsValid(role)) {
      return refuse(field, "holds a role that is none of master, data, coordinating", "known_values");
    }
    if (!seen.insert(role).second) return refuse(field, "names a role twice", "unique");
  }
  if (seen.contains(model::NODE_ROLE_COORDINATING) && seen.size() > 1) {
    return refuse(field, "coordinating says that the nodes are neither master nor data: name it alone",
                  "coordinating_stands_alone");
  }
  return {};
}

/// Nodes that keep nothing have transient places: nothing is reserved for them, and their disk is the sandbox's.
Result<void> validate_place(const model::NodeGroup& group, const std::string& field) {
  const bool keeps_nothing = !state::is_master_eligible(group) && !state::holds_data(group);
  if (group.preemptible() && !keeps_nothing) {
    return refuse(field + ".preemptible", "only a coordinating group can lose its nodes at any moment",
                  "preemptible_keeps_nothing");
  }
  if (keeps_nothing && !group.disk_type().empty()) {
    return refuse(field + ".disk_type", "the disk of a coordinating node is its sandbox's: leave it empty",
                  "sandbox_disk");
  }
  return {};
}

Result<void> validate_group(const model::NodeGroup& group, const std::string& field) {
  ESAAS_CHECK(validate_name(group.name(), field + ".name", 20));
  ESAAS_CHECK(validate_roles(group, field + ".roles"));
  ESAAS_CHECK(in_range(group.count(), 1, kNodesPerClusterMax, field + ".count"));
  if (!group.has_resources()) return refuse(field + ".resources", "is missing", "required");
  ESAAS_CHECK(validate_resources(group.resources(), field + ".resources", false));
  ESAAS_CHECK(validate_constraints(group, field + ".constraints"));
  ESAAS_CHECK(validate_disk_type(group.disk_type(), field + ".disk_type"));
  return validate_place(group, field);
}

Result<void> validate_labels(const google::protobuf::RepeatedPtrField<model::Label>& labels) {
  if (labels.size() > static_cast<int>(kLabelsMax)) {
    return refuse("labels", "are more than " + std::to_string(kLabelsMax), "labels_max");
  }
  std::set<std::string> seen;
  for (int i = 0; i < labels.size(); ++i) {
    const std::string field = "labels[" + std::to_string(i) + "]";
    const std::string& key = labels[i].key();
    if (key.empty() || key.size() > 63) return refuse(field + ".key", "must have 1 to 63 characters", "length");
    if (labels[i].value().size() > 255) return refuse(field + ".value", "must have at most 255 characters", "length");
    if (!seen.insert(key).second) return refuse(field + ".key", "\"" + key + "\" is given twice", "unique");
  }
  return {};
}

}  // namespace

Result<void> validate_name(std::string_view name, std::string_view field, std::size_t length_max) {
  if (name.empty()) return refuse(field, "is missing", "required");
  const bool characters = std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
  if (name.size() > length_max || !characters || !is_lower(name.front()) || name.back() == '-') {
    return refuse(field,
                  "must be a DNS label: a lower-case letter, then letters, digits and inner dashes, at most " +
                      std::to_string(length_max) + " characters",
                  "dns_label");
  }
  return {};
}

Result<void> validate(const model::CreateCluster& request) {
  ESAAS_CHECK(validate_name(request.name(), "name"));
  ESAAS_CHECK(validate_name(request.tenant(), "tenant", 30));
  const model::ClusterSpec& spec = request.spec();
  if (spec.version().empty()) return refuse("spec.version", "is missing", "required");
  if (spec.node_groups().empty()) return refuse("spec.node_groups", "is empty", "required");
  if (spec.node_groups_size() > static_cast<int>(kNodeGroupsMax)) {
    return refuse("spec.node_groups", "are more than " + std::to_string(kNodeGroupsMax), "node_groups_max");
  }
  std::set<std::string> names;
  for (int i = 0; i < spec.node_groups_size(); ++i) {
    const std::string field = "spec.node_groups[" + std::to_string(i) + "]";
    ESAAS_CHECK(validate_group(spec.node_groups(i), field));
    if (!names.insert(spec.node_groups(i).name()).second) return refuse(field + ".name", "is used twice", "unique");
  }
  ESAAS_CHECK(validate_labels(request.labels()));
  return validate_shape(spec, "spec.node_groups");
}

Result<void> validate(const model::ScaleNodeGroup& request) {
  ESAAS_CHECK(validate_name(request.group(), "group", 20));
  return in_range(request.count(), 1, kNodesPerClusterMax, "count");
}

Result<void> validate(const model::ResizeNodeGroup& request) {
  ESAAS_CHECK(validate_name(request.group(), "group", 20));
  if (!request.has_resources()) return refuse("resources", "is missing", "required");
  return validate_resources(request.resources(), "resources", true);
}

Result<void> validate(const model::LabelCluster& request) {
  if (request.labels().empty()) return refuse("labels", "is empty", "required");
  return validate_labels(request.labels());
}

Result<void> validate_shape(const model::ClusterSpec& spec, std::string_view field) {
  std::uint64_t total = 0;
  std::uint64_t masters = 0;
  std::uint64_t dedicated = 0;
  std::uint64_t data = 0;
  for (const model::NodeGroup& group : spec.node_groups()) {
    total += group.count();
    if (state::is_master_eligible(group)) masters += group.count();
    if (state::holds_data(group)) data += group.count();
    if (state::is_master_eligible(group) && !state::holds_data(group)) dedicated += group.count();
  }
  if (masters == 0) return refuse(field, "no group has the role master", "needs_master_eligible_node");
  if (data == 0) return refuse(field, "no group has the role data", "needs_data_node");
  if (total > kNodesPerClusterMax) {
    return refuse(field, std::to_string(total) + " nodes are more than " + std::to_string(kNodesPerClusterMax),
                  "nodes_per_cluster_max");
  }
  // An even number of dedicated masters costs one more machine and tolerates no more losses.
  if (dedicated != 0 && dedicated == masters && dedicated % 2 == 0) {
    return refuse(field, std::to_string(dedicated) + " dedicated masters: make it an odd number",
                  "odd_number_of_masters");
  }
  return {};
}

}  // namespace esaas::command
