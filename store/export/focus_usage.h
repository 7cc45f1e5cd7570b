#pragma once
// FocusUsage: what was used and what it costs, by tenant, cluster, kind, price list and factor, day by day (UTC): the
// rows of a FOCUS export. A day, because prices and invoices are by whole months, hours would give 24 times the rows,
// most of them of no cent, and who wants hours has the intervals.
//
// How rounding is settled: a row costs what its line came to by the end of the row, rounded as the invoice's line is,
// less what it came to by its beginning. So the rows of a month sum to the invoice's lines exactly, no row is negative
// or more than a smallest unit from its own share, and a row does not depend on what comes after it. Hours are rounded
// likewise.
//
// A month whose invoice was closed costs what the invoice says: where this program derives something else, a row at the
// moment of the closing makes up for it. Corrections are rows at the moment of theirs.
//
// Holds one day's intervals and a sum for each line of the months in range. One thread at a time; must not outlive the
// log.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/billing/money.h"
#include "core/billing/price_book.h"
#include "store/billing/bill.h"
#include "store/log/event_log.h"
#include "store/views/metering_walk.h"
#include "store/views/usage_fold.h"

namespace esaas::store {

struct FocusRow {
  std::string tenant = {};
  std::string cluster = {};
  BillKind kind = BillKind::kCpu;
  std::string month = {};  ///< that it is billed in: "2026-11"
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
  std::string currency = {};  ///< ISO 4217's for none before there is a price list
  std::uint32_t minor_digits = 0;
  std::int64_t amount_minor = 0;
  std::string price_list = {};  ///< empty: there was none yet
  std::uint64_t price_nanos = 0;
  std::uint32_t factor_permille = 1'000;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  billing::Quantity quantity = 0;    ///< as of an InvoiceLine
  billing::Quantity nano_hours = 0;  ///< of the whole unit that has a price
  std::string invoice = {};          ///< of a row that settles what was not used: the invoice that says so
};

class FocusUsage {
 public:
  struct Query {
    Time from;
    Time to;                   ///< exclusive; what is open counts until then
    std::string tenant = {};   ///< empty: all
    std::string cluster = {};  ///< empty: all
    /// Must outlive it; `next` then may answer with a pause. Null: none.
    const Pace* pace = nullptr;
  };

  /// The log up to where it is to be read. Errors: kUnavailable while it lacks the index of prices and invoices.
  static Result<std::unique_ptr<FocusUsage>> open(const EventLog& log, Query query);

  /// The rows of the next day or part of one, by tenant, cluster, kind, price list and factor; empty at the end only.
  Result<std::vector<FocusRow>> next();

 private:
  struct Sum {
    billing::Quantity quantity = 0;
    billing::Quantity nano_hours = 0;
    std::int64_t amount_minor = 0;
  };
  struct Closing {
    std::int64_t at_us = 0;
    std::uint64_t seq = 0;
  };
  /// month, tenant, cluster, kind, price list, factor
  using Key = std::tuple<std::string, std::string, std::string, BillKind, std::string, std::uint32_t>;

  FocusUsage(const EventLog& log, Query query, billing::PriceBook prices, std::uint64_t to_seq);
  Result<void> find_closings();
  [[nodiscard]] std::int64_t next_bound() const;
  Result<void> fold_until(std::int64_t us);
  Result<void> append_usage(std::int64_t end_us, std::vector<FocusRow>& rows);
  Result<FocusRow> row_of(const std::string& tenant, const std::string& cluster, const model::InvoiceLine& line,
                          std::int64_t end_us);
  Result<void> append_closings(std::int64_t end_us, std::vector<FocusRow>& rows);
  Result<void> append_settlement(const model::Invoice& invoice, std::int64_t at_us, std::vector<FocusRow>& rows);
  [[nodiscard]] bool is_wanted(const std::string& tenant, const std::string& cluster) const;
  [[nodiscard]] const model::PriceList* list_of(const std::string& id) const;

  const EventLog& log_;
  Query query_;
  billing::PriceBook prices_;
  MeteringWalk walk_;
  UsageFold fold_;
  bool walk_ended_ = false;
  const event::Event* event_ = nullptr;  // the next of the walk; null: it is not read yet, or there is none
  std::int64_t begin_us_;                // of the next piece
  std::vector<UsageInterval> closed_;    // since then
  std::map<Key, Sum> sums_;
  std::vector<Closing> closings_;  // within the range, oldest first
  std::size_t closing_ = 0;        // the next of them
};

}  // namespace esaas::store
