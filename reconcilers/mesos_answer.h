#pragma once
// Waiting for what Mesos says of an operation on a place. It answers within about a second, unless the agent is out of
// its sight: then it answers when the agent is back or declared gone, and until then nothing of a stopped node would
// tell why it stays as it is. Pure.

#include <string>

#include "reconcilers/draft.h"

namespace esaas::reconcile {

/// waits_for_mesos_answer: Mesos has not said for long what became of an operation on the place of a stopped node.
inline constexpr std::string_view kWaitsForMesosAnswer = "waits_for_mesos_answer";

/// Looks again soon, and holds the node by kWaitsForMesosAnswer once the answer to `operation` (its id) is late. A node
/// that runs or is out of sight is not held: the operation keeps nothing of it waiting, or its task tells why.
void wait_for_mesos_answer(const View& view, Draft& draft, const state::Node& node, const std::string& operation);

}  // namespace esaas::reconcile
