#include "reconcilers/policy_runs.h"

#include <algorithm>

namespace esaas::reconcile {

const state::PolicyRun* last_run(const state::Cluster& cluster, std::string_view policy) {
  const auto found = std::ranges::find(cluster.policy_runs(), policy, &state::PolicyRun::policy);
  return found == cluster.policy_runs().end() ? nullptr : &*found;
}

void finish_run(Draft& draft, const state::PolicyRun& run, std::string failure) {
  event::Event event;
  auto& payload = *event.mutable_policy_run_finished();
  payload.set_policy(run.policy());
  payload.set_subject(run.subject());
  payload.set_failure(std::move(failure));
  draft.act("finish_policy_run", std::move(event));
}

}  // namespace esaas::reconcile
