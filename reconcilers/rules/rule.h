#pragma once
// Rule: a named condition that must hold before something is done. Rules live in tables, are tried
// in the table's order, and the first that refuses is what the user reads while it waits. Their
// names are a contract: people and alerts match on them, so one is never renamed in silence.

#include <optional>
#include <span>
#include <string_view>

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

/// The first rule that refuses, or nothing.
template <typename Subject>
std::optional<NamedRefusal> first_refusal(std::span<const Rule<Subject>> rules, const View& view,
                                          const Subject& subject) {
  for (const Rule<Subject>& rule : rules) {
    if (auto refusal = rule.check(view, subject)) return NamedRefusal{rule.name, std::move(*refusal)};
  }
  return std::nullopt;
}

}  // namespace esaas::reconcile
