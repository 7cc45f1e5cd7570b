#pragma once
// FocusRecords: use and cost as CSV with the columns of FOCUS 1.0 (focus.finops.org), the version that a validator is
// published for. What a row is: focus_usage.h. Costs are exact decimals: BilledCost and EffectiveCost in whole smallest
// units of the currency; ListCost and ContractedCost the unrounded product of unit price and PricingQuantity.
//
// The billing account is the tenant, the resource the cluster, the SKU the kind, its price the price list and factor.
// Columns that begin with x_ are ours: the seqs that a row comes from, and the invoice that a correction comes from.

#include <memory>
#include <utility>

#include "store/export/focus_usage.h"
#include "store/export/record_source.h"
#include "store/export/text_record.h"

namespace esaas::store {

class FocusRecords final : public RecordSource {
 public:
  explicit FocusRecords(std::unique_ptr<FocusUsage> usage) : usage_(std::move(usage)) {}

  /// The line of column names.
  static std::string header();
  Result<bool> next(std::string* out) override;

 private:
  std::unique_ptr<FocusUsage> usage_;
  std::vector<FocusRow> rows_;
  std::size_t position_ = 0;
};

}  // namespace esaas::store
