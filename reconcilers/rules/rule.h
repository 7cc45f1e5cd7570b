#pragma once
// Rule: a named condition that must hold before something is done. Rules live in tables, are tried
// in the table's order, and the first that refuses is what the user reads while it waits. Their
// names are a contract: people and alerts match on them, so one is never renamed in silence. Any rule can be put out of
// force for one operation (RuleOverridden), and what is done then says so.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "reconcilers/draft.h"
#include "reconcilers/view.h"

namespace esaas::reconcile {

template <typename Subject>
struct Rule {
  std::string_view name;
  std::string_view why;  ///< the reason that the rule exists
  std::optional<Refusal> (*check)(const View&, const Subject&);
};

struct NamedRefusal {
  std::string_view rule;
  Refusal refusal;
};

/// A user who may do so put the rule out of force for the active operation: for this node, or for every one.
bool is_overridden(const View& view, std::string_view rule, std::string_view node);

inline std::string_view name_of_node(const state::Node& node) { return node.name(); }
template <typename Subject>
std::string_view name_of_node(const Subject& subject) {
  return subject.node.name();
}

/// The figure that shows a rule which refuses and is out of force.
model::Figure overridden_figure(std::string_view rule);

/// A figure for each rule that refuses and is out of force: for the basis of what is done all the same.
template <typename Subject>
std::vector<model::Figure> overridden_refusals(std::span<const Rule<Subject>> rules, const View& view,
                                               const Subject& subject) {
  std::vector<model::Figure> figures;
  if (view.input().operation == nullptr || view.input().operation->overrides().empty()) return figures;
  for (const Rule<Subject>& rule : rules) {
    if (!is_overridden(view, rule.name, name_of_node(subject)) || !rule.check(view, subject)) continue;
    figures.push_back(overridden_figure(rule.name));
  }
  return figures;
}

/// The first rule that refuses and is in force, or nothing. Its basis tells which before it are out of force.
template <typename Subject>
std::optional<NamedRefusal> first_refusal(std::span<const Rule<Subject>> rules, const View& view,
                                          const Subject& subject) {
  for (const Rule<Subject>& rule : rules) {
    auto refusal = rule.check(view, subject);
    if (!refusal || is_overridden(view, rule.name, name_of_node(subject))) continue;
    for (model::Figure& one : overridden_refusals(rules, view, subject)) refusal->basis.push_back(std::move(one));
    return NamedRefusal{rule.name, std::move(*refusal)};
  }
  return std::nullopt;
}

}  // namespace esaas::reconcile
