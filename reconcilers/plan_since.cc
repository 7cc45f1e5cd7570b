#include "reconcilers/plan_since.h"

#include <utility>

#include "reconcilers/standing_plan.h"

namespace esaas::reconcile {

PlanSince::PlanSince(const Settings& settings, std::uint64_t since, Report report)
    : settings_(settings), since_(since), report_(std::move(report)) {}

void PlanSince::take(const event::Event& event) {
  if (event.time_at_us() > state_.head.time_at_us()) {
    for (const std::string& name : std::exchange(touched_, {})) look_at(name);
  }
  state::evolve(state_, event);
  if (event.seq() >= since_ && !event.cluster().empty()) touched_.insert(event.cluster());
}

void PlanSince::finish() {
  for (const auto& [name, cluster] : state_.clusters) look_at(name);
}

void PlanSince::look_at(const std::string& name) {
  const state::Cluster* cluster = state_.find_cluster(name);
  if (cluster == nullptr || !is_at_rest(*cluster)) return;
  ++moments_;
  const Plan plan =
      plan_at_rest(*cluster, state_.find_tenant(cluster->tenant()), settings_, from_us(state_.head.time_at_us()));
  std::string names;
  for (const Action& action : plan.actions) names += action.name + "\n";
  if (std::exchange(told_[name], names) == names) return;
  for (const Action& action : plan.actions) {
    ++findings_;
    report_({.seq = state_.seq(), .cluster = name, .action = action});
  }
}

}  // namespace esaas::reconcile
