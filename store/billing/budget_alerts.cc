#include "store/billing/budget_alerts.h"

#include "core/billing/budget.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"

namespace esaas::store {
namespace {

using billing::Month;

/// In the budget's currency.
Result<std::int64_t> comes_to(const EventLog& log, const billing::PriceBook& prices, const state::Tenant& tenant,
                              Time from, Time to) {
  ESAAS_TRY(const auto found, bills(log, prices, {.tenant = tenant.name(), .from = from, .to = to, .now = to}));
  if (found.empty() || found.front().currency().empty()) return 0;
  const model::Invoice& bill = found.front();
  const model::Budget& budget = tenant.budget();
  if (bill.currency() == budget.currency() && bill.minor_digits() == budget.minor_digits()) return bill.total_minor();
  return fail(ErrorCode::kConflict, "the budget of tenant " + tenant.name() + " is in " + budget.currency() +
                                        " and its prices are in " + bill.currency());
}

Result<void> add_alerts(const EventLog& log, const billing::PriceBook& prices, const state::Tenant& tenant, Time now,
                        std::vector<command::AlertBudget>& alerts) {
  const Month month = Month::of(now);
  ESAAS_TRY(const std::int64_t spent, comes_to(log, prices, tenant, month.begin(), now + Duration{1}));
  const bool is_told = tenant.alerted_month() == month.text();
  const std::uint32_t told = is_told ? tenant.alerted_percent() : 0;
  if (billing::level_of(tenant.budget(), spent).percent > told) {
    alerts.push_back({.tenant = tenant.name(), .month = month.text(), .spent_minor = spent, .projected = false});
  }
  if (tenant.projected_month() == month.text()) return {};
  ESAAS_TRY(const std::int64_t projected, comes_to(log, prices, tenant, month.begin(), month.end()));
  if (billing::level_of(tenant.budget(), projected).is_over) {
    alerts.push_back({.tenant = tenant.name(), .month = month.text(), .spent_minor = projected, .projected = true});
  }
  return {};
}

}  // namespace

BudgetAlerts budget_alerts(const EventLog& log, const std::vector<std::shared_ptr<const state::Tenant>>& tenants,
                           Time now) {
  BudgetAlerts found;
  const auto prices = price_book_at(log, log.last_seq());
  if (!prices) found.not_known.push_back(prices.error());
  for (const auto& tenant : tenants) {
    if (!prices || tenant == nullptr || !tenant->has_budget()) continue;
    const auto added = add_alerts(log, *prices, *tenant, now, found.alerts);
    if (!added) found.not_known.push_back(added.error());
  }
  return found;
}

}  // namespace esaas::store
