#include "reconcilers/rules/operation_rules.h"

#include <chrono>

namespace esaas::reconcile {

void hold_paused(const View& view, Draft& draft) {
  Refusal refusal{"The operation is paused: its next step waits until it is continued.", {}};
  if (view.input().operation != nullptr) refusal.basis.push_back(figure("operation", view.input().operation->id()));
  draft.hold(kOperationPaused, "", std::move(refusal), view.now() + std::chrono::minutes{10});
}

}  // namespace esaas::reconcile
