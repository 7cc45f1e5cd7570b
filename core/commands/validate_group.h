#pragma once
// What a node group must be in itself. Pure; part of validate.

#include <string>

#include "core/base/result.h"
#include "core/model/model.pb.h"

namespace esaas::command {

using Constraints = google::protobuf::RepeatedPtrField<model::Constraint>;

Result<void> validate_constraints(const Constraints& constraints, const std::string& field);
Result<void> validate_group(const model::NodeGroup& group, const std::string& field);

}  // namespace esaas::command
