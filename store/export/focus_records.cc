#include "store/export/focus_records.h"

#include "core/billing/month.h"

namespace esaas::store {
namespace {

constexpr const char* kService = "Elasticsearch";
constexpr const char* kProvider = "ESaaS";
constexpr unsigned kUnitPriceDecimals = 12;  // billionths times thousandths
constexpr unsigned kHourDecimals = 9;

/// The unit of ConsumedQuantity, how many decimals make it of the bill's quantity, and the unit that has a price.
struct Units {
  std::string consumed;
  unsigned decimals = 6;
  std::string priced;
};

Units units_of(BillKind kind) {
  switch (kind) {
    case BillKind::kCpu: return {"Core-Seconds", 9, "Core-Hours"};
    case BillKind::kMemory:
    case BillKind::kStorage:
    case BillKind::kSsd: return {"MiB-Seconds", 6, "GiB-Hours"};
    case BillKind::kCluster: break;
  }
  return {"Cluster-Seconds", 6, "Cluster-Hours"};
}

/// RFC 3339 to the second where it is a whole one, as FOCUS shows moments.
std::string moment(std::int64_t us) {
  std::string text = to_rfc3339(from_us(us));
  if (const auto point = text.find(".000000Z"); point != std::string::npos) text.replace(point, 8, "Z");
  return text;
}

Result<std::string> exact_cost(const FocusRow& row) {
  billing::Quantity unit_price = 0;
  billing::Quantity cost = 0;
  const bool is_too_large =
      __builtin_mul_overflow(billing::Quantity{row.price_nanos}, row.factor_permille, &unit_price) ||
      __builtin_mul_overflow(unit_price, row.nano_hours, &cost);
  if (is_too_large)
    return fail(ErrorCode::kResourceExhausted, "what " + row.cluster + " costs is more than can be told");
  return fixed_decimal(cost, kUnitPriceDecimals + kHourDecimals);
}

std::string describe(const FocusRow& row) {
  std::string text = std::string(name_of(row.kind)) + " of cluster " + row.cluster;
  if (!row.invoice.empty()) return text + ", settled by " + row.invoice;
  if (row.factor_permille != 1'000) text += ", at " + fixed_decimal(row.factor_permille, 3) + " times the price";
  return row.price_list.empty() ? text + ", before there was a price" : text + ", by " + row.price_list;
}

/// Hands the columns to `write`, so that header and rows cannot disagree about them.
template <typename Write>
Result<void> with_columns(const FocusRow& row, Write&& write) {
  const bool is_use = row.invoice.empty();
  const Units units = units_of(row.kind);
  std::string billed = billing::to_decimal(row.amount_minor, row.minor_digits);
  // Readers that guess types would take a column of whole numbers for something else than costs.
  if (row.minor_digits == 0) billed += ".0";
  const std::string kind(name_of(row.kind));
  std::string listed = billed;
  if (is_use) {
    ESAAS_TRY(listed, exact_cost(row));
  }
  const auto use = [&](std::string text) { return is_use ? std::move(text) : std::string(); };
  const std::string unit_price =
      use(fixed_decimal(billing::Quantity{row.price_nanos} * row.factor_permille, kUnitPriceDecimals));
  ESAAS_TRY(const billing::Month month, billing::Month::parse(row.month));
  const std::initializer_list<Field> fields{
      {"AvailabilityZone", {}},
      {"BilledCost", billed, true},
      {"BillingAccountId", row.tenant},
      {"BillingAccountName", row.tenant},
      {"BillingCurrency", row.currency},
      {"BillingPeriodEnd", moment(to_us(month.end()))},
      {"BillingPeriodStart", moment(to_us(month.begin()))},
      {"ChargeCategory", "Usage"},
      {"ChargeClass", is_use ? "" : "Correction"},
      {"ChargeDescription", describe(row)},
      {"ChargeFrequency", "Usage-Based"},
      {"ChargePeriodEnd", moment(row.to_us)},
      {"ChargePeriodStart", moment(row.from_us)},
      {"CommitmentDiscountCategory", {}},
      {"CommitmentDiscountId", {}},
      {"CommitmentDiscountName", {}},
      {"CommitmentDiscountStatus", {}},
      {"CommitmentDiscountType", {}},
      {"ConsumedQuantity", use(fixed_decimal(row.quantity, units.decimals)), true},
      {"ConsumedUnit", use(units.consumed)},
      {"ContractedCost", listed, true},
      {"ContractedUnitPrice", unit_price, true},
      {"EffectiveCost", billed, true},
      {"InvoiceIssuerName", kProvider},
      {"ListCost", listed, true},
      {"ListUnitPrice", unit_price, true},
      {"PricingCategory", use("Standard")},
      {"PricingQuantity", use(fixed_decimal(row.nano_hours, kHourDecimals)), true},
      {"PricingUnit", use(units.priced)},
      {"ProviderName", kProvider},
      {"PublisherName", kProvider},
      {"RegionId", {}},
      {"RegionName", {}},
      {"ResourceId", row.cluster},
      {"ResourceName", row.cluster},
      {"ResourceType", "Cluster"},
      {"ServiceCategory", "Databases"},
      {"ServiceName", kService},
      {"SkuId", kind},
      {"SkuPriceId",
       kind + "/" + (row.price_list.empty() ? "none" : row.price_list) + "/" + std::to_string(row.factor_permille)},
      {"SubAccountId", {}},
      {"SubAccountName", {}},
      {"Tags", "{}"},
      {"x_FirstSeq", std::to_string(row.first_seq), true},
      {"x_InvoiceId", row.invoice},
      {"x_LastSeq", std::to_string(row.last_seq), true},
  };
  write(fields);
  return {};
}

}  // namespace

std::string FocusRecords::header() {
  std::string text;
  const FocusRow any{.month = "2000-01"};
  const auto written = with_columns(any, [&](std::span<const Field> fields) { append_csv_header(fields, text); });
  return written ? text : std::string();
}

Result<bool> FocusRecords::next(std::string* out) {
  if (position_ == rows_.size()) {
    ESAAS_TRY(rows_, usage_->next());
    position_ = 0;
    if (rows_.empty()) return false;
  }
  const FocusRow& row = rows_[position_++];
  if (out == nullptr) return true;
  ESAAS_CHECK(with_columns(row, [&](std::span<const Field> fields) { append_csv(fields, *out); }));
  return true;
}

}  // namespace esaas::store
