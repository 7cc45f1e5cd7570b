#pragma once
// What tenants owe, derived from the log: for a month, for what is left of it at the rate of now, for one hour. The
// same log up to the same event gives the same bytes, whoever derives them. Thread-safe; may block on the disk.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/billing/month.h"
#include "core/billing/price_book.h"
#include "core/model/billing.pb.h"
#include "store/log/event_log.h"

namespace esaas::store {

struct BillQuery {
  std::string tenant = {};  ///< empty: every tenant that used something
  Time from;
  Time to;   ///< exclusive
  Time now;  ///< what is open counts until then: with `to` it goes on as it is, and the bill is a projection
  /// How many intervals that ended are held at a time, if they are more than twice of what is in use; the bills are the
  /// same.
  std::size_t held_max = 100'000;
};

/// One for each tenant, by name: lines by cluster, kind, price list and factor; the currency of its price lists; no id
/// and no month. Errors: kInvalidArgument (`from` is not before `to`), kConflict (price lists of two currencies),
/// kResourceExhausted (an amount is too large), and the log's.
Result<std::vector<model::Invoice>> bills(const EventLog& log, const billing::PriceBook& prices,
                                          const BillQuery& query);

/// What an hour costs as everything is at `now`, by the prices that are in force then: one for each tenant, as `bills`.
/// Whatever price list comes later counts for nothing.
Result<std::vector<model::Invoice>> hour_rates(const EventLog& log, const billing::PriceBook& prices,
                                               const std::string& tenant, Time now);

/// What a tenant owes for a month, up to `now` while the month lasts; without lines when it used nothing.
Result<model::Invoice> month_bill(const EventLog& log, const billing::PriceBook& prices, const std::string& tenant,
                                  billing::Month month, Time now);

/// The price lists that were published up to this event. kUnavailable while the log lacks the index of them.
Result<billing::PriceBook> price_book_at(const EventLog& log, std::uint64_t seq);

/// What has to be added to `billed` to make it `derived`: lines whose quantities and amounts are differences. A line's
/// quantity is that of `derived`. Empty when they agree. kResourceExhausted: an amount is too large.
Result<std::vector<model::InvoiceLine>> differences(const model::Invoice& billed, const model::Invoice& derived);

/// The closed ones and their corrections, oldest first. Empty fields do not filter. kUnavailable while events of an
/// older program are not indexed.
Result<std::vector<model::Invoice>> closed_invoices(const EventLog& log, const std::string& tenant,
                                                    const std::string& month);

/// What closes the month: derived from the events before its end and the price lists that they published, so that it is
/// the same whenever it is derived, but for the newest digest, which it names. Without an id. kConflict while the log
/// has no event after the month (rule `over`), and while none is closed for any other than the tenant's first one: the
/// month of the first event that is the tenant's, which is its creation (rule `closed_in_order`).
Result<model::Invoice> closing_invoice(const EventLog& log, const std::string& tenant, billing::Month month);

/// What an invoice, those of its month before it and itself come to together: what was billed when it was closed.
/// kResourceExhausted: an amount is too large.
Result<model::Invoice> billed_up_to(const EventLog& log, const model::Invoice& invoice);

/// What has to be added to a closed month to make it what this program derives; without lines when nothing has. Without
/// an id and a reason.
Result<model::Invoice> correction(const EventLog& log, const model::Invoice& billed);

}  // namespace esaas::store
