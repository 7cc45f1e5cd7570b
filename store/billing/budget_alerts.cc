#include "store/billing/budget_alerts.h"

#include <map>
#include <utility>

#include "core/billing/budget.h"
#include "core/billing/month.h"
#include "store/billing/invoice.h"

namespace esaas::store {
namespace {

using billing::Month;

using Bills = std::map<std::string, model::Invoice>;  // by tenant

Result<Bills> bills_of(const EventLog& log, const billing::PriceBook& prices, Time from, Time to) {
  ESAAS_TRY(auto found, bills(log, prices, {.tenant = {}, .from = from, .to = to, .now = to}));
  Bills by_tenant;
  for (model::Invoice& bill : found) by_tenant[bill.tenant()] = std::move(bill);
  return by_tenant;
}

/// In the budget's currency.
Result<std::int64_t> comes_to(const Bills& bills, const state::Tenant& tenant) {
  const auto found = bills.find(tenant.name());
  if (found == bills.end() || found->second.currency().empty()) return 0;
  const model::Invoice& bill = found->second;
  const model::Budget& budget = tenant.budget();
  if (bill.currency() == budget.currency() && bill.minor_digits() == budget.minor_digits()) return bill.total_minor();
  return fail(ErrorCode::kConflict, "the budget of tenant " + tenant.name() + " is in " + budget.currency() +
                                        " and its prices are in " + bill.currency());
}

Result<void> add_alerts(const Bills& so_far, const Bills& projected, const state::Tenant& tenant, Month month,
                        std::vector<command::AlertBudget>& alerts) {
  ESAAS_TRY(const std::int64_t spent, comes_to(so_far, tenant));
  const bool is_told = tenant.alerted_month() == month.text();
  const std::uint32_t told = is_told ? tenant.alerted_percent() : 0;
  if (billing::level_of(tenant.budget(), spent).percent > told) {
    alerts.push_back({.tenant = tenant.name(), .month = month.text(), .spent_minor = spent, .projected = false});
  }
  if (tenant.projected_month() == month.text()) return {};
  ESAAS_TRY(const std::int64_t coming, comes_to(projected, tenant));
  if (billing::level_of(tenant.budget(), coming).is_over) {
    alerts.push_back({.tenant = tenant.name(), .month = month.text(), .spent_minor = coming, .projected = true});
  }
  return {};
}

}  // namespace

BudgetAlerts budget_alerts(const EventLog& log, const std::vector<std::shared_ptr<const state::Tenant>>& tenants,
                           Time now) {
  BudgetAlerts found;
  const Month month = Month::of(now);
  const auto find_bills = [&]() -> Result<std::pair<Bills, Bills>> {
    ESAAS_TRY(const billing::PriceBook prices, price_book_at(log, log.last_seq()));
    ESAAS_TRY(Bills so_far, bills_of(log, prices, month.begin(), now + Duration{1}));
    ESAAS_TRY(Bills projected, bills_of(log, prices, month.begin(), month.end()));
    return std::pair(std::move(so_far), std::move(projected));
  };
  const auto known = find_bills();
  if (!known) found.not_known.push_back(known.error());
  for (const auto& tenant : tenants) {
    if (!known || tenant == nullptr || !tenant->has_budget()) continue;
    const auto added = add_alerts(known->first, known->second, *tenant, month, found.alerts);
    if (!added) found.not_known.push_back(added.error());
  }
  return found;
}

}  // namespace esaas::store
