#include "core/billing/budget.h"

namespace esaas::billing {

BudgetLevel level_of(const model::Budget& budget, std::int64_t spent_minor) {
  if (budget.monthly_minor() <= 0) return {};
  BudgetLevel level{.is_over = spent_minor >= budget.monthly_minor()};
  const __int128 hundredfold = static_cast<__int128>(spent_minor) * 100;
  for (const std::uint32_t percent : budget.alert_percents()) {  // they ascend
    if (hundredfold >= static_cast<__int128>(budget.monthly_minor()) * percent) level.percent = percent;
  }
  return level;
}

}  // namespace esaas::billing
