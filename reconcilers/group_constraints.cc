#include "reconcilers/group_constraints.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "reconcilers/node_facts.h"

namespace esaas::reconcile {
namespace {

using state::Node;

std::optional<std::uint32_t> number_in(const std::string& text) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

bool is_pattern(model::ConstraintOperator constraint_operator) {
  return constraint_operator == model::CONSTRAINT_OPERATOR_LIKE ||
         constraint_operator == model::CONSTRAINT_OPERATOR_UNLIKE;
}

}  // namespace

AttributeValues& ValuesByAttribute::of(std::string_view attribute) {
  const auto known = values_.find(attribute);
  if (known != values_.end()) return known->second;
  AttributeValues& made =
      values_.try_emplace(std::string(attribute), std::string(attribute), offers_.values_of(attribute)).first->second;
  for (const Node& node : cluster_.nodes()) {
    if (has_place(node)) made.of_place(node.place());
  }
  return made;
}

GroupConstraints::GroupConstraints(const model::NodeGroup* group, const state::Cluster& cluster,
                                   ValuesByAttribute& values) {
  if (group == nullptr) return;
  for (const model::Constraint& constraint : group->constraints()) {
    One& one = attribute(constraint.attribute(), values).constraints.emplace_back();
    one.constraint = &constraint;
    one.rule = rule_of(constraint.operator_());
    if (is_pattern(constraint.operator_())) {
      one.pattern = std::make_unique<re2::RE2>(constraint.value(), re2::RE2::Quiet);
    }
    one.number = number_in(constraint.value());
  }
  if (!attributes_.empty()) learn(cluster, group->name(), values.offers().size());
}

GroupConstraints::Attribute& GroupConstraints::attribute(const std::string& name, ValuesByAttribute& values) {
  const auto found = std::ranges::find(attributes_, name, &Attribute::name);
  if (found != attributes_.end()) return *found;
  return attributes_.emplace_back(Attribute{.name = name,
                                            .figure = "constraint_" + name,
                                            .values = &values.of(name),
                                            .constraints = {},
                                            .residents = {},
                                            .allowed = {},
                                            .allowed_ever = {},
                                            .known = {}});
}

void GroupConstraints::learn(const state::Cluster& cluster, std::string_view group, std::size_t offers) {
  for (Attribute& attribute : attributes_) {
    for (const Node& node : cluster.nodes()) {
      if (!has_place(node) || node.group() != group) continue;
      attribute.residents.push_back({node.name(), attribute.values->of_place(node.place())});
    }
    for (AttributeValues::Id value = 0; value < attribute.values->size(); ++value) {
      attribute.allowed_ever.push_back(weigh_agent(attribute, value));
    }
    attribute.known.assign(attribute.values->size(), false);
  }
  const auto note = [this](const auto& where, const auto& value_of) {
    if (!may_ever_use(where)) return;
    for (Attribute& attribute : attributes_) attribute.known[value_of(attribute)] = true;
  };
  for (std::size_t offer = 0; offer < offers; ++offer) {
    note(offer, [&](const Attribute& attribute) { return attribute.values->of_offer(offer); });
  }
  for (const Node& node : cluster.nodes()) {
    if (!has_place(node)) continue;
    note(node.place(), [&](const Attribute& attribute) { return attribute.values->of_place(node.place()); });
  }
}

bool GroupConstraints::weigh_agent(const Attribute& attribute, AttributeValues::Id value) {
  return std::ranges::all_of(attribute.constraints, [&](const One& one) {
    if (one.rule == nullptr) return false;
    if (one.rule->depends_on_nodes) return true;
    return one.rule->allows({.constraint = *one.constraint,
                             .pattern = one.pattern.get(),
                             .number = one.number,
                             .value = attribute.values->text(value),
                             .of_the_first = {}});
  });
}

void GroupConstraints::look_for(std::string_view replaced) {
  for (Attribute& attribute : attributes_) weigh(attribute, replaced);
}

void GroupConstraints::weigh(Attribute& attribute, std::string_view replaced) {
  attribute.allowed = attribute.allowed_ever;
  std::vector<std::uint32_t> here(attribute.allowed.size());
  std::optional<std::string_view> first;
  for (const Resident& resident : attribute.residents) {
    if (!replaced.empty() && resident.node == replaced) continue;
    ++here[resident.value];
    if (!first) first = attribute.values->text(resident.value);
  }
  std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t known = 0;
  for (AttributeValues::Id value = AttributeValues::kAbsent + 1; value < here.size(); ++value) {
    if (!attribute.known[value]) continue;
    ++known;
    least = std::min(least, here[value]);
  }
  for (const One& one : attribute.constraints) {
    if (one.rule == nullptr || !one.rule->depends_on_nodes) continue;
    // Values that are expected and not seen yet have no node: nothing is doubled up before they are.
    const bool waits_for_more =
        one.constraint->operator_() == model::CONSTRAINT_OPERATOR_GROUP_BY && one.number && known < *one.number;
    for (AttributeValues::Id value = 0; value < here.size(); ++value) {
      if (!attribute.allowed[value]) continue;
      attribute.allowed[value] = one.rule->allows({.constraint = *one.constraint,
                                                   .number = one.number,
                                                   .value = attribute.values->text(value),
                                                   .here = here[value],
                                                   .least = waits_for_more ? 0 : least,
                                                   .of_the_first = first});
    }
  }
}

bool GroupConstraints::allows(std::size_t offer) const {
  return std::ranges::all_of(attributes_,
                             [&](const Attribute& one) { return one.allowed[one.values->of_offer(offer)]; });
}

bool GroupConstraints::may_ever_use(std::size_t offer) const {
  return std::ranges::all_of(attributes_,
                             [&](const Attribute& one) { return one.allowed_ever[one.values->of_offer(offer)]; });
}

bool GroupConstraints::may_ever_use(const model::Place& place) const {
  return std::ranges::all_of(attributes_,
                             [&](const Attribute& one) { return one.allowed_ever[one.values->of_place(place)]; });
}

void GroupConstraints::add(const Node& node, std::size_t offer) {
  for (Attribute& one : attributes_) one.residents.push_back({node.name(), one.values->of_offer(offer)});
}

bool GroupConstraints::asks_about(std::string_view attribute) const {
  return std::ranges::find(attributes_, attribute, &Attribute::name) != attributes_.end();
}

bool GroupConstraints::arranges_by(std::string_view attribute) const {
  const auto found = std::ranges::find(attributes_, attribute, &Attribute::name);
  return found != attributes_.end() && std::ranges::any_of(found->constraints, [](const One& one) {
           return one.rule != nullptr && one.rule->depends_on_nodes;
         });
}

}  // namespace esaas::reconcile
