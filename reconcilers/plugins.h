#pragma once
// What a node that was restarted says of its plugins decides whether an operation on them goes on. A plugin that did
// not install (its name is wrong, or it is of another version) is left out by the node, which says so in its attribute
// es::kPluginFailure. One whose archive its agent could not even fetch does not start at all, and the task's end says
// so. Then the operation fails with those words, and what was wanted before is wanted again
// (PluginsChanged with its reason), so that the rollout makes the nodes as they were. The rule
// restarted_nodes_have_their_plugins keeps every other node from being restarted meanwhile.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_plugins(const View& view, Draft& draft);

/// Every member that was started with plugins has been seen with all of them.
bool plugins_are_there(const View& view);

}  // namespace esaas::reconcile
