#include "reconcilers/rules/constraint_rules.h"

#include <algorithm>
#include <array>

namespace esaas::reconcile {
namespace {

bool matches(const ConstraintSubject& subject) { return re2::RE2::FullMatch(*subject.value, *subject.pattern); }

bool has_pattern(const ConstraintSubject& subject) { return subject.pattern != nullptr && subject.pattern->ok(); }

constexpr std::array kRules{
    ConstraintRule{
        model::CONSTRAINT_OPERATOR_LIKE, "like", "Nodes go only where the value matches the pattern.",
        [](const ConstraintSubject& subject) { return has_pattern(subject) && subject.value && matches(subject); },
        false},
    ConstraintRule{
        model::CONSTRAINT_OPERATOR_UNLIKE, "unlike", "Nodes keep away from values that match the pattern.",
        [](const ConstraintSubject& subject) { return has_pattern(subject) && (!subject.value || !matches(subject)); },
        false},
    ConstraintRule{model::CONSTRAINT_OPERATOR_UNIQUE, "unique", "No two nodes fail with one value.",
                   [](const ConstraintSubject& subject) { return subject.value && subject.here == 0; }, true},
    ConstraintRule{model::CONSTRAINT_OPERATOR_GROUP_BY, "group_by",
                   "Nodes are spread evenly: none is added to a value while another one has fewer.",
                   [](const ConstraintSubject& subject) {
                     if (!subject.constraint.value().empty() && !subject.number) return false;
                     return subject.value && subject.here <= subject.least;
                   },
                   true},
    ConstraintRule{model::CONSTRAINT_OPERATOR_CLUSTER, "cluster", "All nodes are where the value is one and the same.",
                   [](const ConstraintSubject& subject) {
                     if (!subject.value) return false;
                     if (!subject.constraint.value().empty()) return *subject.value == subject.constraint.value();
                     return !subject.of_the_first || *subject.value == *subject.of_the_first;
                   },
                   true},
    ConstraintRule{model::CONSTRAINT_OPERATOR_MAX_PER, "max_per", "A value that fails takes no more nodes than that.",
                   [](const ConstraintSubject& subject) {
                     return subject.value && subject.number && subject.here < *subject.number;
                   },
                   true},
};

}  // namespace

const std::span<const ConstraintRule> kConstraintRules = kRules;

const ConstraintRule* rule_of(model::ConstraintOperator constraint_operator) {
  const auto found = std::ranges::find(kRules, constraint_operator, &ConstraintRule::operator_);
  return found == kRules.end() ? nullptr : &*found;
}

}  // namespace esaas::reconcile
