#include "reconcilers/mesos_answer.h"

#include <algorithm>
#include <chrono>

namespace esaas::reconcile {
namespace {

constexpr Duration kUsualAnswer = std::chrono::seconds{10};

/// The state does not keep when the operation was intended: it was not before the node stopped, if it needed that, and
/// most often soon after the last step of the work that it belongs to.
Time last_progress(const View& view, const state::Node& node) {
  std::int64_t at_us = node.task().state_since_at_us();
  if (const state::Operation* operation = view.input().operation; operation != nullptr) {
    at_us = std::max(at_us, operation->started_at_us());
    for (const state::Step& step : operation->steps()) at_us = std::max(at_us, step.since_at_us());
  }
  return from_us(at_us);
}

}  // namespace

void wait_for_mesos_answer(const View& view, Draft& draft, const state::Node& node, const std::string& operation) {
  draft.check_soon();
  if (!is_stopped(node) || view.now() < last_progress(view, node) + kUsualAnswer) return;
  draft.hold(kWaitsForMesosAnswer, node.name(),
             {"Mesos has not said yet what became of an operation on the node's place on " + node.place().hostname() +
                  ": its agent may be away. If the agent is gone for good, mark it gone in Mesos.",
              {figure("mesos_operation", operation), figure("agent_id", node.place().agent_id())}},
             view.now() + std::chrono::seconds{30});
}

}  // namespace esaas::reconcile
