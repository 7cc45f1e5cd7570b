#pragma once
// Starting tasks: first launches, and launches after a task ended (a crash, a kill, an agent that
// was restarted): always on the node's own place, where its data is. A transient place is intended and launched on in
// one action, and never again. Back-off, and the order in which masters may start, are rules (rules/launch_rules.h). A
// task out of sight is never doubled: recovery.h waits for it.

#include <vector>

#include "reconcilers/draft.h"
#include "reconcilers/rules/launch_rules.h"

namespace esaas::reconcile {

/// Makes the events of the places that were chosen, with the launches that may follow at once in
/// the same action, and launches the nodes whose place is reserved already.
void reconcile_launches(const View& view, Draft& draft, std::vector<PlannedPlace> planned);

/// The node has a reserved place and no task, and shall run.
bool wants_launch(const View& view, const state::Node& node);

}  // namespace esaas::reconcile
