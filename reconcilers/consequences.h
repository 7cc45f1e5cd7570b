#pragma once
// What a change would come to, in plain sentences, before anybody asks for it: which nodes restart and how, what moves,
// what cannot be taken back, which rules each step waits for. For the dry run. Pure.

#include <string>
#include <vector>

#include "core/model/model.pb.h"
#include "core/state/state.pb.h"

namespace esaas::reconcile {

/// In the order in which they should be read; none when there is nothing to say. `before` is null for a create. Nothing
/// is checked: what would be refused has consequences here all the same.
std::vector<std::string> consequences(const state::Cluster* before, const model::Request& request);

}  // namespace esaas::reconcile
