#include "reconcilers/effects/mesos/reconciliation.h"

#include <utility>

#include "core/base/assert.h"

namespace esaas::mesos {

using calls::Call;
using calls::Subject;

Reconciliation::Reconciliation(Kind kind, ReconciliationConfig config)
    : kind_(kind), config_(config), backoff_(config.backoff_first, config.backoff_longest, config.jitter_seed) {
  ESAAS_ASSERT(config.batch_size > 0, "a batch holds at least one subject");
}

std::vector<Call> Reconciliation::begin(std::vector<Subject> subjects, Time now) {
  unanswered_.clear();
  for (auto& subject : subjects) unanswered_[std::move(subject.id)] = std::move(subject.agent_id);
  period_ends_.reset();
  backoff_.reset();
  phase_ = Phase::kExplicit;
  ask_again_ = now;
  return on_time(now);
}

void Reconciliation::abandon() {
  phase_ = Phase::kIdle;
  unanswered_.clear();
  period_ends_.reset();
}

void Reconciliation::answered(std::string_view id) {
  const auto found = unanswered_.find(id);
  if (found == unanswered_.end()) return;
  unanswered_.erase(found);
  if (unanswered_.empty() && phase_ == Phase::kExplicit) phase_ = Phase::kImplicit;
}

std::vector<Call> Reconciliation::on_time(Time now) {
  if (phase_ == Phase::kExplicit && unanswered_.empty()) phase_ = Phase::kImplicit;
  if (phase_ == Phase::kImplicit) {
    finish(now);
    return {build({})};
  }
  if (phase_ != Phase::kExplicit || now < ask_again_) return {};
  ask_again_ = now + backoff_.next();
  return ask();
}

std::optional<Time> Reconciliation::next_wake() const {
  switch (phase_) {
    case Phase::kExplicit: return ask_again_;
    case Phase::kImplicit: return Time::min();
    case Phase::kIdle: return period_ends_;
  }
  ESAAS_ASSERT(false, "every phase knows its wake");
}

std::vector<Call> Reconciliation::ask() const {
  std::vector<Call> out;
  std::vector<Subject> batch;
  for (const auto& [id, agent_id] : unanswered_) {
    batch.push_back(Subject{id, agent_id});
    if (batch.size() < config_.batch_size) continue;
    out.push_back(build(batch));
    batch.clear();
  }
  if (!batch.empty()) out.push_back(build(batch));
  return out;
}

Call Reconciliation::build(const std::vector<Subject>& subjects) const {
  return kind_ == Kind::kTasks ? calls::reconcile_tasks(subjects) : calls::reconcile_operations(subjects);
}

void Reconciliation::finish(Time now) {
  phase_ = Phase::kIdle;
  period_ends_ = now + config_.period;
}

}  // namespace esaas::mesos
