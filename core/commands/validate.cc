#include "core/commands/validate.h"

#include <algorithm>
#include <set>
#include <string>

#include "core/commands/checks.h"
#include "core/commands/validate_group.h"
#include "core/commands/validate_settings.h"
#include "core/state/fleet_state.h"

namespace esaas::command {
namespace {

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
  ESAAS_CHECK(validate_plugins(spec.plugins(), "spec.plugins"));
  ESAAS_CHECK(validate_access(spec.access(), "spec.access"));
  ESAAS_CHECK(validate_policies(spec.policies(), "spec.policies"));
  ESAAS_CHECK(validate_labels(request.labels()));
  return validate_shape(spec, "spec.node_groups");
}

Result<void> validate(const model::ScaleNodeGroup& request) {
  ESAAS_CHECK(validate_name(request.group(), "group", 20));
  return in_range(request.count(), 1, kNodesPerClusterMax, "count");
}

Result<void> validate(const model::ResizeNodeGroup& request) {
  ESAAS_CHECK(validate_name(request.group(), "group", 20));
  if (!request.has_resources() && request.count() == 0) return refuse("resources", "is missing", "required");
  if (request.count() != 0) ESAAS_CHECK(in_range(request.count(), 1, kNodesPerClusterMax, "count"));
  return validate_resources(request.resources(), "resources", true);
}

Result<void> validate(const model::LabelCluster& request) {
  if (request.labels().empty()) return refuse("labels", "is empty", "required");
  return validate_labels(request.labels());
}

Result<void> validate(const model::RestartCluster& request) {
  if (request.group().empty()) return {};
  if (request.full()) {
    return refuse("group", "a full restart stops all nodes of Elasticsearch: leave it empty", "full_restarts_all");
  }
  return validate_name(request.group(), "group", 20);
}

Result<void> validate(const model::UpgradeCluster& request) {
  if (request.version().empty()) return refuse("version", "is missing", "required");
  if (request.repository().empty()) return {};
  return validate_repository_name(request.repository(), "repository");
}

Result<void> validate_shape(const model::ClusterSpec& spec, std::string_view field) {
  std::uint64_t total = 0;
  std::uint64_t masters = 0;
  std::uint64_t dedicated = 0;
  std::uint64_t data = 0;
  for (const model::NodeGroup& group : spec.node_groups()) {
    if (state::is_companion(group)) continue;
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
