#pragma once
// Constraints for the tests of placement.

#include "core/model/model.pb.h"

namespace esaas::test {

inline constexpr auto kLike = model::CONSTRAINT_OPERATOR_LIKE;
inline constexpr auto kUnlike = model::CONSTRAINT_OPERATOR_UNLIKE;
inline constexpr auto kUnique = model::CONSTRAINT_OPERATOR_UNIQUE;
inline constexpr auto kGroupBy = model::CONSTRAINT_OPERATOR_GROUP_BY;
inline constexpr auto kCluster = model::CONSTRAINT_OPERATOR_CLUSTER;
inline constexpr auto kMaxPer = model::CONSTRAINT_OPERATOR_MAX_PER;

inline void constrain(model::NodeGroup& group, const char* attribute, model::ConstraintOperator how,
                      const std::string& value) {
  model::Constraint& constraint = *group.add_constraints();
  constraint.set_attribute(attribute);
  constraint.set_operator_(how);
  constraint.set_value(value);
}

}  // namespace esaas::test
