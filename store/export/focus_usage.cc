#include "store/export/focus_usage.h"

#include <algorithm>

#include "core/billing/month.h"
#include "store/billing/invoice.h"
#include "store/billing/minor_sums.h"
#include "store/views/index_walk.h"
#include "store/views/time_search.h"

namespace esaas::store {
namespace {

using billing::Month;
using billing::Quantity;

constexpr std::int64_t kDayUs = 86'400'000'000;
/// What ISO 4217 has for no currency: three X.
std::string no_currency() { return std::string(3, 'X'); }

std::int64_t begin_of_day(std::int64_t us) { return us - (us % kDayUs + kDayUs) % kDayUs; }

/// Half up. 3.6e9 us are an hour, and a billion nano-hours: 5 of 18.
Quantity to_nano_hours(Quantity quantity, std::uint64_t units) {
  const Quantity divisor = Quantity{18} * units;
  return (quantity / divisor) * 5 + ((quantity % divisor) * 5 + divisor / 2) / divisor;
}

}  // namespace

FocusUsage::FocusUsage(const EventLog& log, Query query, billing::PriceBook prices, std::uint64_t to_seq)
    : log_(log),
      query_(std::move(query)),
      prices_(std::move(prices)),
      walk_(log, to_seq, query_.pace),
      begin_us_(to_us(Month::of(query_.from).begin())) {}

Result<std::unique_ptr<FocusUsage>> FocusUsage::open(const EventLog& log, Query query) {
  ESAAS_TRY(billing::PriceBook prices, price_book_at(log, log.last_seq()));
  ESAAS_TRY(const std::uint64_t end, first_seq_at(log, query.to));
  std::unique_ptr<FocusUsage> usage(new FocusUsage(log, std::move(query), std::move(prices), end - 1));
  ESAAS_CHECK(usage->find_closings());
  return usage;
}

/// The month of an invoice that was closed within the range has to be derived from its beginning.
Result<void> FocusUsage::find_closings() {
  IndexWalk walk(log_, {.kind = IndexKind::kBook, .value = "invoice"});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr || event->time_at_us() >= to_us(query_.to)) return {};
    const model::Invoice& invoice = event->invoice_closed().invoice();
    if (event->time_at_us() < to_us(query_.from)) continue;
    if (!query_.tenant.empty() && invoice.tenant() != query_.tenant) continue;
    closings_.push_back({event->time_at_us(), event->seq()});
    ESAAS_TRY(const Month month, Month::parse(invoice.month()));
    if (invoice.corrects().empty()) begin_us_ = std::min(begin_us_, to_us(month.begin()));
  }
}

/// Months begin with days, so no row is of two.
std::int64_t FocusUsage::next_bound() const {
  std::int64_t bound = std::min(begin_of_day(begin_us_) + kDayUs, to_us(query_.to));
  if (begin_us_ < to_us(query_.from)) bound = std::min(bound, to_us(query_.from));
  return bound;
}

/// Goes on where a pause has interrupted it.
Result<void> FocusUsage::fold_until(std::int64_t us) {
  for (;;) {
    if (event_ == nullptr && !walk_ended_) {
      ESAAS_TRY(event_, walk_.next());
      walk_ended_ = event_ == nullptr;
    }
    if (walk_ended_ || event_->time_at_us() >= us) return {};
    fold_.apply(*event_, closed_);
    event_ = nullptr;
    if (us <= begin_us_) closed_.clear();
  }
}

Result<std::vector<FocusRow>> FocusUsage::next() {
  std::vector<FocusRow> rows;
  ESAAS_CHECK(fold_until(begin_us_));  // what came before all of it
  while (rows.empty() && begin_us_ < to_us(query_.to)) {
    const std::int64_t end_us = next_bound();
    ESAAS_CHECK(fold_until(end_us));
    ESAAS_CHECK(append_usage(end_us, rows));
    ESAAS_CHECK(append_closings(end_us, rows));
    if (end_us <= to_us(query_.from)) rows.clear();
    closed_.clear();
    begin_us_ = end_us;
  }
  return rows;
}

bool FocusUsage::is_wanted(const std::string& tenant, const std::string& cluster) const {
  return (query_.tenant.empty() || query_.tenant == tenant) && (query_.cluster.empty() || query_.cluster == cluster);
}

const model::PriceList* FocusUsage::list_of(const std::string& id) const {
  const auto& lists = prices_.lists();
  const auto found = std::ranges::find(lists, id, [](const model::PriceList& list) { return list.id(); });
  return found == lists.end() ? nullptr : &*found;
}

