#include "store/billing/invoice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/base/assert.h"
#include "store/billing/bill_walk.h"
#include "store/billing/minor_sums.h"
#include "store/log/check_indexed.h"
#include "store/views/index_walk.h"
#include "store/views/time_search.h"

namespace esaas::store {
namespace {

/// Sets the currency by the lists that are in force anywhere in the stretch.
Result<void> set_currency(const billing::PriceBook& prices, const BillQuery& query, model::Invoice& invoice) {
  std::vector<std::int64_t> moments = prices.changes(invoice.tenant(), to_us(query.from), to_us(query.to));
  moments.insert(moments.begin(), to_us(query.from));
  for (const std::int64_t moment : moments) {
    const model::PriceList* list = prices.in_force(invoice.tenant(), moment);
    if (list == nullptr) continue;
    const bool is_first = invoice.currency().empty();
    if (!is_first && list->currency() == invoice.currency() && list->minor_digits() != invoice.minor_digits()) {
      return fail(ErrorCode::kConflict, "tenant " + invoice.tenant() + " has prices in " + invoice.currency() +
                                            " with " + std::to_string(invoice.minor_digits()) + " digits and, by " +
                                            list->id() + ", with " + std::to_string(list->minor_digits()) +
                                            " at the same time");
    }
    if (!is_first && list->currency() != invoice.currency()) {
      return fail(ErrorCode::kConflict, "tenant " + invoice.tenant() + " has prices in " + invoice.currency() +
                                            " and, by " + list->id() + ", in " + list->currency() +
                                            " at the same time");
    }
    invoice.set_currency(list->currency());
    invoice.set_minor_digits(list->minor_digits());
  }
  return {};
}

/// What tells one line from another.
auto key_of(const model::InvoiceLine& line) {
  return std::tuple(line.cluster(), line.kind(), line.price_list(), line.factor_permille());
}

/// What an invoice and its corrections come to together.
Result<void> add_lines(const model::Invoice& invoice, model::Invoice& sum) {
  for (const model::InvoiceLine& line : invoice.lines()) {
    auto& lines = *sum.mutable_lines();
    const auto known =
        std::ranges::find_if(lines, [&](const model::InvoiceLine& one) { return key_of(one) == key_of(line); });
    if (known == lines.end()) {
      *lines.Add() = line;
      continue;
    }
    // The newest says how much was used; amounts of corrections are differences.
    ESAAS_TRY(const std::int64_t amount, add_minor(known->amount_minor(), line.amount_minor()));
    *known = line;
    known->set_amount_minor(amount);
  }
  return {};
}

Result<bool> has_closed_months(const EventLog& log, const std::string& tenant) {
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "invoice", .newest_first = true});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return false;
    if (event->tenant() == tenant || event->invoice_closed().invoice().tenant() == tenant) return true;
  }
}

/// Months are closed in order, from the first one of the tenant on; what order there is behind that the state knows.
Result<void> check_first(const EventLog& log, const std::string& tenant, billing::Month month) {
  ESAAS_TRY(const auto seqs, log.read_index({.kind = IndexKind::kTenant, .value = tenant, .limit = 1}));
  if (seqs.empty()) return {};  // there is no such tenant, and nothing that it could owe
  ESAAS_TRY(const event::Event created, log.read_one(seqs.front()));
  const billing::Month first = billing::Month::of(from_us(created.time_at_us()));
  if (month == first) return {};
  ESAAS_TRY(const bool is_later, has_closed_months(log, tenant));
  if (is_later) return {};
  return fail(ErrorCode::kConflict,
              "month: the first month of tenant " + tenant + " is " + first.text() + ", which has to be closed first",
              "month", "closed_in_order");
}

/// The newest that there is: the invoice can be held against it wherever it is kept.
Result<void> name_digest(const EventLog& log, model::Invoice& invoice) {
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "digest", .newest_first = true});
  ESAAS_TRY(const event::Event* event, walk.next());
  if (event == nullptr) return {};
  invoice.set_digest_seq(event->seq());
  invoice.set_digest_root(event->digest_signed().root());
  return {};
}

}  // namespace

Result<std::vector<model::Invoice>> bills(const EventLog& log, const billing::PriceBook& prices,
                                          const BillQuery& query) {
  ESAAS_TRY(const ClusterBills clusters, cluster_bills(log, prices, query));
  std::vector<model::Invoice> invoices;
  for (const auto& [key, cluster] : clusters) {
    const auto& [tenant, name] = key;
    if (invoices.empty() || invoices.back().tenant() != tenant) {
      invoices.emplace_back().set_tenant(tenant);
      ESAAS_CHECK(set_currency(prices, query, invoices.back()));
    }
    model::Invoice& invoice = invoices.back();
    ESAAS_TRY(std::vector<model::InvoiceLine> lines, cluster.lines());
    for (model::InvoiceLine& line : lines) {
      line.set_cluster(name);
      ESAAS_TRY(const std::int64_t total, add_minor(invoice.total_minor(), line.amount_minor()));
      invoice.set_total_minor(total);
      invoice.set_first_seq(invoice.first_seq() == 0 ? line.first_seq()
                                                     : std::min(invoice.first_seq(), line.first_seq()));
      *invoice.add_lines() = std::move(line);
    }
  }
  return invoices;
}

Result<std::vector<model::Invoice>> hour_rates(const EventLog& log, const billing::PriceBook& prices,
                                               const std::string& tenant, Time now) {
  std::vector<model::PriceList> lists;
  for (const model::PriceList& list : prices.lists()) {
    if (list.effective_at_us() <= to_us(now)) lists.push_back(list);
  }
  const Time end = now + std::chrono::hours(1);
  return bills(log, billing::PriceBook(std::move(lists)), {.tenant = tenant, .from = now, .to = end, .now = end});
}

