#pragma once
// How much of a budget is spent. Pure.

#include <cstdint>

#include "core/model/billing.pb.h"

namespace esaas::billing {

struct BudgetLevel {
  std::uint32_t percent = 0;  ///< the highest of Budget.alert_percents that is reached; 0: none
  bool is_over = false;       ///< all of it is spent, or more
};

/// `spent_minor` is in the budget's currency and its smallest unit. Without a budget nothing is reached.
BudgetLevel level_of(const model::Budget& budget, std::int64_t spent_minor);

}  // namespace esaas::billing
