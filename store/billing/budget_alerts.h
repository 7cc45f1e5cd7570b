#pragma once
// What tenants with a budget are to be told: how much of it is spent, and that the month will come to more than it.

#include <memory>
#include <vector>

#include "core/base/time.h"
#include "core/commands/decide.h"
#include "core/state/state.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct BudgetAlerts {
  std::vector<command::AlertBudget> alerts;  ///< those that would say something new
  std::vector<Error> not_known;              ///< by tenant: its bill can not be derived, or is in another currency
};

/// By the log as it is, at `now`. Reads what each of the tenants used this month; may block on the disk.
BudgetAlerts budget_alerts(const EventLog& log, const std::vector<std::shared_ptr<const state::Tenant>>& tenants,
                           Time now);

}  // namespace esaas::store
