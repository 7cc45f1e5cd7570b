#include "api/serve/budget_watch.h"

#include "api/logging/log.h"
#include "store/billing/budget_alerts.h"

namespace esaas::api {

BudgetWatch::BudgetWatch(loop::Front& front, const store::EventLog& log, std::chrono::seconds period,
                         std::function<Time()> now)
    : front_(front), log_(log), now_(std::move(now)), thread_([this, period](const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        do {
          look();
        } while (!ended_.wait_for(lock, stop, period, [&] { return stop.stop_requested(); }));
      }) {}

void BudgetWatch::look() {
  std::vector<std::shared_ptr<const state::Tenant>> tenants;
  for (const std::string& name : front_.tenants()) {
    auto tenant = front_.tenant(name);
    if (tenant != nullptr && tenant->has_budget()) tenants.push_back(std::move(tenant));
  }
  if (tenants.empty()) return;
  store::BudgetAlerts found = store::budget_alerts(log_, tenants, now_());
  for (const Error& error : found.not_known) log::warning("budget_not_known", {{"why", error.detail}});
  if (found.alerts.empty()) return;
  std::vector<loop::Submission> submissions;
  for (command::AlertBudget& alert : found.alerts)
    submissions.push_back({.command = std::move(alert), .caller = {}, .idempotency_key = {}, .body_hash = {}});
  // What is not taken now is found again.
  front_.submit(std::move(submissions), [](const std::vector<Result<loop::Accepted>>&) {});
}

}  // namespace esaas::api
