#include "reconcilers/rules/constraint_rules.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/reconcilers/constraints.h"

namespace esaas::test {
namespace {

using reconcile::ConstraintSubject;

constexpr auto kNone = std::nullopt;

struct Case {
  const char* name;
  model::ConstraintOperator how;
  const char* wanted;                   ///< the constraint's value
  std::optional<std::string_view> has;  ///< the agent's
  std::uint32_t here = 0, least = 0;
  std::optional<std::string_view> of_the_first = kNone;
  bool allowed = true;
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class ConstraintRules : public testing::TestWithParam<Case> {};

TEST_P(ConstraintRules, AllowByOperator) {
  const Case& given = GetParam();
  model::Constraint constraint;
  constraint.set_attribute("rack");
  constraint.set_operator_(given.how);
  constraint.set_value(given.wanted);
  const re2::RE2 pattern(given.wanted, re2::RE2::Quiet);
  ConstraintSubject subject{.constraint = constraint,
                            .pattern = &pattern,
                            .number = {},
                            .value = given.has,
                            .here = given.here,
                            .least = given.least,
                            .of_the_first = given.of_the_first};
  if (const std::string text = given.wanted; !text.empty() && text.find_first_not_of("0123456789") == text.npos) {
    subject.number = static_cast<std::uint32_t>(std::stoul(text));
  }
  const auto* rule = reconcile::rule_of(given.how);
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->allows(subject), given.allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConstraintRules,
    testing::Values(Case{"like", kLike, "a|b", "a"},  //
                    Case{"like_another", kLike, "b", "a", 0, 0, kNone, false},
                    Case{"like_matches_whole_values", kLike, "a", "ab", 0, 0, kNone, false},
                    Case{"like_without_the_attribute", kLike, ".*", kNone, 0, 0, kNone, false},
                    Case{"like_by_a_broken_pattern", kLike, "(", "(", 0, 0, kNone, false},
                    Case{"unlike", kUnlike, "a", "a", 0, 0, kNone, false},  //
                    Case{"unlike_another", kUnlike, "b", "a"},              //
                    Case{"unlike_without_the_attribute", kUnlike, ".*", kNone},
                    Case{"unlike_by_a_broken_pattern", kUnlike, "(", "a", 0, 0, kNone, false},
                    Case{"unique_and_free", kUnique, "", "a"},  //
                    Case{"unique_and_taken", kUnique, "", "a", 1, 0, kNone, false},
                    Case{"unique_without_the_attribute", kUnique, "", kNone, 0, 0, kNone, false},
                    Case{"group_by_the_least_used", kGroupBy, "", "a", 2, 2},
                    Case{"group_by_one_more_than_the_least", kGroupBy, "", "a", 3, 2, kNone, false},
                    Case{"group_by_without_the_attribute", kGroupBy, "", kNone, 0, 0, kNone, false},
                    Case{"group_by_no_number", kGroupBy, "three", "a", 0, 0, kNone, false},
                    Case{"cluster_of_its_value", kCluster, "a", "a"},  //
                    Case{"cluster_of_another_value", kCluster, "a", "b", 0, 0, kNone, false},
                    Case{"cluster_takes_its_value_as_text", kCluster, ".*", "b", 0, 0, kNone, false},
                    Case{"cluster_by_the_first", kCluster, "", "b"},  //
                    Case{"cluster_with_the_first", kCluster, "", "b", 1, 0, "b"},
                    Case{"cluster_away_from_the_first", kCluster, "", "a", 0, 0, "b", false},
                    Case{"cluster_without_the_attribute", kCluster, "", kNone, 0, 0, kNone, false},
                    Case{"max_per_below", kMaxPer, "2", "a", 1},  //
                    Case{"max_per_reached", kMaxPer, "2", "a", 2, 0, kNone, false},
                    Case{"max_per_no_number", kMaxPer, "", "a", 0, 0, kNone, false},
                    Case{"max_per_without_the_attribute", kMaxPer, "2", kNone, 0, 0, kNone, false}),
    [](const testing::TestParamInfo<Case>& tested) { return std::string(tested.param.name); });

TEST(ConstraintRules, KnowEveryOperator) {
  const auto* operators = model::ConstraintOperator_descriptor();
  for (int i = 0; i < operators->value_count(); ++i) {
    const auto one = static_cast<model::ConstraintOperator>(operators->value(i)->number());
    EXPECT_EQ(reconcile::rule_of(one) == nullptr, one == model::CONSTRAINT_OPERATOR_UNSPECIFIED);
  }
}

}  // namespace
}  // namespace esaas::test
