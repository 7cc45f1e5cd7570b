#pragma once
// What becomes of nodes whose task is not where it should be and that launching.h must not touch:
//
//   out of sight   UNREACHABLE, LOST, UNKNOWN: the process may run on, on the far side of a cut. It
//   is waited for, without
//                  end, and never doubled: two processes on one node's name and data are worse than
//                  one that is missing.
//   agent gone     an operator declared the agent gone for good, so its data is lost. The place is
//   given up, and the node
//                  placed anew with an empty volume, when the cluster can afford it: it answers, so
//                  a quorum of masters is left, and is not red, so every shard has an active copy
//                  elsewhere.
//   reservation gone   the master's books show nothing of the place, or no volume, on an agent that
//   is there: somebody took it away. Once the node is stopped, or before its first task, its place is given up in the
//   same way.
//   machine renewed   a task out of sight on a transient place, or one whose reservation was never answered, and its
//   machine is on offer as another agent: an agent that lost its identity lost its processes, so the task is gone. (A
//   reserved place follows its machine: PlaceMoved.) Machines are told apart by their hostname alone, so agents that
//   share a host need names of their own; while the old agent makes offers or is in the master's books it is not
//   taken for renewed.
//
//   stranger       it runs, and the cluster does not list it, and it was launched before a master-eligible node got its
//   place: where it looks for the others there may be none. When it was held for that as long as
//   Settings::join_patience it is started anew: one node of a cluster after the other.
//
//   killed, and no answer   the kill is sent again, under the rules of a stop: it may have become one node too many.
//
// Nothing else is done for a node that failed: its place stays, and it is launched there again
// after its back-off.

#include "reconcilers/draft.h"

namespace esaas::reconcile {

void reconcile_recovery(const View& view, Draft& draft);

}  // namespace esaas::reconcile
