#include "reconcilers/rules/rule.h"

#include <algorithm>

namespace esaas::reconcile {

bool is_overridden(const View& view, std::string_view rule, std::string_view node) {
  const state::Operation* operation = view.input().operation;
  if (operation == nullptr) return false;
  return std::ranges::any_of(operation->overrides(), [&](const state::RuleOverride& one) {
    return one.rule() == rule && (one.node().empty() || one.node() == node);
  });
}

model::Figure overridden_figure(std::string_view rule) { return figure("overridden_rule", std::string(rule)); }

}  // namespace esaas::reconcile