Result<void> FocusUsage::append_usage(std::int64_t end_us, std::vector<FocusRow>& rows) {
  std::vector<UsageInterval> intervals = std::move(closed_);
  fold_.append_open(end_us, intervals);
  std::map<std::pair<std::string, std::string>, ClusterBill> clusters;
  for (const UsageInterval& interval : intervals) {
    if (!is_wanted(interval.tenant, interval.cluster)) continue;
    const auto found =
        clusters.try_emplace({interval.tenant, interval.cluster}, prices_, interval.tenant, begin_us_, end_us);
    found.first->second.add(interval);
  }
  for (const auto& [key, cluster] : clusters) {
    ESAAS_TRY(const auto lines, cluster.lines());
    for (const model::InvoiceLine& line : lines) {
      ESAAS_TRY(FocusRow row, row_of(key.first, key.second, line, end_us));
      rows.push_back(std::move(row));
    }
  }
  return {};
}

Result<FocusRow> FocusUsage::row_of(const std::string& tenant, const std::string& cluster,
                                    const model::InvoiceLine& line, std::int64_t end_us) {
  FocusRow row{.tenant = tenant,
               .cluster = cluster,
               .kind = bill_kind(line.kind()).value_or(BillKind::kCluster),
               .month = Month::of(from_us(begin_us_)).text(),
               .from_us = begin_us_,
               .to_us = end_us,
               .currency = no_currency(),
               .price_list = line.price_list(),
               .price_nanos = line.price_nanos(),
               .factor_permille = line.factor_permille(),
               .first_seq = line.first_seq(),
               .last_seq = line.last_seq()};
  ESAAS_TRY(row.quantity, billing::parse_quantity(line.quantity()));
  if (const model::PriceList* list = list_of(row.price_list)) {
    row.currency = list->currency();
    row.minor_digits = list->minor_digits();
  }
  Sum& sum = sums_[{row.month, tenant, cluster, row.kind, row.price_list, row.factor_permille}];
  const Sum before = sum;
  sum.quantity += row.quantity;
  sum.nano_hours = to_nano_hours(sum.quantity, per_unit(row.kind));
  ESAAS_TRY(sum.amount_minor, billing::amount_minor({.quantity = sum.quantity,
                                                     .per_unit = per_unit(row.kind),
                                                     .price_nanos = row.price_nanos,
                                                     .factor_permille = row.factor_permille,
                                                     .minor_digits = row.minor_digits}));
  row.nano_hours = sum.nano_hours - before.nano_hours;
  row.amount_minor = sum.amount_minor - before.amount_minor;
  return row;
}

Result<void> FocusUsage::append_closings(std::int64_t end_us, std::vector<FocusRow>& rows) {
  for (; closing_ < closings_.size() && closings_[closing_].at_us < end_us; ++closing_) {
    ESAAS_TRY(const event::Event event, log_.read_one(closings_[closing_].seq));
    ESAAS_CHECK(append_settlement(event.invoice_closed().invoice(), event.time_at_us(), rows));
  }
  return {};
}

/// A correction's lines are what is to be added; a closing settles the difference to what was derived day by day.
Result<void> FocusUsage::append_settlement(const model::Invoice& invoice, std::int64_t at_us,
                                           std::vector<FocusRow>& rows) {
  const bool is_correction = !invoice.corrects().empty();
  std::map<Key, std::pair<std::int64_t, model::InvoiceLine>> owed;
  for (const model::InvoiceLine& line : invoice.lines()) {
    if (!is_wanted(invoice.tenant(), line.cluster())) continue;
    const BillKind kind = bill_kind(line.kind()).value_or(BillKind::kCluster);
    auto& [amount, example] =
        owed[{invoice.month(), invoice.tenant(), line.cluster(), kind, line.price_list(), line.factor_permille()}];
    ESAAS_TRY(amount, add_minor(amount, line.amount_minor()));
    example = line;
  }
  if (!is_correction) {
    const Key first{invoice.month(), invoice.tenant(), {}, BillKind::kCpu, {}, 0};
    for (auto sum = sums_.lower_bound(first); sum != sums_.end() && std::get<0>(sum->first) == invoice.month() &&
                                              std::get<1>(sum->first) == invoice.tenant();
         ++sum) {
      std::int64_t& amount = owed[sum->first].first;
      ESAAS_TRY(amount, subtract_minor(amount, sum->second.amount_minor));
    }
  }
  const auto month = Month::parse(invoice.month());
  for (const auto& [key, due] : owed) {
    if (due.first == 0 || !month) continue;
    rows.push_back({.tenant = invoice.tenant(),
                    .cluster = std::get<2>(key),
                    .kind = std::get<3>(key),
                    .month = Month::of(from_us(at_us)).text(),
                    .from_us = to_us(month->begin()),
                    .to_us = to_us(month->end()),
                    .currency = invoice.currency().empty() ? no_currency() : invoice.currency(),
                    .minor_digits = invoice.minor_digits(),
                    .amount_minor = due.first,
                    .price_list = std::get<4>(key),
                    .price_nanos = due.second.price_nanos(),
                    .factor_permille = std::get<5>(key),
                    .first_seq = due.second.first_seq(),
                    .last_seq = due.second.last_seq(),
                    .invoice = invoice.id()});
  }
  return {};
}

}  // namespace esaas::store
