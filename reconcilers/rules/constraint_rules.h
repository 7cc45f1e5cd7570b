#pragma once
// What each operator of a placement constraint asks of an agent's value. Names and meanings are Marathon's, where they
// are sensible (core/decisions/0008-where-nodes-go.md says where they are not). An agent without the attribute suits
// UNLIKE and nothing else. What can not be read (a pattern, a number) refuses: what it was to keep apart is not known.

#include <re2/re2.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/model/model.pb.h"

namespace esaas::reconcile {

/// One constraint, one value of its attribute, and the nodes of the group that have a place already: those of this very
/// pass too, but not the node that is replaced by the one that is placed.
struct ConstraintSubject {
  const model::Constraint& constraint;
  const re2::RE2* pattern = nullptr;             ///< of LIKE and UNLIKE
  std::optional<std::uint32_t> number;           ///< `value` of the constraint read as one
  std::optional<std::string_view> value;         ///< of the agent
  std::uint32_t here = 0;                        ///< nodes on agents with that value
  std::uint32_t least = 0;                       ///< the least such number over all values that are known
  std::optional<std::string_view> of_the_first;  ///< the value where the first node is; nothing: there is none
};

struct ConstraintRule {
  model::ConstraintOperator operator_;
  std::string_view name;
  std::string_view why;
  bool (*allows)(const ConstraintSubject&);
  bool depends_on_nodes;  ///< false: on the agent alone
};

extern const std::span<const ConstraintRule> kConstraintRules;

/// Null for an operator that is none.
const ConstraintRule* rule_of(model::ConstraintOperator constraint_operator);

}  // namespace esaas::reconcile
