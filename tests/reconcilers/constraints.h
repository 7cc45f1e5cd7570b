#pragma once
// Constraints for the tests of placement.

#include "core/model/model.pb.h"

namespace esaas::test {

inline void constrain(model::NodeGroup& group, const char* attribute, model::ConstraintOperator how,
                      const std::string& value) {
  model::Constraint& constraint = *group.add_constraints();
  constraint.set_attribute(attribute);
  constraint.set_operator_(how);
  constraint.set_value(value);
}

}  // namespace esaas::test
