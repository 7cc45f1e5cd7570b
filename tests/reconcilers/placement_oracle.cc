#include "tests/reconcilers/placement_oracle.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <map>

#include "core/state/fleet_state.h"

namespace esaas::test {
namespace {

using state::Node;

std::string value_of(const model::Place& place, const std::string& attribute) {
  if (attribute == "hostname" || attribute == "@hostname") return place.hostname();
  if (attribute == "@zone") return place.zone();
  if (attribute == "@region") return place.region();
  for (const model::Label& label : place.attributes()) {
    if (label.key() == attribute) return label.value();
  }
  return {};
}

/// The nodes of the group on agents with each value, without the one that is replaced.
struct Others {
  std::map<std::string, std::uint32_t> by_value;
  std::string first;
};

Others others_of(const state::Cluster& cluster, const Node& node, const std::string& attribute) {
  Others others;
  for (const Node& other : cluster.nodes()) {
    const bool counts = other.group() == node.group() && other.place_status() != state::PLACE_STATUS_NONE &&
                        other.name() != node.replaces();
    if (!counts) continue;
    const std::string value = value_of(other.place(), attribute);
    ++others.by_value[value];
    if (others.first.empty()) others.first = value;
  }
  return others;
}

/// Balanced over the values that have any node; with fewer values than told, none is used twice.
bool is_balanced(const Others& others, std::uint32_t here, const std::string& told) {
  if (here == 0) return true;
  if (!told.empty() && others.by_value.size() < std::stoul(told)) return false;
  return std::ranges::all_of(others.by_value, [&](const auto& one) { return here <= one.second; });
}

bool is_kept(const model::Constraint& constraint, const std::string& value, const Others& others) {
  const auto found = others.by_value.find(value);
  const std::uint32_t here = found == others.by_value.end() ? 0 : found->second;
  if (constraint.operator_() == model::CONSTRAINT_OPERATOR_UNLIKE) {
    return value.empty() || !re2::RE2::FullMatch(value, constraint.value());
  }
  if (value.empty()) return false;
  switch (constraint.operator_()) {
    case model::CONSTRAINT_OPERATOR_LIKE: return re2::RE2::FullMatch(value, constraint.value());
    case model::CONSTRAINT_OPERATOR_UNIQUE: return here == 0;
    case model::CONSTRAINT_OPERATOR_MAX_PER: return here < std::stoul(constraint.value());
    case model::CONSTRAINT_OPERATOR_GROUP_BY: return is_balanced(others, here, constraint.value());
    case model::CONSTRAINT_OPERATOR_CLUSTER:
      if (!constraint.value().empty()) return value == constraint.value();
      return others.first.empty() || value == others.first;
    default: return false;
  }
}

}  // namespace

std::string broken_by(const state::Cluster& before, const event::PlaceIntended& intent) {
  const Node* node = state::find_node(before, intent.node());
  if (node == nullptr) return "there is no such node";
  const model::NodeGroup* group = state::find_group(before.spec(), node->group());
  for (const Node& other : before.nodes()) {
    if (other.place_status() == state::PLACE_STATUS_NONE || other.place().agent_id() != intent.place().agent_id())
      continue;
    // A companion and a node of Elasticsearch may.
    const model::NodeGroup* its_group = state::find_group(before.spec(), other.group());
    const bool is_companion = group != nullptr && state::is_companion(*group);
    if ((its_group != nullptr && state::is_companion(*its_group)) != is_companion) continue;
    return "it shares its agent with " + other.name();
  }
  if (group == nullptr) return {};
  for (const model::Constraint& constraint : group->constraints()) {
    const std::string value = value_of(intent.place(), constraint.attribute());
    if (!is_kept(constraint, value, others_of(before, *node, constraint.attribute()))) {
      return constraint.ShortDebugString() + " does not allow \"" + value + "\"";
    }
  }
  const std::string& wanted = group->disk_type();
  const model::DiskSource& source = intent.place().disk_source();
  if (wanted.empty() ? intent.place().has_disk_source() : source.type() != wanted && source.profile() != wanted) {
    return "its disk is \"" + source.type() + "\", not \"" + wanted + "\"";
  }
  if (intent.place().resources().disk_mib() < node->resources().disk_mib()) return "its disk is too small";
  return {};
}

}  // namespace esaas::test
