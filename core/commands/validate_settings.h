#pragma once
// Settings of nodes and of clusters: their form, and those that the controller keeps itself. Pure; part of validate.

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/model.pb.h"

namespace esaas::command {

using Settings = google::protobuf::RepeatedPtrField<model::Setting>;

/// Settings of a node's own configuration. `unset_allowed`: they are a change, which may take some away.
Result<void> validate_node_settings(const Settings& settings, const std::string& field, bool unset_allowed);

/// Settings as `before` with what `change` says, sorted by key.
Settings merged(const Settings& before, const Settings& change);

}  // namespace esaas::command