Result<model::Invoice> month_bill(const EventLog& log, const billing::PriceBook& prices, const std::string& tenant,
                                  billing::Month month, Time now) {
  const Time end = std::min(month.end(), std::max(now, month.begin() + Duration{1}));
  const BillQuery query{.tenant = tenant, .from = month.begin(), .to = end, .now = end};
  ESAAS_TRY(std::vector<model::Invoice> all, bills(log, prices, query));
  model::Invoice invoice;
  if (!all.empty()) invoice = std::move(all.front());
  invoice.set_tenant(tenant);
  invoice.set_month(month.text());
  if (all.empty()) ESAAS_CHECK(set_currency(prices, query, invoice));
  return invoice;
}

Result<billing::PriceBook> price_book_at(const EventLog& log, std::uint64_t seq) {
  ESAAS_CHECK(check_indexed(log, "price lists"));
  std::vector<model::PriceList> lists;
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "price_list", .to_seq = seq});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return billing::PriceBook(std::move(lists));
    lists.push_back(event->price_list_published().price_list());
  }
}

Result<std::vector<model::InvoiceLine>> differences(const model::Invoice& billed, const model::Invoice& derived) {
  using Key = decltype(key_of(model::InvoiceLine()));
  struct Pair {
    const model::InvoiceLine* billed = nullptr;
    const model::InvoiceLine* derived = nullptr;
  };
  std::map<Key, Pair> pairs;
  for (const model::InvoiceLine& line : billed.lines()) pairs[key_of(line)].billed = &line;
  for (const model::InvoiceLine& line : derived.lines()) pairs[key_of(line)].derived = &line;
  std::vector<model::InvoiceLine> lines;
  for (const auto& [key, pair] : pairs) {
    const model::InvoiceLine* known = pair.derived != nullptr ? pair.derived : pair.billed;
    ESAAS_ASSERT(known != nullptr, "a line without a side that it is of");
    const bool is_same = pair.billed != nullptr && pair.derived != nullptr &&
                         pair.billed->quantity() == pair.derived->quantity() &&
                         pair.billed->amount_minor() == pair.derived->amount_minor();
    // What a correction has brought to nothing already.
    const bool is_nothing = pair.derived == nullptr && known->quantity() == "0" && known->amount_minor() == 0;
    if (is_same || is_nothing) continue;
    model::InvoiceLine& line = lines.emplace_back(*known);
    if (pair.derived == nullptr) {
      line.set_quantity("0");
      line.set_amount_minor(0);
    }
    if (pair.billed != nullptr) {
      ESAAS_TRY(const std::int64_t amount, subtract_minor(line.amount_minor(), pair.billed->amount_minor()));
      line.set_amount_minor(amount);
    }
  }
  return lines;
}

Result<std::vector<model::Invoice>> closed_invoices(const EventLog& log, const std::string& tenant,
                                                    const std::string& month) {
  ESAAS_CHECK(check_indexed(log, "invoices"));
  std::vector<model::Invoice> invoices;
  IndexWalk walk(log, {.kind = IndexKind::kBook, .value = "invoice"});
  for (;;) {
    ESAAS_TRY(const event::Event* event, walk.next());
    if (event == nullptr) return invoices;
    const model::Invoice& invoice = event->invoice_closed().invoice();
    const bool is_wanted =
        (tenant.empty() || invoice.tenant() == tenant) && (month.empty() || invoice.month() == month);
    if (is_wanted) invoices.push_back(invoice);
  }
}

Result<model::Invoice> closing_invoice(const EventLog& log, const std::string& tenant, billing::Month month) {
  ESAAS_TRY(const std::uint64_t end, first_seq_at(log, month.end()));
  if (end > log.last_seq()) {
    return fail(ErrorCode::kConflict,
                "month: " + month.text() + " is not over in the log: its newest event is of " +
                    to_rfc3339(from_us(log.last_time_at_us())),
                "month", "over");
  }
  ESAAS_TRY(const billing::PriceBook prices, price_book_at(log, end - 1));
  ESAAS_CHECK(check_first(log, tenant, month));
  ESAAS_TRY(model::Invoice invoice, month_bill(log, prices, tenant, month, month.end()));
  invoice.set_last_seq(end - 1);
  ESAAS_CHECK(name_digest(log, invoice));
  return invoice;
}

Result<model::Invoice> billed_up_to(const EventLog& log, const model::Invoice& invoice) {
  ESAAS_TRY(const auto all, closed_invoices(log, invoice.tenant(), invoice.month()));
  model::Invoice sum;
  for (const model::Invoice& one : all) {
    ESAAS_CHECK(add_lines(one, sum));
    if (one.id() == invoice.id()) break;
  }
  return sum;
}

Result<model::Invoice> correction(const EventLog& log, const model::Invoice& billed) {
  ESAAS_TRY(const billing::Month month, billing::Month::parse(billed.month()));
  ESAAS_TRY(const auto all, closed_invoices(log, billed.tenant(), billed.month()));
  model::Invoice before;
  if (!all.empty()) {
    ESAAS_TRY(before, billed_up_to(log, all.back()));
  }
  ESAAS_TRY(model::Invoice invoice, closing_invoice(log, billed.tenant(), month));
  ESAAS_TRY(const auto lines, differences(before, invoice));
  invoice.clear_lines();
  invoice.clear_total_minor();
  for (const model::InvoiceLine& line : lines) {
    *invoice.add_lines() = line;
    ESAAS_TRY(const std::int64_t total, add_minor(invoice.total_minor(), line.amount_minor()));
    invoice.set_total_minor(total);
  }
  invoice.set_corrects(billed.id());
  return invoice;
}

}  // namespace esaas::store
